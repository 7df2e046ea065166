//! The Docker engine, and Podman's socket that speaks its API. bollard stays behind this wall.

mod connect;
mod create;
mod endpoint;
mod environment;
mod failure;
mod gateway;
mod host;
mod instance;
mod logs;
mod pull;
mod running;
mod settle;
mod tls;

use std::collections::HashMap;
use std::net::IpAddr;

use async_trait::async_trait;
use bollard::Docker as Client;
use bollard::errors::Error as ClientError;
use bollard::query_parameters::{
    KillContainerOptionsBuilder, ListContainersOptionsBuilder, ListVolumesOptionsBuilder,
    RemoveContainerOptionsBuilder, RemoveVolumeOptions, RenameContainerOptionsBuilder,
    WaitContainerOptionsBuilder,
};
use futures_util::StreamExt;
use futures_util::future::try_join_all;
use futures_util::stream::BoxStream;

use self::failure::{Explain, already, missing};
use self::instance::{instance, moment, status};
use super::{
    Condition, Containers, Engine, Environment, Facts, Host, Instance, LABEL_DIR, LABEL_PROJECT,
    LogLine, LogQuery, Owner, Progress, ServiceSpec, Signal, State, Volume,
};
use crate::context::Env;
use crate::error::{Error, Result};
use crate::host::holder::ContainerFacts;

/// A connection to an engine.
#[derive(Debug)]
pub struct Docker {
    client: Client,
    endpoint: endpoint::Endpoint,
    credentials: pull::Credentials,
}

impl Docker {
    /// Finds the engine that the environment names, or the one that is there.
    pub async fn connect(env: &Env) -> Result<Self> {
        let (client, endpoint) = connect::first_that_answers(endpoint::candidates(env)?).await?;
        tracing::debug!("engine at {} ({})", endpoint.address, endpoint.origin);
        Ok(Self {
            client,
            endpoint,
            credentials: pull::Credentials::of(env),
        })
    }

    /// Whether there is no sign of an engine: no socket where one would be.
    pub fn is_absent(env: &Env) -> bool {
        let missing = |endpoint: &endpoint::Endpoint| match &endpoint.address {
            endpoint::Address::Unix(path) => !path.exists(),
            endpoint::Address::Tcp(_) | endpoint::Address::Tls { .. } => false,
        };
        endpoint::candidates(env).is_ok_and(|candidates| candidates.iter().all(missing))
    }

    /// A list shows a container that is being started like one that never was; the engine's answer
    /// about it alone waits for the start. `None` if it has gone.
    async fn settled(&self, mut instance: Instance) -> Result<Option<Instance>> {
        if instance.state == State::Created {
            match self.client.inspect_container(&instance.id, None).await {
                Ok(found) => instance.state = status(found.state.and_then(|s| s.status)),
                Err(e) if missing(&e) => return Ok(None),
                Err(e) => return Err(e).explain(|| format!("cannot inspect `{}`", instance.name)),
            }
        }
        Ok(Some(instance))
    }

    /// Podman lists but the first of adjacent ports: of our own containers all are asked for.
    async fn with_all_ports(&self, mut facts: ContainerFacts) -> Result<ContainerFacts> {
        if facts.project.is_some() {
            match self.client.inspect_container(&facts.id, None).await {
                Ok(found) => running::add_ports(&mut facts, found),
                Err(e) if missing(&e) => {}
                Err(e) => return Err(e).explain(|| format!("cannot inspect `{}`", facts.name)),
            }
        }
        Ok(facts)
    }

    fn filters(project: Option<&str>) -> HashMap<&'static str, Vec<String>> {
        let label = match project {
            Some(name) => format!("{LABEL_PROJECT}={name}"),
            None => LABEL_PROJECT.to_owned(),
        };
        HashMap::from([("label", vec![label])])
    }
}

#[async_trait]
impl Engine for Docker {
    fn containers(&self) -> Option<&dyn Containers> {
        Some(self)
    }

    async fn instances(&self, project: Option<&str>) -> Result<Vec<Instance>> {
        let options = ListContainersOptionsBuilder::new()
            .all(true)
            .filters(&Self::filters(project))
            .build();
        let list = self
            .client
            .list_containers(Some(options))
            .await
            .explain(|| "cannot list containers".into())?;
        let list = list.into_iter().filter_map(instance);
        let settled = try_join_all(list.map(|instance| self.settled(instance))).await?;
        Ok(settled.into_iter().flatten().collect())
    }

    async fn recover(&self, project: &str) -> Result<()> {
        settle::settle(self, project).await
    }

    async fn inspect(&self, id: &str) -> Result<Condition> {
        let found = self
            .client
            .inspect_container(id, None)
            .await
            .explain(|| format!("cannot inspect container {id}"))?;
        let state = found.state.unwrap_or_default();
        Ok(Condition {
            state: status(state.status),
            started: state.started_at.and_then(|at| moment(&at)),
            exit_code: state.exit_code,
            out_of_memory: state.oom_killed.unwrap_or(false),
            pid: state
                .pid
                .and_then(|pid| pid.try_into().ok())
                .filter(|pid| *pid != 0),
            restarts: found
                .restart_count
                .and_then(|n| n.try_into().ok())
                .unwrap_or(0),
        })
    }

    async fn create(&self, spec: &ServiceSpec) -> Result<String> {
        create::volumes(&self.client, spec).await?;
        let id = create::make(&self.client, spec).await?;
        if let Err(e) = create::upload(&self.client, &id, spec).await {
            // Nobody else knows it; that it could not be filled is the failure to report.
            let _ = self.remove(&id).await;
            return Err(e);
        }
        Ok(id)
    }

