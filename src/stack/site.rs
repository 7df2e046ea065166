//! A project where it runs: its files, its engine, and what is there.

use futures_util::future::try_join_all;

use super::api::ApiFiles;
use super::hook::Way;
use super::network::Network;
use super::ours::ours;
use super::plan::{Action, Plan, Seen, Wanted, refuse_namesake};
use super::reach::sfu_base;
use super::runner::Runner;
use super::service::Service;
use super::unproved::Unproved;
use super::wanted::{Means, port_needs, volume_name, wanted};
use crate::config::{Effective, Project, RunsOn, effective};
use crate::context::Context;
use crate::engine::choice::Pick;
use crate::engine::{Choice, Engine, Facts, Runs};
use crate::error::{Error, Result};
use crate::host::claims::claims;
use crate::host::lock::ProjectLock;
use crate::host::refusal::refusal;
use crate::host::taken::taken;

/// Everything that a command knows before it decides.
pub struct Site {
    /// The project's files.
    pub project: Project,
    /// What runs its services.
    pub engine: Box<dyn Engine>,
    /// Which engine that is.
    pub runs_on: RunsOn,
    /// How it was picked, if nobody named it.
    pub pick: Option<Pick>,
    /// What it is, if it runs containers.
    pub facts: Option<Facts>,
    /// How the SFU is reached.
    pub network: Choice,
    /// How the SFU reaches the API.
    pub hook: Way,
    /// What the SFU is started with.
    pub effective: Effective,
    /// Where this machine reaches the SFU: `http://…`.
    pub sfu: String,
    /// What is there.
    pub seen: Seen,
}

/// When images are fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pull {
    /// When the engine lacks them.
    Missing,
    /// For every container that is made.
    Always,
    /// Not at all.
    Never,
}

impl Site {
    /// Looks at the engine that the project runs on, or would, and at the project on it.
    pub async fn look(
        ctx: &Context,
        mut project: Project,
        lock: Option<&ProjectLock>,
    ) -> Result<Self> {
        let runner = Runner::of(&project, &ctx.env).await?;
        runner.settle(&mut project);
        Self::on(runner, project, lock).await
    }

    /// Looks at the project on an engine. Who is about to change something has the lock.
    pub async fn on(runner: Runner, project: Project, lock: Option<&ProjectLock>) -> Result<Self> {
        let engine = runner.engine;
        if lock.is_some_and(ProjectLock::was_abandoned) {
            engine.recover(&project.name).await?;
        }
        let files = ApiFiles::of(&project);
        let (place, instances, volumes, api) = tokio::try_join!(
            Network::of(&project, runner.runs_on.engine, engine.as_ref(), None),
            engine.instances(Some(&project.name)),
            engine.volumes(Some(&project.name)),
            files.seen()
        )?;
        refuse_namesake(&project.name, &project.dir, &instances, &volumes)?;
        let Network {
            facts,
            choice,
            machine,
            way,
        } = place;
        Ok(Self {
            effective: effective(&project, &machine),
            hook: way,
            engine,
            seen: Seen {
                instances,
                api,
                unproved: Unproved::of(&project).names(&volume_name(&project.name)),
                ..Seen::default()
            },
            sfu: sfu_base(&project, facts.as_ref()),
            project,
            facts,
            network: choice,
            runs_on: runner.runs_on,
            pick: runner.pick,
        })
    }

    /// The other machine that the engine is on.
    pub fn remote_host(&self) -> Option<&str> {
        self.facts.as_ref()?.remote_host()
    }

    /// What is wanted of `services`.
    pub fn wanted(&self, services: &[Service]) -> Result<Wanted> {
        if let (Some(host), true) = (self.remote_host(), services.contains(&Service::Mongodb)) {
            return Err(Error::usage(format!(
                "MongoDB on the engine at {host} could not be reached from this machine: it is \
                 published on that machine's own 127.0.0.1 alone"
            ))
            .hint("urbania.yaml: services: {mongodb: {enabled: false}}")
            .hint("or run urbania on that machine"));
        }
        if let (Some(host), None) = (self.remote_host(), &self.project.settings.livekit_url) {
            let port = self.project.livekit.port;
            return Err(Error::usage(format!(
                "the engine is at {host}, and nobody tells browsers to look for the SFU there"
            ))
            .hint(format!("urbania.yaml: livekit_url: ws://{host}:{port}"))
            .hint("or run urbania on that machine"));
        }
        let means = Means {
            runs_on: &self.runs_on,
            network: self.network.mode,
            effective: &self.effective,
            webhook_listen: self.hook.listen,
        };
        wanted(&self.project, services, &means)
    }

    /// Decides what `up` does. Only the images of containers that will be made are looked for.
    pub async fn plan(&mut self, wanted: &Wanted, pull: Pull) -> Result<Plan> {
        let plan = Plan::up(wanted, &self.seen);
        let Some(containers) = self.engine.containers() else {
            return Ok(plan);
        };
        let images = wanted.specs.iter().filter_map(|(service, spec)| {
            let made = plan.actions.iter().any(|(s, action)| {
                s == service && matches!(action, Action::Create | Action::Recreate(..))
            });
            match &spec.runs {
                Runs::Image { image, .. } if made => Some(image.clone()),
                _ => None,
            }
        });
        let looked = try_join_all(images.map(|image| async move {
            let has = pull != Pull::Always && containers.has_image(&image).await?;
            Ok::<_, Error>((!has).then_some(image))
        }))
        .await?;
        self.seen.missing_images = looked.into_iter().flatten().collect();
        if pull == Pull::Never
            && let Some(image) = self.seen.missing_images.first()
        {
            return Err(Error::failed(format!(
                "image `{image}` is not on the engine, and --pull never forbids to fetch it"
            )));
        }
        Ok(Plan::up(wanted, &self.seen))
    }

    /// Refuses if a port that is about to be bound is in other hands.
    pub async fn check_ports(&self, plan: &Plan) -> Result<()> {
        let remote = self.remote_host().is_some();
        let starting: Vec<Service> = plan
            .starting()
            .filter(|service| service.is_here(remote))
            .collect();
        let needs = port_needs(&self.project, &self.effective, &starting);
        let conflicts = taken(&needs)?;
        if conflicts.is_empty() {
            return Ok(());
        }
        let ours = ours(&self.project, self.seen.api.as_ref(), &self.seen.instances).await;
        let containers = match self.engine.containers() {
            Some(containers) => containers.running().await?,
            None => Vec::new(),
        };
        match refusal(&claims(&conflicts, &ours, &containers)) {
            Some(refusal) => Err(refusal),
            None => Ok(()),
        }
    }
}
