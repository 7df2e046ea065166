//! A plan as lines for people and scripts.

use serde::Serialize;

use super::{Action, LEFT_OVER, Plan};
use crate::stack::service::Service;

/// A line of a plan for people and scripts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// `pull`, `create`, `recreate`, `start`, `restart`, `reload`, `keep`, `stop`, `remove` or `delete`.
    pub action: &'static str,
    /// The service.
    pub service: String,
    /// What exactly, or why.
    pub detail: String,
}

impl Step {
    /// A line.
    pub fn new(
        action: &'static str,
        service: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            action,
            service: service.into(),
            detail: detail.into(),
        }
    }
}

impl Plan {
    /// The plan as lines.
    pub fn steps(&self) -> Vec<Step> {
        let pulls = self
            .pulls
            .iter()
            .map(|(s, image)| Step::new("pull", *s, image));
        let removals = self.removals.iter().map(|(instance, why)| {
            Step::new(
                "remove",
                &instance.service,
                format!("{}: {why}", instance.name),
            )
        });
        let actions = self.actions.iter().map(|(s, action)| action.step(*s));
        let fallbacks = self.fallbacks.iter().map(|instance| {
            let detail = format!("{}: {LEFT_OVER}", instance.name);
            Step::new("remove", &instance.service, detail)
        });
        pulls
            .chain(removals)
            .chain(actions)
            .chain(fallbacks)
            .collect()
    }
}

impl Action {
    fn step(&self, service: Service) -> Step {
        match self {
            Self::Keep(instance) => Step::new("keep", service, instance.handle()),
            Self::Start(instance) => Step::new("start", service, instance.handle()),
            Self::Restart(instance) => Step::new("restart", service, instance.handle()),
            Self::Create => Step::new("create", service, ""),
            Self::Recreate(_, why) => Step::new("recreate", service, why),
            Self::KeepApi(pid) => Step::new("keep", service, format!("pid {pid}")),
            Self::StartApi => Step::new("start", service, ""),
            Self::ReloadApi(_) => Step::new(
                "reload",
                service,
                "its key pairs or the limits of rooms changed",
            ),
            Self::RestartApi(_, why) => Step::new("restart", service, why),
        }
    }
}
