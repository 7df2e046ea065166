//! After a command was killed, the engine goes on with what it was asked last: wait for that.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Docker;
use crate::engine::Engine as _;
use crate::error::Result;

/// What has not changed for so long will not change by itself.
const QUIET: Duration = Duration::from_millis(400);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(10);

/// Returns when the containers of the project do not change any more.
pub async fn settle(engine: &Docker, project: &str) -> Result<()> {
    let deadline = Instant::now() + LONGEST;
    let mut seen = engine.instances(Some(project)).await?;
    let mut since = Instant::now();
    while since.elapsed() < QUIET && Instant::now() < deadline {
        sleep(LOOK_AGAIN).await;
        let now = engine.instances(Some(project)).await?;
        if now != seen {
            seen = now;
            since = Instant::now();
        }
    }
    Ok(())
}
