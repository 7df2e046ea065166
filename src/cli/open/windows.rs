//! `urbania open` on this machine.

use std::path::Path;

use secrecy::ExposeSecret as _;
use serde::Serialize;

use super::Visit;
use crate::context::Context;
use crate::error::Result;
use crate::open::link::{Link, page};
use crate::open::window::{Opener, Window, folder};
use crate::output::Format;

/// What was opened, as scripts see it.
#[derive(Serialize)]
struct Opened<'a> {
    dry_run: bool,
    api: &'a str,
    room: Option<&'a str>,
    windows: Vec<Shown<'a>>,
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(rename = "as")]
    name: &'a str,
    /// What opened the window, if anything did.
    browser: Option<&'a Path>,
    /// Where nothing did, for whoever opens it elsewhere.
    link: Option<String>,
    expires_in: Option<u64>,
}

/// Opens a window for each person, or says where each could be opened.
pub async fn run(ctx: &Context, visit: &Visit, fake: bool) -> Result<()> {
    let opener = Opener::of(&ctx.env)?;
    let browser = opener.as_ref().map(Opener::program);
    let mut windows = Vec::new();
    for (place, person) in visit.people.iter().enumerate() {
        let name = person.username.as_str();
        let mut shown = Shown {
            name,
            browser,
            link: None,
            expires_in: None,
        };
        if !visit.dry_run {
            let session = visit.desk.session(ctx, person)?;
            let page = page(&visit.api, "/meeting/room", visit.room.as_deref())?;
            let link = visit.links.make(&session, &page).await?;
            match &opener {
                Some(opener) => {
                    let window = Window {
                        dir: folder(&visit.project.state_dir(), &person.id),
                        place,
                        fake,
                        link: &link.url,
                    };
                    window.open(opener).await?;
                }
                None => shown.give(&link),
            }
        }
        say(ctx, visit, &shown)?;
        windows.push(shown);
    }
    if browser.is_none() && !visit.dry_run {
        ctx.out
            .say("there is no display here: open each link in a browser or a profile of its own");
    }
    if ctx.out.format == Format::Json {
        ctx.out.json(&Opened {
            dry_run: visit.dry_run,
            api: &visit.api,
            room: visit.room.as_deref(),
            windows,
        })?;
    }
    Ok(())
}

impl Shown<'_> {
    fn give(&mut self, link: &Link) {
        self.link = Some(link.url.expose_secret().to_owned());
        self.expires_in = Some(link.good_for.as_secs());
    }
}

fn say(ctx: &Context, visit: &Visit, shown: &Shown<'_>) -> Result<()> {
    if ctx.out.format == Format::Json {
        return Ok(());
    }
    let name = shown.name;
    if let Some(link) = &shown.link {
        return ctx.out.line(format_args!("{name}  {link}"));
    }
    let place = visit
        .room
        .as_deref()
        .map_or_else(String::new, |room| format!(", in `{room}`"));
    let how = match shown.browser {
        Some(browser) => format!("a window of `{}`", browser.display()),
        None => "a link to open elsewhere: there is no display here".to_owned(),
    };
    let would = if visit.dry_run { "would get " } else { "" };
    ctx.out.line(format_args!("{name}  {would}{how}{place}"))
}
