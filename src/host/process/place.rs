//! Where a process runs and where what it says goes: a pid file alone may be a copy, or lost.

use std::path::Path;

#[cfg(target_os = "linux")]
pub use linux::is_detached;
#[cfg(target_os = "linux")]
pub(super) use linux::may_run_in;

#[cfg(target_os = "linux")]
mod linux {
    use super::Path;
    use std::fs;

    use super::super::handle::leads_a_session;
    use crate::host::files::identity;

    /// Whether it runs in `dir`. One whose folder nobody may see could be anywhere.
    pub fn may_run_in(pid: u32, dir: &Path) -> bool {
        // The kernel's link follows a folder that is moved.
        let cwd = format!("/proc/{pid}/cwd");
        match (identity(Path::new(&cwd)), identity(dir)) {
            (Some(its), Some(dir)) => its == dir,
            _ => true,
        }
    }

    /// Whether it was started as we start processes, with a log within `dir`: what somebody runs from a shell leads
    /// no session, or has a terminal. Both folder and log may be removed.
    pub fn is_detached(pid: u32, dir: &Path) -> bool {
        let log = fs::read_link(format!("/proc/{pid}/fd/1"));
        log.is_ok_and(|log| log.starts_with(dir)) && leads_a_session(pid)
    }
}

/// Whether it runs in `dir`. One whose folder nobody may see could be anywhere.
#[cfg(not(target_os = "linux"))]
pub(super) fn may_run_in(pid: u32, dir: &Path) -> bool {
    let cwd = super::facts(&[pid]).remove(&pid).and_then(|f| f.cwd);
    cwd.is_none_or(|cwd| crate::host::files::same_folder(&cwd, dir))
}

/// Not told here.
#[cfg(not(target_os = "linux"))]
pub fn is_detached(_pid: u32, _dir: &Path) -> bool {
    false
}
