//! `urbania up`.

use std::time::Duration;

use clap::ValueEnum;
use serde_json::json;

use crate::config::{
    EngineChoice, EngineKind, LIVEKIT_FILE, Problem, Project, STATE_DIR, compare_backends, ways,
};
use crate::context::Context;
use crate::error::Result;
use crate::host::lock::ProjectLock;
use crate::output::{BOLD, Format, GOOD, Table, WARN};
use crate::sfu::unheeded;
use crate::stack::interrupt::Interrupt;
use crate::stack::plan::{Plan, Step};
use crate::stack::report::Report;
use crate::stack::rotation;
use crate::stack::runner::Runner;
use crate::stack::service::Service;
use crate::stack::site::{Pull, Site};
use crate::stack::up::Up;

use super::duration::duration;

/// Start everything and wait until it is healthy
///
/// Starts what does not run, replaces what has changed and leaves the rest alone. When something
/// fails, what this command made is removed and what ran before goes on.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only these: mongodb, livekit, api
    #[arg(value_name = "SERVICE")]
    services: Vec<Service>,
    /// What runs the SFU and MongoDB [default: `engine` of urbania.yaml]
    #[arg(long, value_enum)]
    engine: Option<EngineArg>,
    /// How long each service may take to become healthy
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "60s")]
    wait_timeout: Duration,
    /// When to fetch images
    #[arg(long, value_enum, default_value_t = PullArg::Missing)]
    pull: PullArg,
    /// Leave to LiveKit what urbania does not understand in livekit.yaml [also: `pass_unknown` of
    /// urbania.yaml]
    #[arg(long)]
    pass_unknown: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Stay, show all logs, and stop everything at Ctrl-C
    #[arg(short, long, conflicts_with = "dry_run")]
    foreground: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum EngineArg {
    /// Docker when it answers and has or can get the images, else native, else embedded
    Auto,
    /// Containers of a Docker or Podman engine
    Docker,
    /// Programs installed on this machine: livekit-server, and mongod or ferretdb
    Native,
    /// The development SFU built into urbania, without MongoDB
    Embedded,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PullArg {
    /// Those that the engine lacks
    Missing,
    /// For every container that is made
    Always,
    /// Not at all
    Never,
}

/// What `--pass-unknown` stands for.
const PASS_UNKNOWN: &str = "URBANIA_PASS_UNKNOWN";

/// Runs the command.
pub async fn run(ctx: &Context, args: Args) -> Result<()> {
    // First of all: a signal from now on must not leave anything half-done.
    let interrupt = Interrupt::listen()?;
    let began = ctx.clock.now();
    let passing = args.pass_unknown.then(|| ctx.with(PASS_UNKNOWN, "true"));
    let ctx = passing.as_ref().unwrap_or(ctx);
    let dir = Project::find(ctx)?;
    let lock = if args.dry_run {
        None
    } else {
        let state = dir.join(STATE_DIR);
        let lock = ProjectLock::acquire(&state, "urbania up", &ctx.out);
        Some(interrupt.or(lock).await?)
    };
    // Not before the lock: another `up` may just be writing what is read here.
    let mut project = Project::load_from(&dir, &ctx.env)?;
    let choice = args.engine.map_or(project.settings.engine, Into::into);
    let may_be_pulled = !matches!(args.pull, PullArg::Never);
    let named = &args.services;
    let runner = Runner::to_start(&project, &ctx.env, choice, named, may_be_pulled);
    let runner = interrupt.or(runner).await?;
    runner.settle(&mut project);
    let services = Service::selected(&args.services, &project)?;
    runner.announce(ctx);
    if !args.dry_run && services.contains(&Service::Livekit) {
        rotation::if_idle(ctx, &mut project).await?;
    }
    let added = project.complete_env(&mut rand::rng());
    if !args.dry_run && !added.is_empty() {
        project.save_env()?;
        ctx.out
            .say(format_args!("added to .env: {}", added.join(", ")));
    }
    let mut site = interrupt
        .or(Site::on(runner, project, lock.as_ref()))
        .await?;
    let wanted = site.wanted(&services)?;
    let plan = site.plan(&wanted, args.pull.into()).await?;
    site.check_ports(&plan).await?;
    if args.dry_run {
        return show_plan(ctx, &plan.steps());
    }
    Up::new(ctx, &site, &wanted, args.wait_timeout, &interrupt)
        .apply(&plan)
        .await?;
    drop(lock);
    report(ctx, &site, &services, &plan).await?;
    if args.foreground {
        // Whatever becomes of the logs: what was started for this command ends with it.
        let followed = super::logs::follow_until(ctx, &site, &services, began, &interrupt).await;
        let stopped = super::down::project(ctx, &site.project, &services).await;
        return followed.and(stopped);
    }
    Ok(())
}

impl From<EngineArg> for EngineChoice {
    fn from(engine: EngineArg) -> Self {
        match engine {
            EngineArg::Auto => Self::Auto,
            EngineArg::Docker => Self::Docker,
            EngineArg::Native => Self::Native,
            EngineArg::Embedded => Self::Embedded,
        }
    }
}

impl From<PullArg> for Pull {
    fn from(pull: PullArg) -> Self {
        match pull {
            PullArg::Missing => Self::Missing,
            PullArg::Always => Self::Always,
            PullArg::Never => Self::Never,
        }
    }
}

/// Shows what would be done.
pub(super) fn show_plan(ctx: &Context, steps: &[Step]) -> Result<()> {
    if ctx.out.format == Format::Json {
        return ctx.out.json(&json!({ "steps": steps }));
    }
    if steps.is_empty() {
        ctx.out.say("nothing to do");
        return Ok(());
    }
    let mut table = Table::new(&["action", "service", "detail"]);
    for step in steps {
        table.row([step.action, &step.service, &step.detail]);
    }
    ctx.out.line(table)
}

pub(super) async fn report(
    ctx: &Context,
    site: &Site,
    services: &[Service],
    plan: &Plan,
) -> Result<()> {
    let report = Report::of(site, services, plan).await?;
    warn(ctx, site);
    if ctx.out.format == Format::Json {
        return ctx.out.json(&report);
    }
    let mut table = Table::new(&["service", "status", "where", "detail"]);
    for line in &report.services {
        let healthy = format!("{GOOD}healthy{GOOD:#}");
        table.row([line.service.as_str(), &healthy, &line.address, &line.detail]);
    }
    ctx.out.line(table)?;
    ctx.out.say(format_args!(
        "key {} ({}), {}",
        report.key.name, report.key.fingerprint, report.network.reason
    ));
    if !report.changed {
        ctx.out.say("everything ran already");
    }
    Ok(())
}

/// What of livekit.yaml makes no difference to this engine's SFU.
pub(super) fn without_effect(project: &Project, engine: Option<EngineKind>) -> Option<Problem> {
    let unheeded = match engine {
        Some(EngineKind::Embedded) => unheeded(&project.livekit.tree),
        _ => None,
    };
    unheeded.map(|message| Problem::of(LIVEKIT_FILE, message))
}

/// What works but probably not as meant, and backends that hold another key pair.
fn warn(ctx: &Context, site: &Site) {
    let findings = compare_backends(&site.project);
    let without_effect = without_effect(&site.project, Some(site.runs_on.engine));
    let warnings = site.project.warnings.iter().chain(&site.effective.warnings);
    let warnings = warnings.chain(&without_effect).map(ToString::to_string);
    let warnings = warnings.chain(site.hook.problem.clone());
    for warning in warnings.chain(findings.iter().map(ToString::to_string)) {
        ctx.out
            .complain(format_args!("{WARN}warning{WARN:#}: {warning}"));
    }
    for way in ways(&findings) {
        ctx.out.complain(format_args!("{BOLD}hint{BOLD:#}: {way}"));
    }
}
