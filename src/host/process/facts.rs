//! What can be seen of a process.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind, Users};

/// A process as the system shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Program and arguments, as they are: not fit to be shown.
    pub arguments: Vec<String>,
    /// The number of its user.
    pub uid: u32,
    /// Since when it runs.
    pub started: Timestamp,
    /// The process that started it.
    pub parent: Option<u32>,
    /// The folder that it runs in, where that may be seen.
    pub cwd: Option<PathBuf>,
}

/// The facts of those of `pids` that run.
pub fn facts(pids: &[u32]) -> BTreeMap<u32, Facts> {
    let wanted: Vec<Pid> = pids.iter().copied().map(Pid::from_u32).collect();
    look(ProcessesToUpdate::Some(&wanted))
}

/// The facts of every process of the user that this one runs as.
pub fn facts_of_this_user() -> BTreeMap<u32, Facts> {
    let uid = rustix::process::geteuid().as_raw();
    let mut all = look(ProcessesToUpdate::All);
    all.retain(|_, facts| facts.uid == uid);
    all
}

fn look(which: ProcessesToUpdate<'_>) -> BTreeMap<u32, Facts> {
    let Ok(mut system) = System::new() else {
        return BTreeMap::new();
    };
    let what = ProcessRefreshKind::nothing()
        .with_cmd(UpdateKind::Always)
        .with_user(UpdateKind::Always)
        .with_cwd(UpdateKind::Always)
        .without_tasks();
    system.refresh_processes_specifics(which, true, what);
    system
        .processes()
        .iter()
        .map(|(pid, process)| (pid.as_u32(), of(process)))
        .collect()
}

fn of(process: &sysinfo::Process) -> Facts {
    let mut arguments: Vec<String> = process
        .cmd()
        .iter()
        .map(|a| a.to_string_lossy().into_owned())
        .collect();
    if arguments.is_empty() {
        arguments.push(process.name().to_string_lossy().into_owned());
    }
    let started = i64::try_from(process.start_time()).unwrap_or(i64::MAX);
    Facts {
        arguments,
        uid: process.effective_user_id().map_or(u32::MAX, |uid| **uid),
        started: Timestamp::from_second(started).unwrap_or_default(),
        parent: process.parent().map(Pid::as_u32),
        cwd: process.cwd().map(PathBuf::from),
    }
}

/// The name of a user, or the number where there is none.
pub fn user_name(uid: u32) -> String {
    Users::new_with_refreshed_list()
        .ok()
        .and_then(|users| {
            users
                .iter()
                .find(|user| **user.id() == uid)
                .map(|user| user.name().to_owned())
        })
        .unwrap_or_else(|| uid.to_string())
}
