//! Stopping a service: a signal, patience, a second signal where one helps, force.

use std::time::Duration;

use tokio::time::timeout;

use super::participants;
use super::service::Service;
use crate::config::Project;
use crate::context::Context;
use crate::engine::{Engine, Instance, Signal, State};
use crate::error::Result;

/// LiveKit goes on for as long as somebody is in a room; without anybody it ends at once.
const LIVEKIT_GRACE: Duration = Duration::from_secs(2);
/// Whatever else we run writes its data to the disk within this.
const GRACE: Duration = Duration::from_secs(10);
/// How long a service may take after it was told to end at once.
const LAST_GRACE: Duration = Duration::from_secs(5);

/// Stops an instance the way its service needs it and waits for its end. `project` is there when
/// its files can be read.
pub async fn stop(
    ctx: &Context,
    engine: &dyn Engine,
    project: Option<&Project>,
    instance: &Instance,
) -> Result<()> {
    let id = &instance.id;
    if instance.state == State::Paused {
        // A frozen process hears no signal but the last one.
        engine.signal(id, Signal::Kill).await?;
        return engine.exited(id).await.map(drop);
    }
    let drains = instance.service == Service::Livekit.as_str();
    let grace = if drains { LIVEKIT_GRACE } else { GRACE };
    engine.signal(id, Signal::Terminate).await?;
    let mut exited = std::pin::pin!(engine.exited(id));
    if let Ok(end) = timeout(grace, &mut exited).await {
        return end.map(drop);
    }
    if drains {
        if let Some(project) = project {
            participants::announce(ctx, project).await;
        }
        engine.signal(id, Signal::Terminate).await?;
        if let Ok(end) = timeout(LAST_GRACE, &mut exited).await {
            return end.map(drop);
        }
    }
    engine.signal(id, Signal::Kill).await?;
    exited.await.map(drop)
}
