//! What changes something.

use std::collections::HashMap;
use std::io::Read as _;

use livekit_protocol::{ParticipantInfo, ParticipantPermission};
use serde_json::json;

use super::list::show;
use super::{OnOff, Sfu, no_room, nobody};
use crate::context::Context;
use crate::error::{Context as _, Error, Result};
use crate::livekit::room_service::{Data, NewRoom, ParticipantChange, SfuError};
use crate::livekit::shown::{ParticipantShown, RoomShown};
use crate::output::Format;

/// What LiveKit sends in one piece.
const MOST_DATA: u64 = 60_000;

/// Change what somebody is called or may do
#[derive(Debug, clap::Args)]
pub struct Update {
    /// The room
    #[arg(value_parser = super::name)]
    room: String,
    /// Who
    #[arg(value_parser = super::name)]
    identity: String,
    /// How the others see them; an empty one changes nothing
    #[arg(long)]
    name: Option<String>,
    /// Free text that travels with them; an empty one changes nothing
    #[arg(long)]
    metadata: Option<String>,
    /// A value that travels with them; without a value it is removed; may be repeated
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = attribute)]
    attributes: Vec<(String, String)>,
    /// Whether they may publish
    #[arg(long, value_enum)]
    publish: Option<OnOff>,
    /// Whether they may subscribe to the others
    #[arg(long, value_enum)]
    subscribe: Option<OnOff>,
    /// Whether they may send data
    #[arg(long, value_enum)]
    data: Option<OnOff>,
}

fn attribute(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("NAME=VALUE is missing its name or its `=`".into()),
    }
}

impl Update {
    /// Changes what was asked for; the rest stays.
    pub async fn run(self, ctx: &Context, sfu: &Sfu) -> Result<()> {
        let Self { room, identity, .. } = &self;
        let permission = if (self.publish, self.subscribe, self.data) == (None, None, None) {
            None
        } else {
            let now = sfu.rooms.participant(room, identity).await;
            Some(self.permission(&now.map_err(|e| who_error(sfu, room, identity, e))?))
        };
        let change = ParticipantChange {
            name: self.name.clone(),
            metadata: self.metadata.clone(),
            attributes: self.attributes.iter().cloned().collect::<HashMap<_, _>>(),
            permission,
        };
        let changed = sfu.rooms.update(room, identity, change).await;
        let changed = changed.map_err(|e| who_error(sfu, room, identity, e))?;
        match ctx.out.format {
            Format::Json => ctx.out.json(&ParticipantShown::of(changed)),
            Format::Table => {
                ctx.out
                    .say(format_args!("changed `{identity}` in `{room}`"));
                Ok(())
            }
        }
    }

    /// LiveKit replaces all permissions at once.
    fn permission(&self, now: &ParticipantInfo) -> ParticipantPermission {
        let mut permission = now.permission.clone().unwrap_or_default();
        let set = |asked: Option<OnOff>, value: &mut bool| {
            if let Some(asked) = asked {
                *value = asked == OnOff::On;
            }
        };
        set(self.publish, &mut permission.can_publish);
        set(self.subscribe, &mut permission.can_subscribe);
        set(self.data, &mut permission.can_publish_data);
        permission
    }
}

/// Makes a room.
pub async fn create(ctx: &Context, sfu: &Sfu, new: NewRoom) -> Result<()> {
    let room = sfu.rooms.create(new).await.map_err(|e| sfu.error(e))?;
    show(ctx, &RoomShown::of(room))
}

/// Ends a room, after asking when somebody is in it.
pub async fn delete(ctx: &Context, sfu: &Sfu, name: &str, yes: bool) -> Result<()> {
    // The number that goes with a list of rooms is some seconds old.
    let inside = sfu.rooms.participants(name).await;
    let inside = inside.map_err(|e| sfu.error(e))?.len();
    if inside > 0 && !yes {
        let people = if inside == 1 { "one is" } else { "are" };
        let number = if inside == 1 {
            String::new()
        } else {
            format!("{inside} ")
        };
        let question = format!("{number}{people} in `{name}`. End it for everybody?");
        match ctx.out.confirm(&question) {
            Some(true) => {}
            Some(false) => return Err(Error::failed("nothing was ended")),
            None => {
                return Err(Error::usage(format!(
                    "`{name}` has people in it, and nobody is here to be asked"
                ))
                .hint("--yes ends it without asking"));
            }
        }
    }
    let deleted = sfu.rooms.delete(name).await.map_err(|e| sfu.error(e))?;
    if !deleted {
        return Err(no_room(name));
    }
    done(ctx, &json!({ "room": name }), &format!("ended `{name}`"))
}

