//! A project where it runs: its files, the engine, and what is there.

use std::net::IpAddr;

use futures_util::future::try_join_all;

use super::api::ApiFiles;
use super::hook::{Place, Way};
use super::plan::{Action, Plan, Seen, Wanted, refuse_namesake};
use super::reach::sfu_base;
use super::service::Service;
use super::settle::settle;
use super::unproved::Unproved;
use super::wanted::{port_needs, volume_name, wanted};
use crate::config::{Effective, Machine, NetworkMode, Project, effective};
use crate::context::Context;
use crate::engine::docker::Docker;
use crate::engine::{Choice, Engine, Facts};
use crate::error::{Context as _, Error, Result};
use crate::host::claims::{Ours, claims};
use crate::host::lock::ProjectLock;
use crate::host::refusal::refusal;
use crate::host::{address, ports, sockets};

/// Everything that a command knows before it decides.
pub struct Site {
    /// The project's files.
    pub project: Project,
    /// What runs containers.
    pub engine: Box<dyn Engine>,
    /// What the engine is.
    pub facts: Facts,
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
    /// Looks at the engine and at the project on it. Who is about to change something has the lock.
    pub async fn look(ctx: &Context, project: Project, lock: Option<&ProjectLock>) -> Result<Self> {
        let engine = Docker::connect(&ctx.env).await?;
        if lock.is_some_and(ProjectLock::was_abandoned) {
            settle(&engine, &project.name).await?;
        }
        let files = ApiFiles::of(&project);
        let (facts, instances, volumes, api) = tokio::try_join!(
            engine.facts(),
            engine.instances(Some(&project.name)),
            engine.volumes(Some(&project.name)),
            files.seen()
        )?;
        refuse_namesake(&project.name, &project.dir, &instances, &volumes)?;
        let network = facts.network(project.settings.network);
        let hook = Way::at(&Place {
            engine: Some(&facts),
            network: network.mode,
            gateway: match network.mode {
                NetworkMode::Published => engine.gateway().await,
                NetworkMode::Host => None,
            },
            own: address::node_ip(),
            listen: project.settings.api.listen,
        });
        let machine = Machine {
            network: network.mode,
            node_ip: match facts.remote_host() {
                Some(host) => resolved(host).await?,
                None => address::node_ip(),
            },
            webhook_url: hook.url.clone(),
        };
        Ok(Self {
            effective: effective(&project, &machine),
            hook,
            engine: Box::new(engine),
            seen: Seen {
                instances,
                api,
                unproved: Unproved::of(&project).names(&volume_name(&project.name)),
                ..Seen::default()
            },
            sfu: sfu_base(&project, Some(&facts)),
            project,
            facts,
            network,
        })
    }

    /// What is wanted of `services`.
    pub fn wanted(&self, services: &[Service]) -> Result<Wanted> {
        if let (Some(host), true) = (
            self.facts.remote_host(),
            services.contains(&Service::Mongodb),
        ) {
            return Err(Error::usage(format!(
                "MongoDB on the engine at {host} could not be reached from this machine: it is \
                 published on that machine's own 127.0.0.1 alone"
            ))
            .hint("urbania.yaml: services: {mongodb: {enabled: false}}")
            .hint("or run urbania on that machine"));
        }
        if let (Some(host), None) = (self.facts.remote_host(), &self.project.settings.livekit_url) {
            let port = self.project.livekit.port;
            return Err(Error::usage(format!(
                "the engine is at {host}, and nobody tells browsers to look for the SFU there"
            ))
            .hint(format!("urbania.yaml: livekit_url: ws://{host}:{port}"))
            .hint("or run urbania on that machine"));
        }
        wanted(
            &self.project,
            services,
            &self.effective,
            self.network.mode,
            self.hook.listen,
        )
    }

    /// Decides what `up` does. Only the images of containers that will be made are looked for.
    pub async fn plan(&mut self, wanted: &Wanted, pull: Pull) -> Result<Plan> {
        let plan = Plan::up(wanted, &self.seen);
        let images = wanted.containers.iter().filter_map(|(service, spec)| {
            let made = plan.actions.iter().any(|(s, action)| {
                s == service && matches!(action, Action::Create | Action::Recreate(..))
            });
            made.then(|| spec.image.clone())
        });
        let engine = &self.engine;
        let looked = try_join_all(images.map(|image| async move {
            let has = pull != Pull::Always && engine.has_image(&image).await?;
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
        let remote = self.facts.remote_host().is_some();
        let starting: Vec<Service> = plan
            .starting()
            .filter(|service| !remote || *service == Service::Api)
            .collect();
        let needs = port_needs(&self.project, &self.effective, &starting);
        let conflicts = ports::conflicts(&needs, &sockets::listening()?);
        if conflicts.is_empty() {
            return Ok(());
        }
        let ours = Ours {
            project: self.project.name.clone(),
            dir: self.project.dir.clone(),
            processes: (self.seen.api.iter())
                .map(|api| (Service::Api.to_string(), api.pid))
                .collect(),
        };
        let containers = self.engine.running().await?;
        match refusal(&claims(&conflicts, &ours, &containers)) {
            Some(refusal) => Err(refusal),
            None => Ok(()),
        }
    }
}

/// The address of another machine.
async fn resolved(host: &str) -> Result<IpAddr> {
    let mut found = tokio::net::lookup_host((host, 0))
        .await
        .or_fail(|| format!("cannot tell the address of the engine's machine `{host}`"))?;
    found
        .next()
        .map(|address| address.ip())
        .ok_or_else(|| Error::failed(format!("the engine's machine `{host}` has no address")))
}
