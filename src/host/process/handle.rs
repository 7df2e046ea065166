//! A process that is meant for sure: its number can be used again, a handle cannot.

use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::time::{sleep, timeout};

use crate::error::{Error, Result};

/// The end is looked for after this long, then after twice as long and so on, up to the slowest.
const FIRST_LOOK: Duration = Duration::from_millis(1);
const SLOWEST: Duration = Duration::from_millis(20);

/// A process, told apart from later ones of the same number.
#[derive(Debug)]
pub struct Handle {
    pid: Pid,
    born: u64,
    /// `None` where the kernel has no process descriptors.
    #[cfg(target_os = "linux")]
    descriptor: Option<std::os::fd::OwnedFd>,
}

impl Handle {
    /// The process that has this number now; `None` when there is none.
    pub fn open(pid: u32) -> Option<Self> {
        let number = Pid::from_raw(i32::try_from(pid).ok()?)?;
        #[cfg(target_os = "linux")]
        let descriptor =
            rustix::process::pidfd_open(number, rustix::process::PidfdFlags::empty()).ok();
        // After the descriptor: were it the other way round, a new process could slip in between.
        birth(pid).map(|born| Self {
            pid: number,
            born,
            #[cfg(target_os = "linux")]
            descriptor,
        })
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// When it was started, in the kernel's own unit.
    pub fn born(&self) -> u64 {
        self.born
    }

    /// Asks it to end; `false` when it is gone.
    pub fn terminate(&self) -> Result<bool> {
        self.send(Signal::TERM)
    }

    /// Has it read its files again, if that is what SIGHUP means to it; `false` when it is gone.
    pub fn hang_up(&self) -> Result<bool> {
        self.send(Signal::HUP)
    }

    /// Ends it by force.
    pub fn kill(&self) -> Result<()> {
        self.send(Signal::KILL).map(drop)
    }

    /// Ends it, and what is left of a group that it leads, by force.
    pub fn kill_group(&self) -> Result<()> {
        // While the leader is there, the group's number cannot belong to somebody else.
        if rustix::process::getpgid(Some(self.pid)) == Ok(self.pid) && self.is_alive() {
            let _ = kill_process_group(self.pid, Signal::KILL);
        }
        self.kill()
    }

    fn send(&self, signal: Signal) -> Result<bool> {
        match self.signal(signal) {
            Ok(()) => Ok(true),
            Err(Errno::SRCH) => Ok(false),
            Err(e) => Err(
                Error::failed(format!("not allowed to signal process {}", self.pid()))
                    .because(e)
                    .hint("it belongs to somebody else: try again with `sudo`"),
            ),
        }
    }

    fn signal(&self, signal: Signal) -> rustix::io::Result<()> {
        #[cfg(target_os = "linux")]
        if let Some(descriptor) = &self.descriptor {
            return rustix::process::pidfd_send_signal(descriptor, signal);
        }
        if self.is_alive() {
            kill_process(self.pid, signal)
        } else {
            Err(Errno::SRCH)
        }
    }

    fn is_alive(&self) -> bool {
        birth(self.pid()) == Some(self.born)
    }

    /// Waits for its end.
    pub async fn ended(&self) {
        let mut pause = FIRST_LOOK;
        while self.is_alive() {
            sleep(pause).await;
            pause = SLOWEST.min(pause * 2);
        }
    }

    /// Waits for its end, at most this long.
    pub async fn ended_within(&self, limit: Duration) -> bool {
        timeout(limit, self.ended()).await.is_ok()
    }
}

/// When the process was started, in the kernel's own unit; `None` when it is gone or only waits to
/// be collected by its parent.
#[cfg(target_os = "linux")]
pub(super) fn birth(pid: u32) -> Option<u64> {
    let stat = stat(pid)?;
    let mut columns = columns(&stat)?;
    let state = columns.next()?;
    if matches!(state, "Z" | "X" | "x") {
        return None;
    }
    columns.nth(18)?.parse().ok()
}

/// Whether the process is stopped until somebody lets it go on.
#[cfg(target_os = "linux")]
pub(super) fn is_frozen(pid: u32) -> bool {
    let stat = stat(pid).unwrap_or_default();
    columns(&stat).and_then(|mut columns| columns.next()) == Some("T")
}

/// Whether it leads a session of its own.
#[cfg(target_os = "linux")]
pub(super) fn leads_a_session(pid: u32) -> bool {
    let stat = stat(pid).unwrap_or_default();
    columns(&stat).and_then(|mut columns| columns.nth(3)) == Some(&pid.to_string())
}

#[cfg(target_os = "linux")]
fn stat(pid: u32) -> Option<String> {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()
}

/// The columns from the state on; the name in parentheses before it may contain anything.
#[cfg(target_os = "linux")]
fn columns(stat: &str) -> Option<std::str::Split<'_, char>> {
    Some(stat.rsplit_once(") ")?.1.split(' '))
}

/// When the process was started, in seconds.
#[cfg(not(target_os = "linux"))]
pub(super) fn birth(pid: u32) -> Option<u64> {
    super::facts(&[pid])
        .get(&pid)
        .and_then(|f| f.started.as_second().try_into().ok())
}

/// Not told here.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_frozen(_pid: u32) -> bool {
    false
}
