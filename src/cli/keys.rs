//! `urbania keys`.

use clap::Subcommand;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use serde_json::{Value, json};

use crate::config::{Change, Mend, Project, STATE_DIR, compare_backends, mend_backends};
use crate::context::Context;
use crate::error::{Context as _, Error, Result};
use crate::host::lock::ProjectLock;
use crate::livekit::keys::KeyPair;
use crate::output::{BAD, DIM, Format, GOOD, Table};
use crate::stack::health::sfu::{Refusal, sfu_accepts};

/// Show, check and sync API keys
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the keys of livekit.yaml with fingerprints; the first one is in use
    Show {
        /// Show secrets too
        #[arg(long)]
        reveal: bool,
    },
    /// Compare env files with livekit.yaml and prove its pairs against the running SFU
    ///
    /// Exit code 3 when a file differs or the SFU refuses a pair.
    Check,
    /// Write the pair in use into .env and the env files of backends, in place
    Sync {
        /// Say what would change and write nothing
        #[arg(long)]
        dry_run: bool,
    },
}

/// Runs the command.
pub async fn run(ctx: &Context, args: Args) -> Result<()> {
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
    }
}

fn show(ctx: &Context, project: &Project, reveal: bool) -> Result<()> {
    let pairs = || project.livekit.keys.iter().enumerate();
    if ctx.out.format == Format::Json {
        let keys: Vec<Value> = pairs()
            .map(|(n, pair)| shown(pair, n == 0, reveal))
            .collect();
        return ctx.out.json(&json!({ "keys": keys }));
    }
    let mut heading = vec!["key", "fingerprint", "in use"];
    heading.extend(reveal.then_some("secret"));
    let mut table = Table::new(&heading);
    for (n, pair) in pairs() {
        let in_use = if n == 0 { "yes" } else { "" };
        let mut row = vec![pair.key.clone(), pair.fingerprint(), in_use.to_owned()];
        row.extend(reveal.then(|| pair.secret.expose_secret().to_owned()));
        table.row(row);
    }
    ctx.out.line(table)
}

fn shown(pair: &KeyPair, in_use: bool, reveal: bool) -> Value {
    let mut value = json!({
        "key": pair.key,
        "fingerprint": pair.fingerprint(),
        "in_use": in_use,
    });
    if reveal {
        value["secret"] = pair.secret.expose_secret().into();
    }
    value
}

async fn check(ctx: &Context, project: &Project) -> Result<()> {
    let findings = compare_backends(project);
    let sfu = project.livekit.url_here();
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
    verdict(findings.len(), &proofs, &sfu)
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

fn verdict(differences: usize, proofs: &[Proof], sfu: &str) -> Result<()> {
    let refused = proofs.iter().filter(|p| !p.accepted).count();
    let mut problems = Vec::new();
    match differences {
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
    if differences > 0 {
        error = error.hint("`urbania keys sync` writes the pair in use into the env files");
    }
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
    let lines: Vec<String> = mends.iter().flat_map(|m| described(m, dry_run)).collect();
    if !dry_run {
        for mend in mends {
            let path = mend.path().display().to_string();
            mend.write().or_fail(|| format!("cannot write `{path}`"))?;
        }
    }
    if ctx.out.format == Format::Json {
        return ctx.out.json(&report);
    }
    if lines.is_empty() {
        ctx.out.say("nothing to change");
    }
    for line in lines {
        ctx.out.line(line)?;
    }
    let missing = compare_backends(project);
    for finding in missing.iter().filter(|f| f.variable.is_empty()) {
        ctx.out.complain(finding);
    }
    Ok(())
}

/// A line for each change of a file.
fn described(mend: &Mend, dry_run: bool) -> Vec<String> {
    let done = if dry_run { "would set" } else { "set" };
    let line = |Change {
                    variable,
                    before,
                    after,
                }: &Change| {
        let values = match (before, after) {
            (Some(before), Some(after)) => format!(" {DIM}{before} → {after}{DIM:#}"),
            (None, Some(after)) => format!(" {DIM}{after}{DIM:#}"),
            _ => String::new(),
        };
        format!("{}: {done} {variable}{values}", mend.file)
    };
    mend.changes.iter().map(line).collect()
}
