//! The engine and the SFU, as they answer.

use std::time::Duration;

use jiff::Timestamp;

use super::check::Blind;
use crate::config::{Project, RunsOn};
use crate::context::Context;
use crate::engine::choice::Pick;
use crate::engine::{Choice, Containers, Engine, Facts, Host, Instance};
use crate::error::Result;
use crate::http;
use crate::stack::runner::Runner;

/// How long the engine, and then the SFU, may take to answer: an engine under load is no fault.
pub(super) const PATIENCE: Duration = Duration::from_secs(4);

/// The engine and what runs on it.
pub struct EngineSeen {
    /// The engine.
    pub engine: Box<dyn Engine>,
    /// Which one.
    pub runs_on: RunsOn,
    /// How it was picked, if nobody named it.
    pub pick: Option<Pick>,
    /// How the SFU is reached.
    pub network: Choice,
    /// Every instance, on an engine of containers also those of other projects.
    pub instances: Vec<Instance>,
    containers: Option<ContainersSeen>,
}

/// An engine of containers.
pub struct ContainersSeen {
    /// What it is.
    pub facts: Facts,
    /// The machine that it runs on.
    pub host: Host,
    /// How far its clock is ahead of ours, in seconds, where it says so.
    pub ahead: Option<i64>,
}

/// An SFU that answers.
#[derive(Clone, Debug)]
pub struct SfuSeen {
    /// Where: `http://…`.
    pub base: String,
    /// The status of its first page: LiveKit says 406 while it is not ready.
    pub status: u16,
    /// How far its clock is ahead of ours, in seconds, where it says so.
    pub ahead: Option<i64>,
}

impl EngineSeen {
    pub(super) async fn look(ctx: &Context, project: Option<&Project>) -> Result<Self> {
        let runner = match project {
            Some(project) => Runner::of(project, &ctx.env).await?,
            None => Runner::of_containers(&ctx.env).await?,
        };
        let engine = runner.engine;
        let (instances, containers) = tokio::try_join!(engine.instances(None), async {
            match engine.containers() {
                Some(containers) => ContainersSeen::look(containers, ctx).await.map(Some),
                None => Ok(None),
            }
        })?;
        let wanted = project.map(|p| p.settings.network).unwrap_or_default();
        Ok(Self {
            network: match &containers {
                Some(containers) => containers.facts.network(wanted),
                None => Choice::of_processes(),
            },
            engine,
            runs_on: runner.runs_on,
            pick: runner.pick,
            instances,
            containers,
        })
    }

    /// What there is to know of an engine of containers, if it is one.
    pub fn containers(&self) -> Option<&ContainersSeen> {
        self.containers.as_ref()
    }

    /// What an engine of containers says of itself.
    pub(super) fn facts(&self) -> Option<&Facts> {
        self.containers().map(|seen| &seen.facts)
    }

    /// The other machine that the engine is on.
    pub fn remote_host(&self) -> Option<&str> {
        self.facts()?.remote_host()
    }
}

impl ContainersSeen {
    async fn look(containers: &dyn Containers, ctx: &Context) -> Result<Self> {
        let (facts, (host, ahead)) = tokio::try_join!(containers.facts(), async {
            let host = containers.host().await?;
            let now = ctx.clock.now();
            let ahead = host.time.map(|time| time.as_second() - now.as_second());
            Ok((host, ahead))
        })?;
        Ok(Self { facts, host, ahead })
    }

    /// Whether what it runs is on this machine's own kernel.
    pub fn is_here(&self) -> bool {
        self.facts.remote_host().is_none() && self.facts.virtual_machine().is_none()
    }
}

impl SfuSeen {
    pub(super) async fn look(ctx: &Context, base: &str) -> Result<Self, Blind> {
        let nobody = || Blind(format!("no SFU answers at {base}"));
        let client = http::plain(PATIENCE).map_err(|_| nobody())?;
        let answer = client.get(base).send().await.map_err(|_| nobody())?;
        let date = answer.headers().get(reqwest::header::DATE);
        Ok(Self {
            base: base.to_owned(),
            status: answer.status().as_u16(),
            ahead: date
                .and_then(|date| date.to_str().ok())
                .and_then(|date| ahead(date, ctx.clock.now())),
        })
    }
}

/// How far the clock that wrote an HTTP date is ahead of ours.
fn ahead(date: &str, now: Timestamp) -> Option<i64> {
    let theirs = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    Some(theirs.as_second() - now.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_tells_how_far_a_clock_is_ahead() {
        let now = "2026-11-21T18:40:00Z".parse().unwrap();
        assert_eq!(ahead("Sat, 21 Nov 2026 18:40:09 GMT", now), Some(9));
        assert_eq!(ahead("Sat, 21 Nov 2026 18:39:00 GMT", now), Some(-60));
        assert_eq!(ahead("yesterday", now), None);
    }
}
