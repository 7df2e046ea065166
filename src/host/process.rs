//! Detached processes: in a session of their own, with a log, found again by a pid file.
//!
//! A process is started through our own binary ([`become_program`]): it writes the pid file about
//! itself, then turns into the program. From before its start until then a lock beside the pid
//! file is held, by inheritance also when we die in between. So a crash at any moment leaves no
//! process, or one that [`running`] finds.

mod environ;
mod facts;
mod handle;
mod launch;
mod pid_file;
mod place;

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

pub use environ::{WithVariables, with_variables};
pub use facts::{Facts, facts, facts_of_this_user, user_name};
pub use handle::Handle;
pub use launch::{Spawn, Variables, become_program, spawn_detached, spawn_detached_through};
pub use pid_file::Record;
pub use place::is_detached;

use super::files;
use crate::error::{Error, Result};

/// How long the end of a process that was killed may take.
const AFTER_KILL: Duration = Duration::from_secs(10);

/// A detached process that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Its process id.
    pub pid: u32,
    record: Record,
    pid_file: PathBuf,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// By itself, when asked to.
    Asked,
    /// By force, because the grace period was over.
    Killed,
    /// It was gone already.
    Gone,
}

/// The process of a pid file, if it still runs, and in `dir`, where it was started: the pid file may be a copy.
/// Waits for a start that is under way.
pub async fn running(pid_file: &Path, dir: &Path) -> Result<Option<Running>> {
    if let Some(dir) = pid_file.parent() {
        files::may_look_into(dir)?;
    }
    if !pid_file.exists() && !pid_file::lock_path(pid_file).exists() {
        return Ok(None);
    }
    let _settled = pid_file::lock(pid_file).await?;
    Ok(found(pid_file, dir))
}

/// The same for those who hold the lock.
fn found(pid_file: &Path, dir: &Path) -> Option<Running> {
    let record = Record::read(pid_file)?;
    let is_it = record.is_alive() && place::may_run_in(record.pid, dir);
    is_it.then(|| Running {
        pid: record.pid,
        record,
        pid_file: pid_file.to_path_buf(),
    })
}

impl Running {
    /// Since when it runs.
    pub fn since(&self) -> Option<Timestamp> {
        self.facts().map(|f| f.started)
    }

    /// Whether it still runs.
    pub fn is_alive(&self) -> bool {
        self.record.is_alive()
    }

    /// A hold on it; `None` when it has ended.
    pub fn handle(&self) -> Option<Handle> {
        Handle::open(self.pid).filter(|_| self.is_alive())
    }

    /// Whether somebody has frozen it: it hears no signal but the last one.
    pub fn is_frozen(&self) -> bool {
        handle::is_frozen(self.pid) && self.is_alive()
    }

    fn facts(&self) -> Option<Facts> {
        facts(&[self.pid])
            .remove(&self.pid)
            .filter(|_| self.is_alive())
    }

    /// Asks it to end, waits up to `grace`, then ends it by force. The pid file goes too.
    pub async fn stop(&self, grace: Duration) -> Result<Stopped> {
        let stopped = match self.handle() {
            Some(handle) => handle.stop_group(grace).await?,
            None => Stopped::Gone,
        };
        if Record::read(&self.pid_file).as_ref() == Some(&self.record) {
            // A file that stays names a process that no longer runs, which is harmless.
            let _ = std::fs::remove_file(&self.pid_file);
        }
        Ok(stopped)
    }
}

impl Handle {
    /// Asks the process to end, waits up to `grace`, then ends it by force.
    pub async fn stop(&self, grace: Duration) -> Result<Stopped> {
        self.end(grace, Self::kill).await
    }

    /// The same; by force, the group that it leads ends with it.
    pub async fn stop_group(&self, grace: Duration) -> Result<Stopped> {
        self.end(grace, Self::kill_group).await
    }

    async fn end(&self, grace: Duration, by_force: fn(&Self) -> Result<()>) -> Result<Stopped> {
        if !self.terminate()? {
            return Ok(Stopped::Gone);
        }
        if self.ended_within(grace).await {
            return Ok(Stopped::Asked);
        }
        self.end_by(by_force).await.map(|()| Stopped::Killed)
    }

    /// Ends the group that it leads by force, and waits for its own end.
    pub async fn end_group(&self) -> Result<()> {
        self.end_by(Self::kill_group).await
    }

    async fn end_by(&self, force: fn(&Self) -> Result<()>) -> Result<()> {
        force(self)?;
        if self.ended_within(AFTER_KILL).await {
            return Ok(());
        }
        Err(Error::failed(format!(
            "process {} does not end, even by force",
            self.pid()
        ))
        .hint("it waits for a device or a network disk that does not answer"))
    }
}
