//! `urbania token`.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::examples;
use crate::config::{LivekitConfig, Project};
use crate::context::Context;
use crate::error::{Context as _, Error, Result};
use crate::livekit::grants::Source;
use crate::livekit::inspect::{Report, distance, inspect, unreadable, unwrapped};
use crate::livekit::keys::KeyPair;
use crate::livekit::token::{JoinToken, LONGEST_NAME, Signer};
use crate::output::{BAD, Format, GOOD};

/// Create and explain LiveKit tokens
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sign a token with the project's key pair, as the API does
    #[command(after_help = examples::TOKEN_CREATE)]
    Create(Box<Create>),
    /// Explain any LiveKit token: valid or not, why, what it allows
    #[command(after_help = examples::TOKEN_INSPECT)]
    Inspect {
        /// The token, or - for stdin
        token: String,
    },
}

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
struct Create {
    /// The room that the holder may join
    #[arg(long)]
    room: String,
    /// Who the holder is; unique in the room
    #[arg(long)]
    identity: String,
    /// How the others see the holder
    #[arg(long)]
    name: Option<String>,
    /// How long it lets the holder in: 30m, 1h, 2d [default: `api.token_ttl` of urbania.yaml]
    #[arg(long, value_parser = ttl)]
    ttl: Option<Duration>,
    /// May not publish
    #[arg(long)]
    no_publish: bool,
    /// May not subscribe to the others
    #[arg(long)]
    no_subscribe: bool,
    /// May not send data
    #[arg(long)]
    no_data: bool,
    /// May publish this source alone; may be repeated
    #[arg(long = "source", value_enum, conflicts_with = "no_publish")]
    sources: Vec<SourceArg>,
    /// May moderate the room
    #[arg(long)]
    admin: bool,
    /// Is not shown to the others
    #[arg(long)]
    hidden: bool,
    /// Free text that travels with the participant
    #[arg(long)]
    metadata: Option<String>,
    /// A value that travels with the participant; may be repeated
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = attribute)]
    attributes: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
enum SourceArg {
    Camera,
    Microphone,
    ScreenShare,
    ScreenShareAudio,
}

fn ttl(text: &str) -> Result<Duration, String> {
    let ttl: SignedDuration = text.parse().map_err(|e: jiff::Error| e.to_string())?;
    let ttl = Duration::try_from(ttl).map_err(|e| e.to_string())?;
    if ttl < Duration::from_secs(1) {
        return Err("at least 1s".into());
    }
    Ok(ttl)
}

