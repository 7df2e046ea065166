//! Detached processes: in a session of their own, with a log, found again by a pid file.

#![allow(clippy::unused_async, reason = "the bodies are about to come")]

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::error::{Error, Result};

/// A process to be started.
#[derive(Clone, Debug)]
pub struct Spawn<'a> {
    /// The program.
    pub program: &'a Path,
    /// Its arguments; secrets have no place here.
    pub args: &'a [String],
    /// What is added to the environment of this process.
    pub env: &'a [(String, String)],
    /// Where its stdout and stderr are appended to (0600).
    pub log: &'a Path,
    /// Where it is found again (0600).
    pub pid_file: &'a Path,
    /// The folder that it runs in.
    pub dir: &'a Path,
}

/// A process that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Its process id.
    pub pid: u32,
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

/// Starts a process that outlives this one, the terminal and Ctrl-C.
///
/// The process writes the pid file by itself before it becomes `program`, and holds a lock until
/// then: whatever ends us in the middle, [`running`] finds it or there is none.
pub async fn spawn_detached(spawn: &Spawn<'_>) -> Result<Running> {
    let _ = spawn;
    Err(Error::failed("not built yet"))
}

/// The process of a pid file, if it still runs.
pub async fn running(pid_file: &Path) -> Result<Option<Running>> {
    let _ = pid_file;
    Ok(None)
}

impl Running {
    /// Since when it runs.
    pub fn since(&self) -> Option<Timestamp> {
        None
    }

    /// Resident memory in bytes.
    pub fn rss(&self) -> Option<u64> {
        None
    }

    /// Asks it to end, waits up to `grace`, then ends it by force. The pid file goes too.
    pub async fn stop(&self, grace: Duration) -> Result<Stopped> {
        let _ = grace;
        Ok(Stopped::Gone)
    }
}
