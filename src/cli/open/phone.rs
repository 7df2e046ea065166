//! `urbania open --phone`.

use std::io::{BufRead as _, IsTerminal as _};
use std::net::{IpAddr, SocketAddr};

use secrecy::ExposeSecret as _;
use serde::Serialize;
use tokio::sync::mpsc;

use super::Visit;
use crate::config::Project;
use crate::context::Context;
use crate::doctor::Finding;
use crate::doctor::address::for_others;
use crate::error::{Error, Result};
use crate::host::address::{internal_interface, node_ip};
use crate::open::link::page;
use crate::open::phone::{Authority, Door, Inside, is_within};
use crate::open::qr::qr;
use crate::output::{BOLD, DIM, Format, WARN};
use crate::stack::interrupt::Interrupt;
use crate::stack::reach::find_sfu;
use crate::store::User;

const PORT: u16 = 8443;

/// The door, as scripts see it.
#[derive(Serialize)]
struct Shown<'a> {
    dry_run: bool,
    address: String,
    room: Option<&'a str>,
    certificate: Certificate,
    links: Vec<Invited<'a>>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct Certificate {
    page: String,
    /// Of the authority, once it was made.
    name: Option<String>,
    sha256: Option<String>,
}

#[derive(Serialize)]
struct Invited<'a> {
    #[serde(rename = "as")]
    name: &'a str,
    link: Option<String>,
    expires_in: Option<u64>,
}

/// Opens the door, shows the way in, and keeps it open until somebody interrupts.
pub async fn run(
    ctx: &Context,
    visit: &Visit,
    address: Option<IpAddr>,
    port: Option<u16>,
) -> Result<()> {
    let interrupt = Interrupt::listen()?;
    let address = SocketAddr::new(reachable(address)?, port.unwrap_or(PORT));
    let api = inner(&visit.project)?;
    let sfu = sfu(ctx, &visit.project).await;
    let inside = Inside::new(&api, sfu.as_deref(), &format!("wss://{address}"))?;
    let warnings = interrupt.or(async { Ok(for_others(ctx).await) }).await?;
    let authority = authority(ctx, visit.dry_run)?;
    let mut shown = Shown::of(visit, address, authority.as_ref(), &warnings);
    let Some(authority) = authority.filter(|_| !visit.dry_run) else {
        return show(ctx, &shown, &warnings);
    };
    let door = Door::open(address, authority, inside, ctx.clock.clone()).await?;
    let door = tokio::spawn(door.keep());
    shown.links = invite(ctx, visit, &shown.address).await?;
    show(ctx, &shown, &warnings)?;
    let mut again = wishes(ctx);
    loop {
        tokio::select! {
            () = interrupt.requested() => break,
            Some(()) = again.recv() => match invite(ctx, visit, &shown.address).await {
                Ok(links) => show_links(ctx, &links, shown.room)?,
                // The API may be back before the next Enter.
                Err(e) => ctx.out.complain(format_args!("{WARN}no link{WARN:#}: {e}")),
            },
        }
    }
    door.abort();
    ctx.out.say("the door is closed");
    Ok(())
}

impl<'a> Shown<'a> {
    /// Without any link yet.
    fn of(
        visit: &'a Visit,
        address: SocketAddr,
        authority: Option<&Authority>,
        warnings: &[Finding],
    ) -> Self {
        let without = |person: &'a User| Invited {
            name: &person.username,
            link: None,
            expires_in: None,
        };
        Self {
            dry_run: visit.dry_run,
            address: format!("https://{address}"),
            room: visit.room.as_deref(),
            certificate: Certificate {
                page: format!("http://{address}"),
                name: authority.map(|a| a.name.clone()),
                sha256: authority.map(Authority::fingerprint),
            },
            links: visit.people.iter().map(without).collect(),
            warnings: warnings.iter().map(|w| w.message.clone()).collect(),
        }
    }
}

/// Nothing is made for who only asks what would be done.
fn authority(ctx: &Context, dry_run: bool) -> Result<Option<Authority>> {
    let now = ctx.clock.now();
    if dry_run {
        return Authority::find(&ctx.env, now);
    }
    Authority::of_user(&ctx.env, now).map(Some)
}

/// The address of this machine that phones are told.
fn reachable(asked: Option<IpAddr>) -> Result<IpAddr> {
    let ip = asked.unwrap_or_else(node_ip);
    let other = "--address names another one; `ip -brief address` shows them";
    if asked.is_none() && (ip.is_loopback() || internal_interface(ip).is_some()) {
        return Err(
            Error::failed("this machine is in no network that a phone could be in")
                .hint("connect it to the phone's Wi-Fi")
                .hint(other),
        );
    }
    if !is_within(ip) {
        return Err(
            Error::usage(format!("`{ip}` is no address of a private network"))
                .hint("for the internet: a certificate of a public authority, and a proxy")
                .hint(other),
        );
    }
    Ok(ip)
}

