//! `urbania keys`.

mod rotate;

use clap::Subcommand;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use serde_json::{Value, json};

use super::examples;
use crate::config::{
    BackendFinding, LivekitConfig, Project, Role, STATE_DIR, compare_backends, mend_backends, ways,
};
use crate::context::Context;
use crate::error::{Context as _, Error, Result};
use crate::host::lock::ProjectLock;
use crate::livekit::keys::KeyPair;
use crate::output::{BAD, Format, GOOD, Table};
use crate::stack::health::sfu::{Refusal, sfu_accepts};
use crate::stack::reach::find_sfu;

/// Show, check and sync API keys
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the keys of livekit.yaml with fingerprints and what they are for
    #[command(after_help = examples::KEYS_SHOW)]
    Show {
        /// Show secrets too
        #[arg(long)]
        reveal: bool,
    },
    /// Compare env files with livekit.yaml and prove its pairs against the running SFU
    ///
    /// Exit code 3 when a file differs or the SFU refuses a pair.
    Check,
    /// Move the API and all backends to the pair in reserve; no call is interrupted, no token refused
    ///
    /// Tokens of the old pair are good until they expire; then the pair goes and a fresh one is in
    /// reserve. docs/keys.md has the whole course.
    #[command(after_help = examples::KEYS_ROTATE)]
    Rotate(rotate::Args),
    /// Write the pair in use into .env and the env files of backends, in place
    #[command(after_help = examples::KEYS_SYNC)]
    Sync {
        /// Say what would change and write nothing
        #[arg(long)]
        dry_run: bool,
    },
}

/// Runs the command.
pub async fn run(ctx: &Context, args: Args) -> Result<()> {
    if let Command::Rotate(args) = &args.command {
        return Box::pin(rotate::run(ctx, args)).await;
    }
    let dir = Project::find(ctx)?;
    let _lock = match &args.command {
        Command::Sync { dry_run: false } => {
            let state = dir.join(STATE_DIR);
            Some(ProjectLock::acquire(&state, "urbania keys sync", &ctx.out).await?)
        }
        _ => None,
    };
    let project = Project::load_from(&dir, &ctx.env)?;
    match args.command {
        Command::Show { reveal } => show(ctx, &project, reveal),
        Command::Check => check(ctx, &project).await,
        Command::Sync { dry_run } => sync(ctx, &project, dry_run),
        Command::Rotate(_) => Ok(()),
    }
}

fn show(ctx: &Context, project: &Project, reveal: bool) -> Result<()> {
    let pairs = || {
        let all = project.livekit.keys.iter();
        all.map(|pair| (pair, project.livekit.role(pair)))
    };
    if ctx.out.format == Format::Json {
        let keys: Vec<Value> = pairs()
            .map(|(pair, _)| shown(project, pair, reveal))
            .collect();
        return ctx.out.json(&json!({ "keys": keys }));
    }
    let mut heading = vec!["key", "fingerprint", "use"];
    heading.extend(reveal.then_some("secret"));
    let mut table = Table::new(&heading);
    for (pair, role) in pairs() {
        let mut row = vec![pair.key.clone(), pair.fingerprint(), in_words(role)];
        row.extend(reveal.then(|| pair.secret.expose_secret().to_owned()));
        table.row(row);
    }
    ctx.out.line(table)
}

fn in_words(role: Option<Role>) -> String {
    match role {
        Some(Role::InUse) => "in use".into(),
        Some(Role::Reserve) => "in reserve".into(),
        Some(Role::Retiring(None)) => "retires".into(),
        Some(Role::Retiring(Some(until))) => format!("retires, good until {until:.0}"),
        None => "-".into(),
    }
}

fn shown(project: &Project, pair: &KeyPair, reveal: bool) -> Value {
    let mut value = role_of(&project.livekit, pair);
    if reveal {
        value["secret"] = pair.secret.expose_secret().into();
    }
    value
}

/// A pair and what it is for.
fn role_of(livekit: &LivekitConfig, pair: &KeyPair) -> Value {
    let role = livekit.role(pair);
    let (name, until) = match role {
        Some(Role::InUse) => (Some("in-use"), None),
        Some(Role::Reserve) => (Some("reserve"), None),
        Some(Role::Retiring(until)) => (Some("retiring"), until),
        None => (None, None),
    };
    json!({
        "key": pair.key,
        "fingerprint": pair.fingerprint(),
        "in_use": role == Some(Role::InUse),
        "role": name,
        "good_until": until.map(|until| format!("{until:.3}")),
    })
}

