//! Services that run with what the files said before.

use async_trait::async_trait;

use crate::doctor::{About, Check, Finding, Group, Look, Site};
use crate::stack::plan::{Action, Plan};
use crate::stack::service::Service;

/// The check.
#[derive(Debug)]
pub struct Stale;

const ABOUT: About = About {
    code: "config.stale",
    group: Group::Config,
    title: "a service runs with what the files said before",
    looks_at: "The hash of everything that each container and the API were started with, against what the files say\n\
        now.",
    why: "LiveKit, MongoDB and the API read their files at their start alone. An edit that seems to do nothing has\n\
        not been seen by anybody yet.",
    fix: "`urbania up` starts again what has changed, and nothing else. Starting the SFU again ends its calls;\n\
        `urbania up --dry-run` shows what would happen.",
};

#[async_trait]
impl Check for Stale {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        Ok(judge(&site.plan()?))
    }
}

fn judge(plan: &Plan) -> Vec<Finding> {
    let changed = |(service, action): &(Service, Action)| match action {
        Action::Recreate(instance, why) if instance.state == crate::engine::State::Running => {
            Some((*service, why.clone()))
        }
        Action::RestartApi(_, why) => Some((*service, why.clone())),
        Action::ReloadApi(_) => Some((
            *service,
            "its key pairs or the limits of rooms changed".to_owned(),
        )),
        _ => None,
    };
    let found = plan.actions.iter().filter_map(changed);
    found
        .map(|(service, why)| {
            let message = format!("`{service}` runs with what its files said before");
            Finding::warning(message).evidence(why).fix("urbania up")
        })
        .collect()
}