/// Puts somebody out.
pub async fn remove(ctx: &Context, sfu: &Sfu, room: &str, identity: &str) -> Result<()> {
    let removed = sfu.rooms.remove(room, identity).await;
    if !removed.map_err(|e| sfu.error(e))? {
        return Err(nobody(room, identity));
    }
    let value = json!({ "room": room, "identity": identity });
    done(ctx, &value, &format!("removed `{identity}` from `{room}`"))
}

/// Mutes or unmutes tracks.
pub async fn mute(
    ctx: &Context,
    sfu: &Sfu,
    room: &str,
    identity: &str,
    track: Option<&str>,
    muted: bool,
) -> Result<()> {
    let who = sfu.rooms.participant(room, identity).await;
    let who = ParticipantShown::of(who.map_err(|e| who_error(sfu, room, identity, e))?);
    let meant = |sid: &str, source: &str| track.is_none_or(|t| t == sid || t == source);
    let tracks: Vec<_> = (who.tracks.iter())
        .filter(|track| meant(&track.sid, &track.source))
        .collect();
    if tracks.is_empty() {
        let what = track.map_or_else(|| "anything".to_owned(), |track| format!("`{track}`"));
        return Err(
            Error::failed(format!("`{identity}` does not publish {what}"))
                .hint(format!("urbania room participants {room:?}")),
        );
    }
    for track in &tracks {
        let answer = sfu.rooms.mute(room, identity, &track.sid, muted).await;
        answer.map_err(|e| who_error(sfu, room, identity, e))?;
    }
    let sids: Vec<_> = tracks.iter().map(|track| track.sid.as_str()).collect();
    let value = json!({ "room": room, "identity": identity, "tracks": sids, "muted": muted });
    let did = if muted { "muted" } else { "unmuted" };
    let sources: Vec<_> = tracks.iter().map(|track| track.source.as_str()).collect();
    done(
        ctx,
        &value,
        &format!("{did} {} of `{identity}`", sources.join(", ")),
    )
}

/// Replaces a room's metadata.
pub async fn metadata(ctx: &Context, sfu: &Sfu, room: &str, metadata: &str) -> Result<()> {
    let changed = sfu.rooms.set_metadata(room, metadata).await;
    let changed = changed.map_err(|e| match e {
        SfuError::NotFound(_) => no_room(room),
        e => sfu.error(e),
    })?;
    show(ctx, &RoomShown::of(changed))
}

/// Sends data.
pub async fn send(
    ctx: &Context,
    sfu: &Sfu,
    room: &str,
    data: String,
    topic: Option<String>,
    to: Vec<String>,
    reliable: bool,
) -> Result<()> {
    let payload = if data == "-" {
        from_stdin()?
    } else {
        data.into_bytes()
    };
    if payload.len() as u64 > MOST_DATA {
        return Err(Error::usage(format!("more than {MOST_DATA} bytes")));
    }
    // LiveKit takes data for a room that is not there, and drops it.
    let there = sfu.rooms.get(room).await.map_err(|e| sfu.error(e))?;
    there.ok_or_else(|| no_room(room))?;
    let bytes = payload.len();
    let data = Data {
        payload,
        reliable,
        to,
        topic,
    };
    let sent = sfu.rooms.send(room, data).await;
    sent.map_err(|e| sfu.error(e))?;
    let value = json!({ "room": room, "bytes": bytes });
    done(ctx, &value, &format!("sent {bytes} bytes to `{room}`"))
}

fn from_stdin() -> Result<Vec<u8>> {
    let mut data = Vec::new();
    let read = std::io::stdin()
        .lock()
        .take(MOST_DATA + 1)
        .read_to_end(&mut data);
    read.or_fail(|| "cannot read stdin".into())?;
    Ok(data)
}

fn who_error(sfu: &Sfu, room: &str, identity: &str, e: SfuError) -> Error {
    match e {
        SfuError::NotFound(_) => nobody(room, identity),
        e => sfu.error(e),
    }
}

/// Says what was done, to people or to scripts.
fn done(ctx: &Context, value: &serde_json::Value, words: &str) -> Result<()> {
    match ctx.out.format {
        Format::Json => ctx.out.json(value),
        Format::Table => {
            ctx.out.say(words);
            Ok(())
        }
    }
}
