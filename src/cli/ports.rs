//! `urbania ports`.

mod asked;
mod free;
mod report;
mod stop;

use std::collections::BTreeSet;

use crate::config::{Project, RunsOn, effective};
use crate::context::Context;
use crate::engine::docker::Docker;
use crate::engine::processes::Processes;
use crate::engine::{Containers as _, Engine as _, Facts};
use crate::error::{Error, Result};
use crate::host::claims::{Claim, Ours, claims};
use crate::host::holder::{ContainerFacts, Holder};
use crate::host::ports::PortNeed;
use crate::host::refusal;
use crate::host::taken::taken;
use crate::output::Format;
use crate::stack::api::ApiFiles;
use crate::stack::network::expected;
use crate::stack::ours::ours;
use crate::stack::service::Service;
use crate::stack::wanted::port_needs;
use asked::Asked;

/// Show who holds the ports that the project needs
///
/// Exits with 3 when one of them is held by somebody else. Without root, processes of other users
/// stay hidden.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct Args {
    /// Show these ports instead, such as `7880`, `7882/udp` or `50000-50100`
    ports: Vec<Asked>,
    /// End whoever holds them, after asking
    #[arg(long, group = "act")]
    stop: bool,
    /// Move the project to free ports instead, in livekit.yaml, urbania.yaml, .env and the files
    /// under `backends`, after asking
    #[arg(long, group = "act")]
    free: bool,
    /// Show what --free would write, and write nothing
    #[arg(long, requires = "free")]
    dry_run: bool,
    /// Do not ask
    #[arg(long, requires = "act")]
    yes: bool,
}

/// Shows the ports; with `--stop`, shows them afterwards.
pub async fn run(ctx: &Context, args: Args) -> Result<()> {
    let project = match Project::load(ctx) {
        Ok(project) => Some(project),
        // Ports can be named anywhere; a project that is broken or named must be right.
        Err(_) if !args.ports.is_empty() && Project::find(ctx).is_err() => None,
        Err(e) => return Err(e),
    };
    let view = View::new(ctx, project.as_ref(), &args.ports).await?;
    let mut found = view.look(ctx).await?;
    if args.free {
        let Some(project) = &project else {
            return Err(Error::usage(
                "`--free` changes a project's files, and there is no project here",
            )
            .hint("urbania init"));
        };
        let held = found
            .iter()
            .filter(|claim| claim.is_in_the_way())
            .collect::<Vec<_>>();
        let consent = (args.yes, args.dry_run);
        return free::all(ctx, project, &view.of_project, &held, consent).await;
    }
    if args.stop {
        stop::all(ctx, &view.to_stop(&found), args.yes).await?;
        found = stop::once_let_go(|| view.look(ctx)).await?;
    }
    match ctx.out.format {
        Format::Table => ctx.out.line(report::table(
            &view.needs,
            &found,
            ctx.clock.now(),
            ctx.out.columns(),
        ))?,
        Format::Json => ctx.out.json(&report::json(&view.needs, &found))?,
    }
    verdict(&found)
}

/// What is looked at.
struct View {
    needs: Vec<PortNeed>,
    /// All that the project needs, whatever was named.
    of_project: Vec<PortNeed>,
    ours: Ours,
    /// Whether the ports were named on the command line.
    named: bool,
}

impl View {
    async fn new(ctx: &Context, project: Option<&Project>, asked: &[Asked]) -> Result<Self> {
        let (mut of_project, mut ours) = (Vec::new(), Ours::default());
        if let Some(project) = project {
            of_project = needed(ctx, project).await;
            ours = processes(ctx, project).await?;
        }
        let needs = if asked.is_empty() {
            of_project.clone()
        } else {
            asked.iter().flat_map(|a| a.needs(&of_project)).collect()
        };
        Ok(Self {
            needs,
            of_project,
            ours,
            named: !asked.is_empty(),
        })
    }

    async fn look(&self, ctx: &Context) -> Result<Vec<Claim>> {
        let conflicts = taken(&self.needs)?;
        let nameless = claims(&conflicts, &self.ours, &[]);
        match containers(ctx, &nameless).await {
            none if none.is_empty() => Ok(nameless),
            some => Ok(claims(&conflicts, &self.ours, &some)),
        }
    }

    /// The named ports as they were named; else only what keeps the project from starting.
    fn to_stop<'a>(&self, found: &'a [Claim]) -> Vec<&'a Claim> {
        found
            .iter()
            .filter(|claim| self.named || claim.is_in_the_way())
            .collect()
    }
}

/// Fails where a port that the project needs is in other hands.
fn verdict(found: &[Claim]) -> Result<()> {
    let wanted: Vec<Claim> = found
        .iter()
        .filter(|claim| !claim.need.service.is_empty() && claim.is_in_the_way())
        .cloned()
        .collect();
    let of_claim = |claim: &Claim| {
        let protocol = claim.need.protocol;
        claim
            .ports
            .clone()
            .into_iter()
            .map(move |port| (protocol, port))
    };
    let ports: BTreeSet<_> = wanted.iter().flat_map(of_claim).collect();
    let message = match ports.len() {
        0 => return Ok(()),
        1 => "a port that this project needs is held by somebody else".to_owned(),
        n => format!("{n} ports that this project needs are held by somebody else"),
    };
    let error = Error::problem(message);
    Err(refusal::ways_out(&wanted)
        .into_iter()
        .fold(error, Error::hint))
}

/// The processes that are the project's own, and other projects'.
async fn processes(ctx: &Context, project: &Project) -> Result<Ours> {
    let api = ApiFiles::of(project).seen().await?;
    let processes = Processes::of(&project.dir, &ctx.env);
    let instances = processes.instances(None).await?;
    Ok(ours(project, api.as_ref(), &instances).await)
}

/// What the project will bind on this machine. On an engine elsewhere that is the API alone.
async fn needed(ctx: &Context, project: &Project) -> Vec<PortNeed> {
    let network = expected(project, None, &ctx.env).await;
    let remote = network.facts.as_ref().and_then(Facts::remote_host);
    let here = |service: &Service| service.is_here(remote.is_some());
    let mut project = project.clone();
    project.runs_on = Some(RunsOn::on(network.machine.engine));
    let services: Vec<_> = Service::wanted(&project).into_iter().filter(here).collect();
    port_needs(&project, &effective(&project, &network.machine), &services)
}

/// The containers that run, if one may be behind the claims and an engine answers.
async fn containers(ctx: &Context, claims: &[Claim]) -> Vec<ContainerFacts> {
    let seen = |claim: &Claim| {
        matches!(
            claim.holder,
            Holder::Process {
                container: None,
                ..
            }
        )
    };
    if claims.iter().all(seen) {
        return Vec::new();
    }
    let running = match Docker::connect(&ctx.env).await {
        Ok(docker) => docker.running().await,
        Err(e) => Err(e),
    };
    running.unwrap_or_else(|e| {
        tracing::info!("containers stay without names: {e}");
        Vec::new()
    })
}
