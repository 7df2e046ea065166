//! `urbania room`.

mod change;
mod list;
mod watch;

use clap::{Subcommand, ValueEnum};

use super::examples;
use crate::config::Project;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::livekit::room_service::{RoomService, SfuError};
use crate::livekit::token::LONGEST_NAME;

/// See and steer the rooms of the SFU
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The SFU's address, http://, https://, ws:// or wss:// [default: this project's SFU]
    #[arg(long, global = true, value_name = "URL", value_parser = url)]
    url: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List all rooms
    List,
    /// Show one room
    #[command(after_help = examples::ROOM_GET)]
    Get {
        /// The room
        #[arg(value_parser = name)]
        room: String,
    },
    /// Make a room, or show the one that there is
    #[command(after_help = examples::ROOM_CREATE)]
    Create {
        /// The room
        #[arg(value_parser = name)]
        room: String,
        /// Seconds that it stays when nobody comes [default: the SFU's]
        #[arg(long, value_name = "SECONDS")]
        empty_timeout: Option<u32>,
        /// Most participants [default: the SFU's]
        #[arg(long, value_name = "N")]
        max_participants: Option<u32>,
        /// Free text for all participants
        #[arg(long)]
        metadata: Option<String>,
    },
    /// End a room for everybody in it
    #[command(after_help = examples::ROOM_DELETE)]
    Delete {
        /// The room
        #[arg(value_parser = name)]
        room: String,
        /// Do not ask, whoever is in it
        #[arg(short, long)]
        yes: bool,
    },
    /// List who is in a room
    #[command(after_help = examples::ROOM_PARTICIPANTS)]
    Participants {
        /// The room
        #[arg(value_parser = name)]
        room: String,
    },
    /// Put somebody out of a room; a token that is still valid lets them in again
    #[command(after_help = examples::ROOM_REMOVE)]
    Remove {
        /// The room
        #[arg(value_parser = name)]
        room: String,
        /// Who
        #[arg(value_parser = name)]
        identity: String,
    },
    /// Mute what somebody publishes
    #[command(after_help = examples::ROOM_MUTE)]
    Mute {
        /// The room
        #[arg(value_parser = name)]
        room: String,
        /// Who
        #[arg(value_parser = name)]
        identity: String,
        /// This track or source alone: an id, camera, microphone, screen_share [default: all]
        #[arg(long)]
        track: Option<String>,
        /// Unmute, where the SFU's config allows that
        #[arg(long)]
        off: bool,
    },
    /// Replace a room's metadata
    #[command(after_help = examples::ROOM_METADATA)]
    Metadata {
        /// The room
        #[arg(value_parser = name)]
        room: String,
        /// The new text; "" for none
        metadata: String,
    },
    /// Change what somebody is called or may do
    #[command(after_help = examples::ROOM_UPDATE)]
    Update(Box<change::Update>),
    /// Send data to all in a room, or to some
    #[command(after_help = examples::ROOM_SEND)]
    Send {
        /// The room
        #[arg(value_parser = name)]
        room: String,
        /// The text, or - for stdin
        data: String,
        /// What it is about
        #[arg(long)]
        topic: Option<String>,
        /// To this identity alone; may be repeated
        #[arg(long = "to", value_name = "IDENTITY", value_parser = name)]
        to: Vec<String>,
        /// It may be lost on the way
        #[arg(long)]
        lossy: bool,
    },
    /// Show who comes and goes, until Ctrl-C
    #[command(after_help = examples::ROOM_WATCH)]
    Watch {
        /// This room alone
        #[arg(value_parser = name)]
        room: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OnOff {
    On,
    Off,
}

/// The SFU that is asked, and what its errors mean here.
struct Sfu {
    rooms: RoomService,
    url: String,
    /// Whether it is the project's own.
    own: bool,
    key: String,
}

/// Runs the subcommand.
pub async fn run(ctx: &Context, args: Args) -> Result<()> {
    let sfu = Sfu::of(&Project::load_to_serve(ctx)?, args.url, ctx)?;
    match args.command {
        Command::List => list::list(ctx, &sfu).await,
        Command::Get { room } => list::get(ctx, &sfu, &room).await,
        Command::Participants { room } => list::participants(ctx, &sfu, &room).await,
        Command::Create {
            room,
            empty_timeout,
            max_participants,
            metadata,
        } => {
            let new = crate::livekit::room_service::NewRoom {
                name: room,
                empty_timeout: empty_timeout.unwrap_or_default(),
                max_participants: max_participants.unwrap_or_default(),
                metadata: metadata.unwrap_or_default(),
            };
            change::create(ctx, &sfu, new).await
        }
        Command::Delete { room, yes } => change::delete(ctx, &sfu, &room, yes).await,
        Command::Remove { room, identity } => change::remove(ctx, &sfu, &room, &identity).await,
        Command::Mute {
            room,
            identity,
            track,
            off,
        } => change::mute(ctx, &sfu, &room, &identity, track.as_deref(), !off).await,
        Command::Metadata { room, metadata } => change::metadata(ctx, &sfu, &room, &metadata).await,
        Command::Update(update) => update.run(ctx, &sfu).await,
        Command::Send {
            room,
            data,
            topic,
            to,
            lossy,
        } => change::send(ctx, &sfu, &room, data, topic, to, !lossy).await,
        Command::Watch { room } => watch::watch(ctx, &sfu, room.as_deref()).await,
    }
}

impl Sfu {
    fn of(project: &Project, url: Option<String>, ctx: &Context) -> Result<Self> {
        let own = url.is_none();
        let fixed = project.settings.livekit_url.as_deref().map(http);
        let url = url.or(fixed).unwrap_or_else(|| project.livekit.url_here());
        let pair = super::token::pair(project)?;
        Ok(Self {
            rooms: RoomService::new(&url, Some(&pair), ctx.clock.clone()),
            key: pair.key,
            url,
            own,
        })
    }

    /// The SFU's error in words, with the way out.
    fn error(&self, e: SfuError) -> Error {
        let Self { url, key, own, .. } = self;
        match e {
            SfuError::Unreachable(cause) => {
                let error =
                    Error::failed(format!("the SFU at {url} does not answer")).because(cause);
                if *own {
                    error.hint("urbania up livekit")
                } else {
                    error
                }
            }
            SfuError::Denied(_) => {
                let message = format!("the SFU at {url} does not know the key pair `{key}`");
                let error = Error::failed(message);
                if *own {
                    error
                        .hint("urbania up   starts the SFU again with the keys of livekit.yaml")
                        .hint("urbania keys check")
                } else {
                    error.hint("livekit.yaml must have a key pair of that SFU, as the first one")
                }
            }
            SfuError::NoKeys => Error::usage("there is no key pair to ask the SFU with"),
            SfuError::NotFound(what) => Error::failed(what),
            SfuError::Refused(why) => Error::failed(format!("the SFU refuses: {why}")),
        }
    }
}

fn no_room(room: &str) -> Error {
    Error::failed(format!("there is no room `{room}`")).hint("urbania room list")
}

fn nobody(room: &str, identity: &str) -> Error {
    Error::failed(format!("nobody called `{identity}` is in room `{room}`"))
        .hint(format!("urbania room participants {room:?}"))
}

fn name(text: &str) -> Result<String, String> {
    if (1..=LONGEST_NAME).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err(format!("1 to {LONGEST_NAME} bytes"))
    }
}

pub(super) fn url(text: &str) -> Result<String, String> {
    let url = http(text);
    let rest = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"));
    match rest {
        Some(rest) if !rest.trim_end_matches('/').is_empty() => Ok(url),
        _ => Err("an address begins with http://, https://, ws:// or wss://".into()),
    }
}

/// The address of the server API beside that of signalling.
fn http(url: &str) -> String {
    match url.strip_prefix("ws") {
        Some(rest) => format!("http{rest}"),
        None => url.to_owned(),
    }
}
