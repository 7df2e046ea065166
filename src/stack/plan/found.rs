//! Telling the instances that are there apart.

use std::path::Path;

use crate::engine::{Instance, State, Volume};
use crate::error::{Error, Result};
use crate::host::files::{is_gone, same_folder};
use crate::stack::service::Service;

/// The instance that counts as the service, and those that an interrupted `up` left.
///
/// While one is replaced there are two of them: the one before, renamed, and the new one.
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

pub(super) const WORTHLESS: u8 = 2;

/// What was made and never started, or broke, cannot be trusted to be complete.
pub(super) fn worth(state: State) -> u8 {
    match state {
        State::Running | State::Paused => 0,
        State::Exited => 1,
        State::Created | State::Dead => WORTHLESS,
    }
}

/// Two folders with one project name would fight over the same names and the same data. Those
/// of a folder that is no more belong to the one that has the name now.
pub fn refuse_namesake(
    project: &str,
    dir: &Path,
    instances: &[Instance],
    volumes: &[Volume],
) -> Result<()> {
    let another = |its: &&Path| !is_gone(its) && !same_folder(its, dir);
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
