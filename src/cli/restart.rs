//! `urbania restart`.

use std::time::Duration;

use crate::config::{Project, STATE_DIR};
use crate::context::Context;
use crate::engine::State;
use crate::error::Result;
use crate::host::lock::ProjectLock;
use crate::stack::down::{Down, stop_api};
use crate::stack::interrupt::Interrupt;
use crate::stack::service::Service;
use crate::stack::site::{Pull, Site};
use crate::stack::stop::stop;
use crate::stack::up::Up;

use super::duration::duration;
use super::up::refuse_other_engines;

/// Stop and start services
///
/// Containers stay the same unless their configuration changed. Restarting the API ends no call.
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
    let interrupt = Interrupt::listen()?;
    let dir = Project::find(ctx)?;
    let state = dir.join(STATE_DIR);
    let lock = ProjectLock::acquire(&state, "urbania restart", &ctx.out);
    let lock = interrupt.or(lock).await?;
    let project = Project::load_from(&dir, &ctx.env)?;
    refuse_other_engines(project.settings.engine)?;
    let services = Service::selected(&args.services, &project)?;
    let mut site = Site::look(ctx, project, Some(&lock)).await?;
    let wanted = site.wanted(&services)?;
    // What cannot start again must not be stopped first.
    let now = site.plan(&wanted, Pull::Missing).await?;
    site.check_ports(&now).await?;
    stop_all(ctx, &mut site, &services).await?;
    let plan = site.plan(&wanted, Pull::Missing).await?;
    Up::new(ctx, &site, &wanted, args.wait_timeout, &interrupt)
        .apply(&plan)
        .await?;
    drop(lock);
    super::up::report(ctx, &site, &services, &plan).await
}

/// Stops what runs of `services`, in reverse order, and takes note of it.
async fn stop_all(ctx: &Context, site: &mut Site, services: &[Service]) -> Result<()> {
    let project = &site.project;
    let api = site.seen.api.as_ref().map(|api| api.pid);
    let down = Down::new(
        &project.name,
        &project.dir,
        services,
        &site.seen.instances,
        api,
    );
    if down.api.is_some() {
        ctx.out.say(format_args!("stopping {}", Service::Api));
        stop_api(&project.dir).await?;
        site.seen.api = None;
    }
    for instance in down.instances {
        if instance.state == State::Running {
            ctx.out.say(format_args!("stopping {}", instance.service));
            stop(ctx, site.engine.as_ref(), Some(&site.project), &instance).await?;
            for seen in &mut site.seen.instances {
                if seen.id == instance.id {
                    seen.state = State::Exited;
                }
            }
        }
    }
    Ok(())
}
