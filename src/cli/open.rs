//! `urbania open`.

mod phone;
mod windows;

use std::net::IpAddr;

use crate::config::Project;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::open::link::Links;
use crate::open::people::{Desk, people};
use crate::stack::health::api::base_url;
use crate::store::{self, User};

/// What LiveKit takes as a name.
const LONGEST_NAME: usize = 256;

/// Open browsers, each signed in as somebody
///
/// One window a person, each with its own profile, in the web client of the running API. With --phone, phones of this
/// network get in over HTTPS, which their cameras need. Whoever comes has a link that is good once and for five
/// minutes; a code that was used is worth nothing.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The meeting; without it, all meetings are shown
    room: Option<String>,
    /// Who: a local user; may be repeated [default: the only user there is]
    #[arg(long = "as", value_name = "NAME")]
    names: Vec<String>,
    /// Let phones of this network in, until Ctrl-C
    #[arg(long)]
    phone: bool,
    /// With --phone, this machine's address in the network [default: that of the default route]
    #[arg(long, value_name = "IP", requires = "phone")]
    address: Option<IpAddr>,
    /// With --phone, the port of the door [default: 8443]
    #[arg(long, value_name = "PORT", requires = "phone", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Give windows a made-up camera and microphone
    #[arg(long, conflicts_with = "phone")]
    fake: bool,
    /// Say what would be done; nothing is opened, and no link is made
    #[arg(long)]
    dry_run: bool,
}

/// Who comes, and where to.
struct Visit {
    project: Project,
    people: Vec<User>,
    room: Option<String>,
    api: String,
    links: Links,
    desk: Desk,
    dry_run: bool,
}

/// Runs the command.
pub async fn run(ctx: &Context, args: Args) -> Result<()> {
    let project = Project::load(ctx)?;
    if !project.settings.api.web {
        return Err(Error::usage("`api.web: false` leaves the web client out")
            .hint("take it out of urbania.yaml, then `urbania up`"));
    }
    if let Some(room) = &args.room
        && (room.trim().is_empty() || room.len() > LONGEST_NAME)
    {
        return Err(Error::usage("a meeting's name has 1 to 256 bytes"));
    }
    let api = base_url(project.settings.api.listen);
    // Before the users are looked up: where nothing runs, `urbania up` is the answer.
    let links = Links::of(&api).await?;
    let visit = Visit {
        people: people(store::of(&project)?.as_ref(), &args.names).await?,
        room: args.room,
        links,
        desk: Desk::of(&project)?,
        dry_run: args.dry_run,
        api,
        project,
    };
    if args.phone {
        phone::run(ctx, &visit, args.address, args.port).await
    } else {
        windows::run(ctx, &visit, args.fake).await
    }
}
