//! What `up` and `down` will do, decided before anything is done.

mod found;
mod steps;

use std::collections::BTreeSet;

use self::found::{WORTHLESS, worth};
pub use self::found::{refuse_namesake, sort_out};
pub use self::steps::Step;
use super::api::differ_in_live;
use super::service::Service;
use crate::engine::{Instance, Runs, ServiceSpec, State};

/// What is to run.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Services besides the API, in the order in which they start.
    pub specs: Vec<(Service, ServiceSpec)>,
    /// The hash of what the API reads, if the API is to run.
    pub api: Option<String>,
    /// Whether everything of the project is wanted, so that what is not is to go.
    pub complete: bool,
}

/// What is there.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Instances of the project.
    pub instances: Vec<Instance>,
    /// The API's process.
    pub api: Option<ApiSeen>,
    /// Images that the engine lacks.
    pub missing_images: BTreeSet<String>,
    /// Whether MongoDB's volume has not been ready once.
    pub unproved: bool,
}

/// The API's process as it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiSeen {
    /// Its process id.
    pub pid: u32,
    /// The hash of what it read when it started.
    pub config: String,
}

/// What happens to one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// It runs as wanted.
    Keep(Instance),
    /// It ran as wanted and is to run again.
    Start(Instance),
    /// It runs as wanted and is to stop and run again.
    Restart(Instance),
    /// There is none.
    Create,
    /// The one that is there is not what is wanted.
    Recreate(Instance, String),
    /// The API runs as wanted.
    KeepApi(u32),
    /// The API does not run.
    StartApi,
    /// The API runs as wanted but for its pairs, which it takes while it runs.
    ReloadApi(u32),
    /// The API runs with what its files said before.
    RestartApi(u32, String),
}

/// What will be done, in order.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Images to fetch.
    pub pulls: Vec<(Service, String)>,
    /// Instances that nobody needs, and why.
    pub removals: Vec<(Instance, String)>,
    /// What an interrupted `up` was about to replace: it goes when its successor works.
    pub fallbacks: Vec<Instance>,
    /// What happens to each service, in the order in which they start.
    pub actions: Vec<(Service, Action)>,
}

impl Plan {
    /// Decides what `up` does.
    pub fn up(wanted: &Wanted, seen: &Seen) -> Self {
        let mut plan = Self::default();
        for (service, spec) in &wanted.specs {
            let (current, mut leftovers) = sort_out(*service, &spec.name, &seen.instances);
            let unproved = seen.unproved && *service == Service::Mongodb;
            let mut action = action(spec, current);
            if unproved && let Some(unready) = action.unready() {
                plan.removals.push((unready, NEVER_READY.to_owned()));
                action = Action::Create;
            } else if let Some(at) = leftovers.iter().position(|i| is_fallback(i, spec)) {
                let fallback = leftovers.remove(at);
                action = match action {
                    Action::Keep(_) | Action::Start(_) => {
                        plan.fallbacks.push(fallback);
                        action
                    }
                    // The successor was never proved, and is not what is wanted now.
                    Action::Recreate(successor, why) => {
                        leftovers.push(successor);
                        Action::Recreate(ran(fallback), why)
                    }
                    other => {
                        leftovers.push(fallback);
                        other
                    }
                };
            }
            let left = leftovers.into_iter().map(|i| (i, LEFT_OVER.to_owned()));
            plan.removals.extend(left);
            let creates = matches!(action, Action::Create | Action::Recreate(..));
            if let (true, Runs::Image { image, .. }) = (creates, &spec.runs)
                && seen.missing_images.contains(image)
            {
                plan.pulls.push((*service, image.clone()));
            }
            plan.actions.push((*service, action));
        }
        if wanted.complete {
            let gone = seen.instances.iter().filter(|i| !wanted.has(&i.service));
            plan.removals
                .extend(gone.map(|i| (i.clone(), "not part of the project any more".to_owned())));
        }
        if let Some(config) = &wanted.api {
            let action = match &seen.api {
                None => Action::StartApi,
                Some(api) if api.config == *config => Action::KeepApi(api.pid),
                Some(api) if differ_in_live(&api.config, config) => Action::ReloadApi(api.pid),
                Some(api) => Action::RestartApi(api.pid, "its configuration changed".to_owned()),
            };
            plan.actions.push((Service::Api, action));
        }
        plan
    }

    /// The same, except that what would be kept is stopped and started.
    #[must_use]
    pub fn restarting(mut self) -> Self {
        for (_, action) in &mut self.actions {
            match action {
                Action::Keep(instance) => *action = Action::Restart(instance.clone()),
                Action::KeepApi(pid) | Action::ReloadApi(pid) => {
                    *action = Action::RestartApi(*pid, "asked for".to_owned());
                }
                _ => {}
            }
        }
        self
    }

    /// Whether everything is as wanted already.
    pub fn is_empty(&self) -> bool {
        self.removals.is_empty()
            && self.fallbacks.is_empty()
            && self.actions.iter().all(|(_, action)| action.keeps())
    }

    /// The services that will be started and do not have their ports already.
    pub fn starting(&self) -> impl Iterator<Item = Service> {
        self.actions
            .iter()
            .filter(|(_, action)| {
                !action.keeps() && !matches!(action, Action::Restart(_) | Action::ReloadApi(_))
            })
            .map(|(service, _)| *service)
    }
}

const LEFT_OVER: &str = "left by an interrupted `up`";
const NEVER_READY: &str = "it was ended before it was ready once";

/// Added to the name of an instance while its successor is being tried.
pub const SET_ASIDE: &str = "-before";

/// Whether this is what an interrupted `up` set aside: it worked.
fn is_fallback(instance: &Instance, spec: &ServiceSpec) -> bool {
    instance.name.strip_suffix(SET_ASIDE) == Some(&spec.name) && worth(instance.state) < WORTHLESS
}

/// The same instance as it was before its successor was tried.
pub fn ran(fallback: Instance) -> Instance {
    Instance {
        state: State::Running,
        ..fallback
    }
}

impl Wanted {
    fn has(&self, service: &str) -> bool {
        self.specs.iter().any(|(s, _)| s.as_str() == service)
    }
}

impl Action {
    /// Whether the service stays as it is.
    pub fn keeps(&self) -> bool {
        matches!(self, Self::Keep(_) | Self::KeepApi(_))
    }

    /// The instance that is there and is not kept as it runs.
    fn unready(&self) -> Option<Instance> {
        match self {
            Self::Start(instance) | Self::Recreate(instance, _) => Some(instance.clone()),
            _ => None,
        }
    }
}

fn action(spec: &ServiceSpec, current: Option<Instance>) -> Action {
    let Some(current) = current else {
        return Action::Create;
    };
    // Engines spell names of images in ways of their own: only the hash decides.
    let why = if current.config != spec.config_hash() {
        "its configuration changed".to_owned()
    } else if current.name != spec.name {
        LEFT_OVER.to_owned()
    } else if current.state == State::Paused {
        "it is paused".to_owned()
    } else if current.state == State::Running {
        return Action::Keep(current);
    } else {
        return Action::Start(current);
    };
    Action::Recreate(current, why)
}

#[cfg(test)]
mod tests;
