//! `urbania config`.

use clap::{Subcommand, ValueEnum};
use serde_json::json;

use crate::config::{
    ENV_FILE, LIVEKIT_FILE, Machine, NetworkMode, Project, SETTINGS_FILE, effective,
    livekit_schema, seed_schema, settings_schema,
};
use crate::context::Context;
use crate::error::Result;
use crate::host::address::node_ip;
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
    Show {
        /// Show secrets too
        #[arg(long)]
        reveal: bool,
        /// As for the host's network or for published ports [default: as `up` would choose]
        #[arg(long)]
        network: Option<Network>,
    },
    /// Check every file of the project; exit code 2 names every problem
    Validate,
    /// Print the JSON schema of a file
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
}

/// Runs the command.
pub async fn run(ctx: &Context, args: Args) -> Result<()> {
    match args.command {
        Command::Show { reveal, network } => show(ctx, reveal, network).await,
        Command::Validate => validate(ctx),
        Command::Schema { file } => ctx.out.json(&match file {
            SchemaOf::Urbania => settings_schema(),
            SchemaOf::Livekit => livekit_schema(),
            SchemaOf::Seed => seed_schema(),
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
    let (machine, hook) = expected(&project, network, &ctx.env).await;
    let effective = effective(&project, &machine);
    effective.check()?;
    if let Some(problem) = &hook.problem {
        ctx.out
            .complain(format!("{WARN}warning{WARN:#}: {problem}"));
    }
    if ctx.out.format == Format::Json {
        return ctx.out.json(&json!({
            "files": files(&project),
            "effective": effective.value(reveal),
            "additions": effective.additions,
        }));
    }
    ctx.out.line(effective.explained(reveal).trim_end())
}

/// The files of the project that are there.
fn files(project: &Project) -> Vec<std::path::PathBuf> {
    [SETTINGS_FILE, LIVEKIT_FILE, ENV_FILE]
        .map(|file| project.dir.join(file))
        .into_iter()
        .filter(|path| path.exists())
        .collect()
}

fn validate(ctx: &Context) -> Result<()> {
    let mut project = Project::load(ctx)?;
    // What is added for a machine cannot be wrong: any machine will do.
    let effective = effective(
        &project,
        &Machine {
            network: NetworkMode::Host,
            node_ip: node_ip(),
            webhook_url: None,
        },
    );
    effective.check()?;
    project.warnings.extend(effective.warnings);
    if ctx.out.format == Format::Json {
        return ctx.out.json(&json!({
            "files": files(&project),
            "warnings": project.warnings,
        }));
    }
    for path in files(&project) {
        let file = path.strip_prefix(&project.dir).unwrap_or(&path);
        ctx.out
            .line(format!("{GOOD}ok{GOOD:#} {}", file.display()))?;
    }
    for warning in &project.warnings {
        ctx.out
            .complain(format!("{WARN}warning{WARN:#}: {warning}"));
    }
    Ok(())
}
