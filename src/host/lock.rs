//! One `up` or `down` of a project at a time.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::files;
use crate::error::{Context as _, Error, Result};
use crate::output::Output;

/// How long a command waits for another one to finish.
const PATIENCE: Duration = Duration::from_mins(1);
const RETRY: Duration = Duration::from_millis(50);

/// A lock on the project's state; it ends with the value or, however it dies, with the process.
#[derive(Debug)]
pub struct ProjectLock {
    file: File,
    abandoned: bool,
}

/// Written into the lock file, for those who wait.
#[derive(Debug, Serialize, Deserialize)]
struct Owner {
    pid: u32,
    command: String,
}

impl ProjectLock {
    /// Takes the lock of the project whose state is in `state_dir`; `what` is the command that
    /// others are told, such as `urbania up`.
    pub async fn acquire(state_dir: &Path, what: &str, out: &Output) -> Result<Self> {
        Self::acquire_within(PATIENCE, state_dir, what, out).await
    }

    /// The same with another patience.
    pub async fn acquire_within(
        patience: Duration,
        state_dir: &Path,
        what: &str,
        out: &Output,
    ) -> Result<Self> {
        files::may_look_into(state_dir)?;
        files::private_dir(state_dir)?;
        let path = state_dir.join("lock");
        let mut file = files::lockable(&path)?;
        let deadline = Instant::now() + patience;
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(e)) => {
                    return Err(e).or_fail(|| format!("cannot lock `{}`", path.display()));
                }
            }
            if Instant::now() >= deadline {
                return Err(busy(&mut file, patience));
            }
            if !told {
                out.say(format_args!(
                    "waiting for {} to finish",
                    described(&mut file)
                ));
                told = true;
            }
            sleep(RETRY).await;
        }
        let abandoned = owner(&mut file).is_some();
        if let Err(e) = sign(&mut file, what) {
            // The lock holds all the same: only who has it cannot be told.
            tracing::warn!("cannot write `{}`: {e}", path.display());
        }
        Ok(Self { file, abandoned })
    }

    /// Whether the last holder was killed: what it asked others to do may still be going on.
    pub fn was_abandoned(&self) -> bool {
        self.abandoned
    }
}

impl Drop for ProjectLock {
    fn drop(&mut self) {
        // Nobody is told a name that no longer holds; the lock itself ends with the file.
        let _ = self.file.set_len(0);
    }
}

fn sign(file: &mut File, what: &str) -> std::io::Result<()> {
    let owner = serde_json::to_vec(&Owner {
        pid: std::process::id(),
        command: what.to_owned(),
    })?;
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&owner)
}

fn owner(file: &mut File) -> Option<Owner> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn described(file: &mut File) -> String {
    match owner(file) {
        Some(Owner { pid, command }) => format!("`{command}` (pid {pid})"),
        None => "another urbania command of this project".to_owned(),
    }
}

fn busy(file: &mut File, patience: Duration) -> Error {
    let error = Error::failed(format!(
        "{} is still at work on this project after {} s",
        described(file),
        patience.as_secs()
    ));
    match owner(file) {
        Some(Owner { pid, .. }) => error.hint(format!("wait for it, or end it: `kill {pid}`")),
        None => error.hint("wait for it to finish, then try again"),
    }
}
