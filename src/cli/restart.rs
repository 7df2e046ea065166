//! `urbania restart`.

use std::time::Duration;

use crate::config::{EngineChoice, Project, STATE_DIR};
use crate::context::Context;
use crate::error::Result;
use crate::host::lock::ProjectLock;
use crate::stack::interrupt::Interrupt;
use crate::stack::plan::Plan;
use crate::stack::rotation;
use crate::stack::runner::Runner;
use crate::stack::service::Service;
use crate::stack::site::{Pull, Site};
use crate::stack::up::Up;

use super::duration::duration;

/// Stop and start services
///
/// One after the other, each proved healthy before the next. Containers stay the same unless their
/// configuration changed. What cannot start again is not stopped where that is known before, and a
/// failure leaves running what ran. Restarting the API ends no call.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only these: mongodb, livekit, api
    #[arg(value_name = "SERVICE")]
    services: Vec<Service>,
    /// How long each service may take to become healthy
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "60s")]
    wait_timeout: Duration,
}

/// Runs the command.
pub async fn run(ctx: &Context, args: Args) -> Result<()> {
    let (site, services, plan) = restart(ctx, &args.services, args.wait_timeout).await?;
    super::up::report(ctx, &site, &services, &plan).await
}

/// Stops and starts services, without a report.
pub(super) async fn restart(
    ctx: &Context,
    services: &[Service],
    wait_timeout: Duration,
) -> Result<(Site, Vec<Service>, Plan)> {
    let interrupt = Interrupt::listen()?;
    let dir = Project::find(ctx)?;
    let state = dir.join(STATE_DIR);
    let lock = ProjectLock::acquire(&state, "urbania restart", &ctx.out);
    let lock = interrupt.or(lock).await?;
    let mut project = Project::load_from(&dir, &ctx.env)?;
    // It goes on where it runs, whatever the settings have become.
    let choice = match &project.runs_on {
        Some(_) => EngineChoice::Auto,
        None => project.settings.engine,
    };
    let runner = Runner::to_start(&project, &ctx.env, choice, services, true);
    let runner = interrupt.or(runner).await?;
    runner.settle(&mut project);
    let services = Service::selected(services, &project)?;
    if services.contains(&Service::Livekit) {
        rotation::whoever_is_there(ctx, &mut project)?;
    }
    runner.announce(ctx);
    let mut site = interrupt.or(Site::on(runner, project, Some(&lock))).await?;
    let wanted = site.wanted(&services)?;
    let plan = site.plan(&wanted, Pull::Missing).await?.restarting();
    site.check_ports(&plan).await?;
    Up::new(ctx, &site, &wanted, wait_timeout, &interrupt)
        .apply(&plan)
        .await?;
    drop(lock);
    Ok((site, services, plan))
}
