//! `urbania keys`.

use clap::Subcommand;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::config::{Change, Mend, Project, compare_backends, mend_backends};
use crate::context::Context;
use crate::error::{Context as _, Error, Result};
use crate::livekit::keys::KeyPair;
use crate::output::{BAD, DIM, Format, GOOD, Table};

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
    /// Compare env files with livekit.yaml; exit code 3 when they differ
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
    let project = Project::load(ctx)?;
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
    let pair = project.key_pair();
    if ctx.out.format == Format::Json {
        ctx.out.json(&json!({
            "key": pair.key,
            "fingerprint": pair.fingerprint(),
            "findings": findings,
        }))?;
    } else {
        for finding in &findings {
            ctx.out.line(format!("{BAD}differs{BAD:#} {finding}"))?;
        }
    }
    match findings.len() {
        0 if ctx.out.format == Format::Json => Ok(()),
        0 => ctx.out.line(format!(
            "{GOOD}ok{GOOD:#} every env file has the pair of `{}` ({})",
            pair.key,
            pair.fingerprint()
        )),
        n => {
            let differences = if n == 1 { "difference" } else { "differences" };
            Err(Error::problem(format!(
                "{n} {differences} between env files and livekit.yaml"
            ))
            .hint("`urbania keys sync` writes the pair in use into the env files"))
        }
    }
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