async fn check(ctx: &Context, project: &Project) -> Result<()> {
    let findings = compare_backends(project);
    let sfu = find_sfu(ctx, project).await;
    let proofs = prove(ctx, project, &sfu).await;
    let pair = project.key_pair();
    if ctx.out.format == Format::Json {
        ctx.out.json(&json!({
            "key": pair.key,
            "fingerprint": pair.fingerprint(),
            "findings": findings,
            "sfu": { "url": sfu, "pairs": proofs },
        }))?;
    } else {
        for finding in &findings {
            ctx.out.line(format!("{BAD}differs{BAD:#} {finding}"))?;
        }
        if findings.is_empty() {
            let files = format!("every env file has the pair of `{}`", pair.key);
            ctx.out
                .line(format!("{GOOD}ok{GOOD:#} {files} ({})", pair.fingerprint()))?;
        }
        for proof in &proofs {
            ctx.out.line(proof.line(&sfu))?;
        }
        if proofs.is_empty() {
            ctx.out
                .say(format!("no SFU answers at {sfu}: compared, not proven"));
        }
    }
    verdict(&findings, &proofs, &sfu)
}

/// What the running SFU says of a pair.
#[derive(Debug, Serialize)]
struct Proof {
    key: String,
    accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl Proof {
    fn line(&self, sfu: &str) -> String {
        match &self.why {
            None => format!(
                "{GOOD}ok{GOOD:#} the SFU at {sfu} takes tokens of `{}`",
                self.key
            ),
            Some(why) => format!("{BAD}refused{BAD:#} `{}`: {why}", self.key),
        }
    }
}

/// Asks the SFU about every pair of livekit.yaml; nothing when there is no SFU to ask.
async fn prove(ctx: &Context, project: &Project, sfu: &str) -> Vec<Proof> {
    let mut proofs = Vec::new();
    for pair in &project.livekit.keys {
        let why = match sfu_accepts(sfu, pair, ctx.clock.unix()).await {
            Ok(()) => None,
            Err(Refusal::Unreachable(_)) => return Vec::new(),
            Err(refusal) => Some(refusal.to_string()),
        };
        proofs.push(Proof {
            key: pair.key.clone(),
            accepted: why.is_none(),
            why,
        });
    }
    proofs
}

fn verdict(findings: &[BackendFinding], proofs: &[Proof], sfu: &str) -> Result<()> {
    let refused = proofs.iter().filter(|p| !p.accepted).count();
    let mut problems = Vec::new();
    match findings.len() {
        0 => {}
        1 => problems.push("1 difference between env files and livekit.yaml".to_owned()),
        n => problems.push(format!(
            "{n} differences between env files and livekit.yaml"
        )),
    }
    match refused {
        0 => {}
        1 => problems.push(format!("the SFU at {sfu} refuses a pair of livekit.yaml")),
        n => problems.push(format!(
            "the SFU at {sfu} refuses {n} pairs of livekit.yaml"
        )),
    }
    if problems.is_empty() {
        return Ok(());
    }
    let mut error = Error::problem(problems.join("; "));
    error = ways(findings).into_iter().fold(error, Error::hint);
    if refused > 0 {
        error = error
            .hint("`urbania up` starts the SFU again with the keys that livekit.yaml has now")
            .hint("`urbania ports` tells whether it is this project's SFU that answers");
    }
    Err(error)
}

fn sync(ctx: &Context, project: &Project, dry_run: bool) -> Result<()> {
    let mends = mend_backends(project)?;
    let report = json!({ "dry_run": dry_run, "files": mends });
    let lines: Vec<String> = mends.iter().flat_map(|m| m.lines(dry_run)).collect();
    if !dry_run {
        for mend in mends {
            let path = mend.path().display().to_string();
            mend.write().or_fail(|| format!("cannot write `{path}`"))?;
        }
    }
    let mut left = compare_backends(project);
    left.retain(BackendFinding::is_for_its_owner);
    if ctx.out.format == Format::Json {
        ctx.out.json(&report)?;
        return remaining(ctx, &left);
    }
    if lines.is_empty() && left.is_empty() {
        ctx.out.say("nothing to change");
    }
    for line in lines {
        ctx.out.line(line)?;
    }
    remaining(ctx, &left)
}

/// Fails where something is not for `sync` to put right.
fn remaining(ctx: &Context, left: &[BackendFinding]) -> Result<()> {
    for finding in left {
        ctx.out.complain(finding);
    }
    let message = match left.len() {
        0 => return Ok(()),
        1 => "1 difference is not for `urbania keys sync` to put right".to_owned(),
        n => format!("{n} differences are not for `urbania keys sync` to put right"),
    };
    Err(ways(left)
        .into_iter()
        .fold(Error::problem(message), Error::hint))
}