    async fn rename(&self, id: &str, name: &str) -> Result<()> {
        let options = RenameContainerOptionsBuilder::new().name(name).build();
        self.client
            .rename_container(id, options)
            .await
            .explain(|| format!("cannot rename container {id} to `{name}`"))
    }

    async fn start(&self, id: &str, service: &str) -> Result<()> {
        match self.client.start_container(id, None).await {
            Err(e) if already(&e) => Ok(()),
            other => other.explain(|| format!("cannot start `{service}`")),
        }
    }

    async fn signal(&self, id: &str, signal: Signal) -> Result<()> {
        let name = match signal {
            Signal::Terminate => "SIGTERM",
            Signal::Kill => "SIGKILL",
        };
        let options = KillContainerOptionsBuilder::new().signal(name).build();
        match self.client.kill_container(id, Some(options)).await {
            // 409: it does not run (any more).
            Err(e) if missing(&e) || failure::status(&e) == Some(409) => Ok(()),
            Err(e) if failure::does_not_run(&e) => Ok(()),
            other => other.explain(|| format!("cannot send {name} to container {id}")),
        }
    }

    async fn exited(&self, id: &str) -> Result<Option<i64>> {
        let options = WaitContainerOptionsBuilder::new()
            .condition("not-running")
            .build();
        loop {
            let mut answers = Box::pin(self.client.wait_container(id, Some(options.clone())));
            return match answers.next().await {
                None => Ok(None),
                Some(Ok(answer)) => Ok(Some(answer.status_code)),
                Some(Err(ClientError::DockerContainerWaitError { code, .. })) => Ok(Some(code)),
                // Podman says nothing at all until the end comes.
                Some(Err(ClientError::RequestTimeoutError)) => continue,
                Some(Err(e)) if missing(&e) => Ok(None),
                Some(Err(e)) => Err(e).explain(|| format!("cannot wait for container {id}")),
            };
        }
    }

    async fn remove(&self, id: &str) -> Result<()> {
        let options = RemoveContainerOptionsBuilder::new()
            .force(true)
            // Volumes without a name alone: the image declares some.
            .v(true)
            .build();
        match self.client.remove_container(id, Some(options)).await {
            // 409: somebody else is removing it.
            Err(e) if missing(&e) || failure::status(&e) == Some(409) => Ok(()),
            other => other.explain(|| format!("cannot remove container {id}")),
        }
    }

    fn logs(&self, id: &str, query: &LogQuery) -> BoxStream<'static, Result<LogLine>> {
        logs::stream(&self.client, id, query)
    }

    async fn volumes(&self, project: Option<&str>) -> Result<Vec<Volume>> {
        let options = ListVolumesOptionsBuilder::new()
            .filters(&Self::filters(project))
            .build();
        let list = self
            .client
            .list_volumes(Some(options))
            .await
            .explain(|| "cannot list volumes".into())?;
        Ok(list
            .volumes
            .unwrap_or_default()
            .into_iter()
            .filter_map(|mut volume| {
                Some(Volume {
                    project: volume.labels.remove(LABEL_PROJECT)?,
                    dir: volume.labels.remove(LABEL_DIR).unwrap_or_default().into(),
                    name: volume.name,
                })
            })
            .collect())
    }

    async fn volume_owner(&self, name: &str) -> Result<Option<Owner>> {
        match self.client.inspect_volume(name).await {
            Ok(mut volume) => Ok(Some(
                volume
                    .labels
                    .remove(LABEL_PROJECT)
                    .map_or(Owner::Foreign, Owner::Project),
            )),
            Err(e) if missing(&e) => Ok(None),
            Err(e) => Err(e).explain(|| format!("cannot inspect volume `{name}`")),
        }
    }

    async fn remove_volume(&self, name: &str) -> Result<()> {
        match self
            .client
            .remove_volume(name, None::<RemoveVolumeOptions>)
            .await
        {
            Err(e) if missing(&e) => Ok(()),
            Err(e) if failure::status(&e) == Some(409) => {
                Err(Error::failed(format!("volume `{name}` is in use by a container")).because(e))
            }
            other => other.explain(|| format!("cannot remove volume `{name}`")),
        }
    }
}

#[async_trait]
impl Containers for Docker {
    async fn facts(&self) -> Result<Facts> {
        connect::facts(&self.client, &self.endpoint).await
    }

    async fn host(&self) -> Result<Host> {
        host::host(&self.client).await
    }

    async fn gateway(&self) -> Option<IpAddr> {
        gateway::gateway(&self.client).await
    }

    async fn running(&self) -> Result<Vec<ContainerFacts>> {
        let list = self
            .client
            .list_containers(None)
            .await
            .explain(|| "cannot list containers".into())?;
        let list = list.into_iter().map(running::facts);
        try_join_all(list.map(|facts| self.with_all_ports(facts))).await
    }

    async fn environments(&self, names: &[&str]) -> Result<Vec<Environment>> {
        environment::all(&self.client, names).await
    }

    async fn has_image(&self, image: &str) -> Result<bool> {
        match self.client.inspect_image(image).await {
            Ok(_) => Ok(true),
            Err(e) if missing(&e) => Ok(false),
            Err(e) => Err(e).explain(|| format!("cannot inspect image `{image}`")),
        }
    }

    async fn can_pull(&self, image: &str) -> Result<()> {
        // Podman cannot be asked.
        if self.facts().await?.product == "Podman" {
            return Ok(());
        }
        pull::is_offered(&self.client, &self.credentials, image).await
    }

    async fn pull(&self, image: &str, report: &mut (dyn FnMut(Progress) + Send)) -> Result<()> {
        pull::pull(&self.client, &self.credentials, image, report).await
    }

    async fn image_architecture(&self, image: &str) -> Result<Option<String>> {
        host::image_architecture(&self.client, image).await
    }
}
