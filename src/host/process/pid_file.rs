//! The pid file: which process, told apart from any later one with the same number.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::handle::birth;
use crate::error::{Context as _, Error, Result};
use crate::host::files;

/// How long a start may be under way.
const PATIENCE: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(5);

/// What the pid file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The process id.
    pub pid: u32,
    /// When the process was started, in the kernel's own unit, counted from the start of the
    /// machine.
    pub started: u64,
    /// Which start of the machine that is.
    pub boot: Option<String>,
    /// What it runs.
    pub program: PathBuf,
}

impl Record {
    /// The record of this process.
    pub fn of_this_process(program: &Path) -> io::Result<Self> {
        let pid = std::process::id();
        Ok(Self {
            pid,
            started: birth(pid).ok_or_else(|| io::Error::other("cannot tell its start time"))?,
            boot: boot(),
            program: program.to_path_buf(),
        })
    }

    /// What a pid file says; `None` where it is absent or damaged.
    pub fn read(path: &Path) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
    }

    /// Writes a pid file.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        files::replace(path, &serde_json::to_string(self)?, files::PRIVATE)
    }

    /// Whether this very process runs.
    pub fn is_alive(&self) -> bool {
        birth(self.pid) == Some(self.started) && boot() == self.boot
    }
}

fn boot() -> Option<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}

/// The file whose lock is held while the process of `pid_file` is being started.
pub(super) fn lock_path(pid_file: &Path) -> PathBuf {
    pid_file.with_extension("lock")
}

/// Waits until no start is under way and keeps others from beginning one.
pub(super) async fn lock(pid_file: &Path) -> Result<File> {
    let path = lock_path(pid_file);
    let file = files::lockable(&path)?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(e)) => {
                return Err(e).or_fail(|| format!("cannot lock `{}`", path.display()));
            }
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => sleep(RETRY).await,
            Err(TryLockError::WouldBlock) => {
                return Err(Error::failed(format!(
                    "another start holds `{}` for more than {} s",
                    path.display(),
                    PATIENCE.as_secs()
                ))
                .hint(format!("see who: `fuser {}`", path.display())));
            }
        }
    }
}
