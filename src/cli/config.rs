//! `urbania config`.

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::examples;
use super::up::without_effect;
use crate::config::{
    ENV_FILE, EngineKind, LIVEKIT_FILE, Linted, Machine, NetworkMode, Project, SETTINGS_FILE,
    Target, effective, lint_project, livekit_schema, seed_schema, settings_schema,
};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::host::address::node_ip;
use crate::lab::scenario::scenario_schema;
use crate::output::{Format, GOOD, WARN};
use crate::stack::network::expected;

/// Show and validate the configuration
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the config that the SFU is started with, and why it differs from livekit.yaml
    #[command(after_help = examples::CONFIG_SHOW)]
    Show {
        /// Show secrets too
        #[arg(long)]
        reveal: bool,
        /// As for the host's network or for published ports [default: as `up` would choose]
        #[arg(long)]
        network: Option<Network>,
    },
    /// Check every file of the project; exit code 2 names every problem
    #[command(after_help = examples::CONFIG_VALIDATE)]
    Validate {
        /// Judge livekit.yaml as this release of LiveKit does: 1.9, 1.9.3 [default: that of the image]
        #[arg(long, value_name = "VERSION")]
        livekit_version: Option<String>,
    },
    /// Print the JSON schema of a file
    #[command(after_help = examples::CONFIG_SCHEMA)]
    Schema {
        /// The file
        #[arg(default_value = "urbania")]
        file: SchemaOf,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Network {
    Host,
    Published,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SchemaOf {
    /// urbania.yaml
    Urbania,
    /// livekit.yaml
    Livekit,
    /// Files of `urbania seed`
    Seed,
    /// Files of `urbania call`
    Scenario,
}

/// Runs the command.
pub async fn run(ctx: &Context, args: Args) -> Result<()> {
    match args.command {
        Command::Show { reveal, network } => show(ctx, reveal, network).await,
        Command::Validate { livekit_version } => validate(ctx, livekit_version.as_deref()),
        Command::Schema { file } => ctx.out.json(&match file {
            SchemaOf::Urbania => settings_schema(),
            SchemaOf::Livekit => livekit_schema(),
            SchemaOf::Seed => seed_schema(),
            SchemaOf::Scenario => scenario_schema(),
        }),
    }
}

async fn show(ctx: &Context, reveal: bool, network: Option<Network>) -> Result<()> {
    let project = Project::load(ctx)?;
    let network = match network {
        Some(Network::Host) => Some(NetworkMode::Host),
        Some(Network::Published) => Some(NetworkMode::Published),
        None => None,
    };
    let found = expected(&project, network, &ctx.env).await;
    let effective = effective(&project, &found.machine);
    effective.check()?;
    if let Some(problem) = &found.way.problem {
        ctx.out
            .complain(format!("{WARN}warning{WARN:#}: {problem}"));
    }
    if ctx.out.format == Format::Json {
        return ctx.out.json(&json!({
            "files": files(&project.dir),
            "effective": effective.value(reveal),
            "additions": effective.additions,
        }));
    }
    ctx.out.line(effective.explained(reveal).trim_end())
}

/// The files of the project that are there.
fn files(dir: &Path) -> Vec<PathBuf> {
    [SETTINGS_FILE, LIVEKIT_FILE, ENV_FILE]
        .map(|file| dir.join(file))
        .into_iter()
        .filter(|path| path.exists())
        .collect()
}

fn validate(ctx: &Context, version: Option<&str>) -> Result<()> {
    let asked = version.map(Target::named).transpose().map_err(|message| {
        Error::usage(message).hint("without --livekit-version, the release of the image counts")
    })?;
    let dir = Project::find(ctx)?;
    let linted = lint_project(&dir, &ctx.env, asked);
    let loaded = load(ctx, asked);
    if ctx.out.format == Format::Json {
        ctx.out.json(&shown(&dir, &linted, loaded.as_ref().ok()))?;
        return loaded.map(|_| ());
    }
    if let Some(guess) = linted.target.guess() {
        ctx.out.say(format!("note: {guess}"));
    }
    let project = loaded?;
    for path in files(&dir) {
        let file = path.strip_prefix(&dir).unwrap_or(&path);
        ctx.out
            .line(format!("{GOOD}ok{GOOD:#} {}", file.display()))?;
    }
    for warning in &project.warnings {
        ctx.out
            .complain(format!("{WARN}warning{WARN:#}: {warning}"));
    }
    Ok(())
}

/// The project, if the SFU could be started with it.
fn load(ctx: &Context, asked: Option<Target>) -> Result<Project> {
    let mut project = Project::load_for(ctx, asked)?;
    // What is added for a machine cannot be wrong: any machine will do.
    let effective = effective(
        &project,
        &Machine {
            engine: EngineKind::Docker,
            network: NetworkMode::Host,
            node_ip: node_ip(),
            webhook_url: None,
        },
    );
    effective.check()?;
    project.warnings.extend(effective.warnings);
    let running = project.runs_on.as_ref().map(|runs_on| runs_on.engine);
    let engine = running.or(project.settings.engine.kind());
    let without_effect = without_effect(&project, engine);
    project.warnings.extend(without_effect);
    Ok(project)
}

fn shown(dir: &Path, linted: &Linted, project: Option<&Project>) -> Value {
    json!({
        "files": files(dir),
        "livekit": {
            "version": linted.target.asked.map(|version| version.to_string()),
            "judged_as": linted.target.release.to_string(),
            "starts": linted.starts(),
            "lints": linted.lints,
        },
        "valid": project.is_some(),
        "warnings": project.map_or(&[][..], |project| project.warnings.as_slice()),
    })
}