fn attribute(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("NAME=VALUE is missing its `=`")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Runs the subcommand.
pub async fn run(ctx: &Context, args: Args) -> Result<()> {
    match args.command {
        Command::Create(create) => create.run(ctx),
        Command::Inspect { token } => explain(ctx, &token),
    }
}

impl Create {
    fn run(&self, ctx: &Context) -> Result<()> {
        for (flag, value) in [("--room", &self.room), ("--identity", &self.identity)] {
            if !(1..=LONGEST_NAME).contains(&value.len()) {
                let message = format!("`{flag}` takes 1 to {LONGEST_NAME} bytes");
                return Err(Error::usage(message));
            }
        }
        let project = Project::load_to_serve(ctx)?;
        let pair = pair(&project)?;
        let ttl = Duration::from_secs(project.settings.api.token_ttl);
        let sources: Vec<_> = self.sources.iter().map(|source| source.source()).collect();
        let mut token = JoinToken::new(&self.room, &self.identity, self.ttl.unwrap_or(ttl));
        token.name = self.name.as_deref();
        token.metadata = self.metadata.as_deref();
        token.attributes = pairs(&self.attributes);
        token.grant.can_publish = Some(!self.no_publish);
        token.grant.can_subscribe = Some(!self.no_subscribe);
        token.grant.can_publish_data = Some(!self.no_data);
        token.grant.can_publish_sources = &sources;
        token.grant.room_admin = self.admin;
        token.grant.hidden = self.hidden;

        let minted = Signer::new(&pair).mint(&token, ctx.clock.unix())?;
        let expires = i64::try_from(minted.expires_at)
            .ok()
            .and_then(|second| Timestamp::from_second(second).ok())
            .ok_or_else(|| Error::usage("`--ttl` is too long"))?;
        if ctx.out.format == Format::Json {
            return ctx.out.json(&json!({
                "token": minted.token,
                "url": project.sfu_url(),
                "identity": self.identity,
                "room": self.room,
                "expires_at": format!("{expires:.3}"),
            }));
        }
        ctx.out.say(format_args!(
            "for `{}` in room `{}` at {}, until {expires}, signed with `{}`",
            self.identity,
            self.room,
            project.sfu_url(),
            pair.key
        ));
        ctx.out.line(minted.token)
    }
}

/// The pair that the API signs with.
pub fn pair(project: &Project) -> Result<KeyPair> {
    project.pair_to_serve_with()?.ok_or_else(|| {
        Error::usage(
            "no key pair: neither `keys` of livekit.yaml nor LIVEKIT_API_KEY and LIVEKIT_API_SECRET are there",
        )
        .hint("urbania init --missing")
    })
}

impl SourceArg {
    fn source(self) -> Source {
        match self {
            Self::Camera => Source::Camera,
            Self::Microphone => Source::Microphone,
            Self::ScreenShare => Source::ScreenShare,
            Self::ScreenShareAudio => Source::ScreenShareAudio,
        }
    }
}

fn pairs(attributes: &[(String, String)]) -> BTreeMap<&str, &str> {
    attributes
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

fn explain(ctx: &Context, token: &str) -> Result<()> {
    let mut text = token.to_owned();
    if token == "-" {
        text.clear();
        io::stdin()
            .take(1 << 20)
            .read_to_string(&mut text)
            .or_fail(|| "cannot read stdin".into())?;
    }
    let (token, around) = unwrapped(&text);
    let livekit = project_of(ctx)?.map(|project| project.livekit);
    let keys = livekit.as_ref().map(|livekit| livekit.keys.as_slice());
    let mut report = inspect(token, keys, ctx.clock.now()).map_err(|e| {
        let hint = unreadable(token, keys.unwrap_or_default());
        Error::problem("cannot read the token")
            .because(e)
            .hint(hint)
    })?;
    report.doubts.extend(around.map(str::to_owned));
    let retiring = livekit.as_ref().and_then(LivekitConfig::retiring);
    if let Some((old, until)) = retiring.filter(|(old, _)| report.issuer.as_ref() == Some(&old.key))
    {
        let until = until.map_or_else(String::new, |until| format!(" after {until:.0}"));
        let doubt = format!("its key `{}` retires: it is refused{until}", old.key);
        report.doubts.push(doubt);
    }
    match ctx.out.format {
        Format::Json => ctx.out.json(&as_json(&report))?,
        Format::Table => ctx.out.line(as_text(&report, ctx.clock.now()))?,
    }
    if report.problems.is_empty() {
        return Ok(());
    }
    Err(Error::problem("the token is not valid"))
}

/// The project here; a token can be explained without one.
fn project_of(ctx: &Context) -> Result<Option<Project>> {
    if ctx.project.is_none() && Project::find(ctx).is_err() {
        return Ok(None);
    }
    Project::load_to_serve(ctx).map(Some)
}

fn as_json(report: &Report) -> serde_json::Value {
    json!({
        "valid": report.problems.is_empty(),
        "problems": report.problems,
        "doubts": report.doubts,
        "algorithm": report.algorithm,
        "issuer": report.issuer,
        "issuer_known": report.issuer_known,
        "signature": report.signature.name(),
        "not_before": report.not_before.map(|at| format!("{at:.3}")),
        "expires_at": report.expires.map(|at| format!("{at:.3}")),
        "grants": report.grants,
        "unknown_claims": report.unknown,
        "claims": report.claims,
    })
}

fn as_text(report: &Report, now: Timestamp) -> String {
    let claim = |name: &str| report.claims.get(name).and_then(|value| value.as_str());
    let mut lines = Vec::new();
    let mut line = |name: &str, value: String| lines.push(format!("{name:<10} {value}"));
    line("algorithm", plain(&report.algorithm));
    let known = match report.issuer_known {
        Some(true) => " (a key of this project)",
        Some(false) => " (no key of this project)",
        None => "",
    };
    let issuer = report.issuer.as_deref().unwrap_or("none");
    line("key", format!("{}{known}", plain(issuer)));
    let why = match report.issuer_known {
        None => " (no project here)",
        Some(_) => "",
    };
    line("signature", format!("{}{why}", report.signature.name()));
    if let Some(identity) = claim("sub") {
        let name = claim("name").map(|name| format!(" ({})", plain(name)));
        let identity = plain(identity);
        line(
            "identity",
            format!("{identity}{}", name.unwrap_or_default()),
        );
    }
    for (name, at) in [("from", report.not_before), ("until", report.expires)] {
        if let Some(at) = at {
            line(name, format!("{at} ({})", distance(at, now)));
        }
    }
    for (i, grant) in report.grants.iter().enumerate() {
        line(if i == 0 { "grants" } else { "" }, plain(grant));
    }
    for unknown in &report.unknown {
        let unknown = plain(unknown);
        line("unknown", format!("`{unknown}`, which LiveKit ignores"));
    }
    for doubt in &report.doubts {
        line("doubt", plain(doubt));
    }
    if report.problems.is_empty() {
        line("verdict", format!("{GOOD}valid{GOOD:#}"));
    }
    for problem in &report.problems {
        let problem = plain(problem);
        line("verdict", format!("{BAD}not valid{BAD:#}: {problem}"));
    }
    lines.join("\n")
}

/// A stranger's text without what a terminal would obey.
fn plain(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}