/// The API as this machine reaches it. It believes what the door says about others on loopback alone.
fn inner(project: &Project) -> Result<String> {
    let listen = project.settings.api.listen;
    let ip = listen.ip();
    let loopback = match ip {
        _ if ip.is_loopback() => ip,
        IpAddr::V4(ip) if ip.is_unspecified() => std::net::Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        _ => {
            return Err(Error::usage(format!(
                "`api.listen` is `{listen}`: the door needs the API on loopback"
            ))
            .hint(format!(
                "api.listen: 127.0.0.1:{} in urbania.yaml, then `urbania up`",
                listen.port()
            )));
        }
    };
    Ok(SocketAddr::new(loopback, listen.port()).to_string())
}

/// The SFU, unless phones reach it by a secure address of its own.
async fn sfu(ctx: &Context, project: &Project) -> Option<String> {
    let base = match &project.settings.livekit_url {
        Some(url) if url.starts_with("wss://") => return None,
        Some(url) => url.clone(),
        None => find_sfu(ctx, project).await,
    };
    let (_, address) = base.split_once("://")?;
    let address = address.split('/').next()?;
    let has_port = address
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    Some(if has_port {
        address.to_owned()
    } else {
        format!("{address}:80")
    })
}

async fn invite<'a>(ctx: &Context, visit: &'a Visit, door: &str) -> Result<Vec<Invited<'a>>> {
    let mut invited = Vec::new();
    for person in &visit.people {
        let session = visit.desk.session(ctx, person)?;
        // A browser plays sound after a touch alone: the page before the room has a button.
        let page = page(door, "/meeting/invite", visit.room.as_deref())?;
        let link = visit.links.make(&session, &page).await?;
        invited.push(Invited {
            name: &person.username,
            link: Some(link.url.expose_secret().to_owned()),
            expires_in: Some(link.good_for.as_secs()),
        });
    }
    Ok(invited)
}

fn show(ctx: &Context, shown: &Shown<'_>, warnings: &[Finding]) -> Result<()> {
    for finding in warnings {
        let message = &finding.message;
        ctx.out
            .complain(format_args!("{WARN}warning{WARN:#}: {message}"));
        for fix in &finding.fix {
            ctx.out.complain(format_args!("  {DIM}fix:{DIM:#} {fix}"));
        }
    }
    if ctx.out.format == Format::Json {
        return ctx.out.json(shown);
    }
    let is = if shown.dry_run { "would be" } else { "is" };
    let address = &shown.address;
    ctx.out.say(format_args!(
        "the door for phones {is} {BOLD}{address}{BOLD:#}, until Ctrl-C"
    ));
    show_certificate(ctx, &shown.certificate)?;
    show_links(ctx, &shown.links, shown.room)?;
    if !shown.dry_run && std::io::stdin().is_terminal() {
        ctx.out
            .say(format_args!("{DIM}Enter makes new links{DIM:#}"));
    }
    Ok(())
}

fn show_certificate(ctx: &Context, certificate: &Certificate) -> Result<()> {
    let Certificate { page, name, sha256 } = certificate;
    let (Some(name), Some(sha256)) = (name, sha256) else {
        let what = "a certificate authority would be made, for phones to trust";
        ctx.out.say(format_args!("{what}, by way of {page}"));
        return Ok(());
    };
    ctx.out.say(format_args!(
        "\nonce on each phone: trust `{name}` by way of this page, which shows the same fingerprint"
    ));
    ctx.out.say(qr(page)?.trim_end());
    ctx.out
        .say(format_args!("{BOLD}{page}{BOLD:#}\n{DIM}{sha256}{DIM:#}"));
    Ok(())
}

fn show_links(ctx: &Context, links: &[Invited<'_>], room: Option<&str>) -> Result<()> {
    links.iter().try_for_each(|link| show_link(ctx, link, room))
}

fn show_link(ctx: &Context, invited: &Invited<'_>, room: Option<&str>) -> Result<()> {
    let name = invited.name;
    let place = room.map_or_else(String::new, |room| format!(", to `{room}`"));
    let (Some(link), Some(seconds)) = (&invited.link, invited.expires_in) else {
        return ctx.out.line(format_args!("{name} would get a link{place}"));
    };
    let minutes = seconds / 60;
    ctx.out.say(format_args!(
        "\n{BOLD}{name}{BOLD:#}{place}: good once, within {minutes} minutes"
    ));
    ctx.out.say(qr(link)?.trim_end());
    ctx.out.line(link)
}

/// Each Enter of a person at the terminal.
fn wishes(ctx: &Context) -> mpsc::Receiver<()> {
    let (wish, wishes) = mpsc::channel(1);
    let stdin = std::io::stdin();
    if ctx.out.format == Format::Table && stdin.is_terminal() {
        // A thread of its own: it goes with the process, in the middle of waiting for a line.
        std::thread::spawn(move || {
            let mut lines = stdin.lock().lines();
            while let Some(Ok(_)) = lines.next() {
                if wish.blocking_send(()).is_err() {
                    return;
                }
            }
        });
    }
    wishes
}
