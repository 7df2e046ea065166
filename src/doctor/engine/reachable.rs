//! Whether an engine answers.

use async_trait::async_trait;

use crate::doctor::{About, Check, Finding, Group, Look, Site};

/// The check.
#[derive(Debug)]
pub struct Reachable;

const ABOUT: About = About {
    code: "engine.reachable",
    group: Group::Engine,
    title: "no container engine answers, or it is not one that will do",
    looks_at: "`DOCKER_HOST`, Docker's context and the usual sockets of Docker, Podman and desktop engines, in this\n\
        order; then the engine's version and the kind of containers that it runs.",
    why: "Without an engine nothing starts. A socket that is there and refuses is a matter of permission: the user is\n\
        not in its group, or has not logged in since.",
    fix: "Start the engine (`sudo systemctl start docker`), or let this user in:\n\
        `sudo usermod -aG docker \"$USER\"`, then log in again. `DOCKER_HOST` must be where the engine is.",
};

#[async_trait]
impl Check for Reachable {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        if let Some(e) = site.engine_error() {
            let finding = Finding::problem(e.to_string());
            let cause = std::error::Error::source(e).map(ToString::to_string);
            let finding = cause.into_iter().fold(finding, Finding::evidence);
            return Ok(vec![e.hints().iter().cloned().fold(finding, Finding::fix)]);
        }
        let facts = &site.engine()?.facts;
        Ok(vec![Finding::ok(format!(
            "{} {} at {} ({})",
            facts.product, facts.version, facts.endpoint, facts.origin
        ))])
    }
}
