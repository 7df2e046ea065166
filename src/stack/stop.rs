//! Stopping a container: a signal, patience, a second signal where one helps, force.

use std::time::Duration;

use tokio::time::timeout;

use crate::engine::{Engine, Signal, StopPolicy};
use crate::error::Result;

/// How long a service may take after it was told to end at once.
const LAST_GRACE: Duration = Duration::from_secs(5);

/// Stops a container and waits for its end. `impatient` is called when the first signal was not
/// enough and a second one is about to follow.
pub async fn stop(
    engine: &dyn Engine,
    id: &str,
    policy: StopPolicy,
    impatient: impl AsyncFnOnce(),
) -> Result<()> {
    engine.signal(id, Signal::Terminate).await?;
    let mut exited = std::pin::pin!(engine.exited(id));
    if let Ok(end) = timeout(policy.grace, &mut exited).await {
        return end.map(drop);
    }
    if policy.insist {
        impatient().await;
        engine.signal(id, Signal::Terminate).await?;
        if let Ok(end) = timeout(LAST_GRACE, &mut exited).await {
            return end.map(drop);
        }
    }
    engine.signal(id, Signal::Kill).await?;
    exited.await.map(drop)
}
