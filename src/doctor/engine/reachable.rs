//! Whether an engine answers.

use async_trait::async_trait;

use crate::config::EngineKind;
use crate::doctor::{About, Check, ContainersSeen, EngineSeen, Finding, Group, Look, Site};

/// The check.
#[derive(Debug)]
pub struct Reachable;

const ABOUT: About = About {
    code: "engine.reachable",
    group: Group::Engine,
    title: "no engine answers, or it is not one that will do",
    looks_at: "The engine that the project runs on, or that `urbania up` would take. Where that is Docker: `DOCKER_HOST`,\n\
        Docker's context and the usual sockets of Docker, Podman and desktop engines, in this order; then the engine's\n\
        version and the kind of containers that it runs.",
    why: "Without its engine a project does not start, nor stop. A socket that is there and refuses is a matter of permission: the user is\n\
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
            // Without a project, nobody needs an engine of containers.
            let finding = match site.project() {
                Ok(_) => Finding::problem(e.to_string()),
                Err(_) => Finding::note(e.to_string()),
            };
            let cause = std::error::Error::source(e).map(ToString::to_string);
            let finding = cause.into_iter().fold(finding, Finding::evidence);
            return Ok(vec![e.hints().iter().cloned().fold(finding, Finding::fix)]);
        }
        Ok(vec![well(site.engine()?)])
    }
}

/// Which engine that is.
fn well(seen: &EngineSeen) -> Finding {
    if let Some(ContainersSeen { facts, .. }) = seen.containers() {
        return Finding::ok(format!(
            "{} {} at {} ({})",
            facts.product, facts.version, facts.endpoint, facts.origin
        ));
    }
    let what = match seen.runs_on.engine {
        EngineKind::Docker | EngineKind::Native => "native: programs of this machine",
        EngineKind::Embedded => "embedded: the development SFU",
    };
    let why = seen
        .pick
        .as_ref()
        .map(|pick| format!(", because {}", pick.why));
    let finding = Finding::ok(format!("{what}{}", why.unwrap_or_default()));
    let programs = &seen.runs_on.programs;
    let programs = [&programs.livekit, &programs.mongodb].into_iter().flatten();
    programs.fold(finding, |finding, path| {
        finding.evidence(format!("`{}`", path.display()))
    })
}
