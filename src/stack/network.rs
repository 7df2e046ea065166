//! How the SFU reaches the network, and how browsers and the API are reached by it.

use std::net::IpAddr;
use std::time::Duration;

use tokio::time::timeout;

use super::hook::{Place, Way};
use super::runner::Runner;
use crate::config::{EngineKind, Machine, NetworkChoice, NetworkMode, Project};
use crate::context::Env;
use crate::engine::{Choice, Engine, Facts};
use crate::error::{Context as _, Error, Result};
use crate::host::address;

/// How long an engine is waited for that need not be there.
const PATIENCE: Duration = Duration::from_secs(2);

/// The SFU's network on an engine.
#[derive(Clone, Debug)]
pub struct Network {
    /// What the engine is, if it runs containers.
    pub facts: Option<Facts>,
    /// How the SFU reaches the network, and why.
    pub choice: Choice,
    /// What must be known of the machine.
    pub machine: Machine,
    /// The way of webhooks.
    pub way: Way,
}

impl Network {
    /// That of a project on an engine. `mode` is what containers shall have, if somebody wants to know.
    pub async fn of(
        project: &Project,
        kind: EngineKind,
        engine: &dyn Engine,
        mode: Option<NetworkMode>,
    ) -> Result<Self> {
        let Some(containers) = engine.containers() else {
            return Ok(match mode {
                Some(mode) => Self::guess(project, mode),
                None => Self::of_processes(project, kind),
            });
        };
        let facts = containers.facts().await?;
        let mut choice = facts.network(project.settings.network);
        choice.mode = mode.unwrap_or(choice.mode);
        let gateway = match choice.mode {
            NetworkMode::Published => containers.gateway().await,
            NetworkMode::Host => None,
        };
        let node_ip = match facts.remote_host() {
            Some(host) => resolved(host).await?,
            None => address::node_ip(),
        };
        Ok(Self::with(project, Some(facts), choice, gateway, node_ip))
    }

    fn of_processes(project: &Project, kind: EngineKind) -> Self {
        let choice = Choice::of_processes();
        let mut network = Self::with(project, None, choice, None, address::node_ip());
        network.machine.engine = kind;
        network
    }

    /// Containers with this network on an engine that nobody asked.
    fn guess(project: &Project, mode: NetworkMode) -> Self {
        let choice = Choice {
            mode,
            reason: String::new(),
        };
        Self::with(project, None, choice, None, address::node_ip())
    }

    fn with(
        project: &Project,
        facts: Option<Facts>,
        choice: Choice,
        gateway: Option<IpAddr>,
        node_ip: IpAddr,
    ) -> Self {
        let way = Way::at(&Place {
            engine: facts.as_ref(),
            network: choice.mode,
            gateway,
            own: address::node_ip(),
            listen: project.settings.api.listen,
        });
        Self {
            machine: Machine {
                engine: EngineKind::Docker,
                network: choice.mode,
                node_ip,
                webhook_url: way.url.clone(),
            },
            facts,
            choice,
            way,
        }
    }
}

/// What `up` would find, or what is usual on this system where the engine does not answer. `mode` is the
/// network of containers to be shown, if the user has a wish.
pub async fn expected(project: &Project, mode: Option<NetworkMode>, env: &Env) -> Network {
    let looked = timeout(PATIENCE, async {
        let runner = Runner::of(project, env).await?;
        Network::of(project, runner.kind(), runner.engine.as_ref(), mode).await
    });
    let why = match looked.await {
        Ok(Ok(network)) => return network,
        Ok(Err(e)) => e.to_string(),
        Err(_) => "the engine does not answer in time".to_owned(),
    };
    tracing::info!("the network is a guess: {why}");
    let mode = mode.unwrap_or_else(|| usual(project.settings.network));
    Network::guess(project, mode)
}

/// Where no engine can tell.
fn usual(choice: NetworkChoice) -> NetworkMode {
    match choice {
        NetworkChoice::Host => NetworkMode::Host,
        NetworkChoice::Auto if cfg!(target_os = "linux") => NetworkMode::Host,
        NetworkChoice::Auto | NetworkChoice::Published => NetworkMode::Published,
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
