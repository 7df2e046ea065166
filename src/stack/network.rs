//! The SFU's network, for those who only show it.

use std::time::Duration;

use tokio::time::timeout;

use crate::config::{NetworkChoice, NetworkMode};
use crate::context::Env;
use crate::engine::Engine as _;
use crate::engine::docker::Docker;
use crate::error::Result;

/// How long an engine is waited for that need not be there.
const PATIENCE: Duration = Duration::from_secs(2);

/// What `up` would choose; where no engine answers, what is usual on this system.
pub async fn expected(choice: NetworkChoice, env: &Env) -> NetworkMode {
    match choice {
        NetworkChoice::Host => return NetworkMode::Host,
        NetworkChoice::Published => return NetworkMode::Published,
        NetworkChoice::Auto => {}
    }
    match timeout(PATIENCE, asked(env)).await {
        Ok(Ok(mode)) => return mode,
        Ok(Err(e)) => tracing::info!("the network is a guess: {e}"),
        Err(_) => tracing::info!("the network is a guess: the engine does not answer in time"),
    }
    if cfg!(target_os = "linux") {
        NetworkMode::Host
    } else {
        NetworkMode::Published
    }
}

async fn asked(env: &Env) -> Result<NetworkMode> {
    let facts = Docker::connect(env).await?.facts().await?;
    Ok(facts.network(NetworkChoice::Auto).mode)
}
