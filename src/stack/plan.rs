//! What `up` and `down` will do, decided before anything is done.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;

use super::service::Service;
use crate::engine::{Instance, ServiceSpec, State, Volume};
use crate::error::{Error, Result};
use crate::host::files::same_folder;

/// What is to run.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Containers, in the order in which they start.
    pub containers: Vec<(Service, ServiceSpec)>,
    /// The hash of what the API reads, if the API is to run.
    pub api: Option<String>,
    /// Whether everything of the project is wanted, so that what is not is to go.
    pub complete: bool,
}

/// What is there.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Containers of the project.
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
    /// The API runs with what its files said before.
    RestartApi(u32, String),
}

/// What will be done, in order.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Images to fetch.
    pub pulls: Vec<(Service, String)>,
    /// Containers that nobody needs, and why.
    pub removals: Vec<(Instance, String)>,
    /// What an interrupted `up` was about to replace: it goes when its successor works.
    pub fallbacks: Vec<Instance>,
    /// What happens to each service, in the order in which they start.
    pub actions: Vec<(Service, Action)>,
}

/// A line of a plan for people and scripts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// `pull`, `create`, `recreate`, `start`, `restart`, `keep`, `stop`, `remove` or `delete`.
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
    /// Decides what `up` does.
    pub fn up(wanted: &Wanted, seen: &Seen) -> Self {
        let mut plan = Self::default();
        for (service, spec) in &wanted.containers {
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
            if creates && seen.missing_images.contains(&spec.image) {
                plan.pulls.push((*service, spec.image.clone()));
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
                Action::KeepApi(pid) => *action = Action::RestartApi(*pid, "asked for".to_owned()),
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
            .filter(|(_, action)| !action.keeps() && !matches!(action, Action::Restart(_)))
            .map(|(service, _)| *service)
    }

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

const LEFT_OVER: &str = "left by an interrupted `up`";
const NEVER_READY: &str = "it was ended before it was ready once";

/// Added to the name of a container while its successor is being tried.
pub const SET_ASIDE: &str = "-before";

/// Whether this is what an interrupted `up` set aside: it worked.
fn is_fallback(instance: &Instance, spec: &ServiceSpec) -> bool {
    instance.name.strip_suffix(SET_ASIDE) == Some(&spec.name) && worth(instance.state) < WORTHLESS
}

/// The same container as it was before its successor was tried.
pub fn ran(fallback: Instance) -> Instance {
    Instance {
        state: State::Running,
        ..fallback
    }
}

impl Wanted {
    fn has(&self, service: &str) -> bool {
        self.containers.iter().any(|(s, _)| s.as_str() == service)
    }
}

impl Action {
    /// Whether the service stays as it is.
    pub fn keeps(&self) -> bool {
        matches!(self, Self::Keep(_) | Self::KeepApi(_))
    }

    /// The container that is there and is not kept as it runs.
    fn unready(&self) -> Option<Instance> {
        match self {
            Self::Start(instance) | Self::Recreate(instance, _) => Some(instance.clone()),
            _ => None,
        }
    }

    fn step(&self, service: Service) -> Step {
        match self {
            Self::Keep(instance) => Step::new("keep", service, &instance.name),
            Self::Start(instance) => Step::new("start", service, &instance.name),
            Self::Restart(instance) => Step::new("restart", service, &instance.name),
            Self::Create => Step::new("create", service, ""),
            Self::Recreate(_, why) => Step::new("recreate", service, why),
            Self::KeepApi(pid) => Step::new("keep", service, format!("pid {pid}")),
            Self::StartApi => Step::new("start", service, ""),
            Self::RestartApi(_, why) => Step::new("restart", service, why),
        }
    }
}

/// The container that counts as the service, and those that an interrupted `up` left.
///
/// While a container is replaced there are two of them: the one before, renamed, and the new one.
pub fn sort_out(
    service: Service,
    name: &str,
    instances: &[Instance],
) -> (Option<Instance>, Vec<Instance>) {
    let mut found: Vec<Instance> = instances
        .iter()
        .filter(|i| i.service == service.as_str())
        .cloned()
        .collect();
    found.sort_by_key(|i| (worth(i.state), i.name != name));
    let has_current = found.first().is_some_and(|i| worth(i.state) < WORTHLESS);
    let leftovers = found.split_off(usize::from(has_current));
    (found.pop(), leftovers)
}

const WORTHLESS: u8 = 2;

/// What was made and never started, or broke, cannot be trusted to be complete.
fn worth(state: State) -> u8 {
    match state {
        State::Running | State::Paused => 0,
        State::Exited => 1,
        State::Created | State::Dead => WORTHLESS,
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

/// Two folders with one project name would fight over the same containers and the same data. Those
/// of a folder that is no more belong to the one that has the name now.
pub fn refuse_namesake(
    project: &str,
    dir: &Path,
    instances: &[Instance],
    volumes: &[Volume],
) -> Result<()> {
    let another = |its: &&Path| its.is_dir() && !same_folder(its, dir);
    let runs = instances.iter().map(|i| i.dir.as_path()).find(another);
    let keeps_data = volumes.iter().map(|v| v.dir.as_path()).find(another);
    let Some(other) = runs.or(keeps_data) else {
        return Ok(());
    };
    let other = other.display();
    let refusal = Error::problem(match runs {
        Some(_) => format!("another project named `{project}` is at `{other}`"),
        None => format!("another project named `{project}` is at `{other}`, and its data is kept"),
    })
    .hint("give this one another name: in urbania.yaml");
    Err(match runs {
        Some(_) => refusal.hint(format!(
            "or stop the other one: urbania down --project {other}"
        )),
        None => refusal,
    })
}

#[cfg(test)]
mod tests;
