//! The SFU's network, for those who only show it.

use std::net::IpAddr;
use std::time::Duration;

use tokio::time::timeout;

use super::hook::{Place, Way};
use crate::config::{Machine, NetworkChoice, NetworkMode, Project};
use crate::context::Env;
use crate::engine::docker::Docker;
use crate::engine::{Engine as _, Facts};
use crate::error::Result;
use crate::host::address;

/// How long an engine is waited for that need not be there.
const PATIENCE: Duration = Duration::from_secs(2);

/// What `up` would find, or what is usual on this system where no engine answers. `mode` is the
/// network to be shown, if the user has a wish.
pub async fn expected(project: &Project, mode: Option<NetworkMode>, env: &Env) -> (Machine, Way) {
    let engine = match timeout(PATIENCE, asked(env)).await {
        Ok(Ok(engine)) => Some(engine),
        Ok(Err(e)) => {
            tracing::info!("the network is a guess: {e}");
            None
        }
        Err(_) => {
            tracing::info!("the network is a guess: the engine does not answer in time");
            None
        }
    };
    let facts = engine.as_ref().map(|(facts, _)| facts);
    let network = mode.unwrap_or_else(|| chosen(project.settings.network, facts));
    let own = address::node_ip();
    let way = Way::at(&Place {
        engine: facts,
        network,
        gateway: engine.as_ref().and_then(|(_, gateway)| *gateway),
        own,
        listen: project.settings.api.listen,
    });
    let machine = Machine {
        network,
        node_ip: own,
        webhook_url: way.url.clone(),
    };
    (machine, way)
}

fn chosen(choice: NetworkChoice, engine: Option<&Facts>) -> NetworkMode {
    match (choice, engine) {
        (NetworkChoice::Host, _) => NetworkMode::Host,
        (NetworkChoice::Auto, Some(facts)) => facts.network(choice).mode,
        (NetworkChoice::Auto, None) if cfg!(target_os = "linux") => NetworkMode::Host,
        (NetworkChoice::Auto | NetworkChoice::Published, _) => NetworkMode::Published,
    }
}

async fn asked(env: &Env) -> Result<(Facts, Option<IpAddr>)> {
    let engine = Docker::connect(env).await?;
    let (facts, gateway) = tokio::join!(engine.facts(), engine.gateway());
    Ok((facts?, gateway))
}
