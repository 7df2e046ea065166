//! Processes that see, and are seen by, nobody else: for commands that mean every process of the
//! machine.

use std::ffi::OsStr;
use std::process::{Child, Command, Stdio};

/// A namespace of processes; they end with the value, however the test ends.
pub struct Processes(Child);

impl Processes {
    /// An empty one.
    pub fn new() -> Self {
        // `cat` ends with its input, which ends with the test.
        let first = Command::new("unshare")
            .args(["--pid", "--fork", "--kill-child", "cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let own = std::fs::read_link("/proc/self/ns/pid").unwrap();
        let children = format!("/proc/{}/ns/pid_for_children", first.id());
        crate::support::until::eventually("the namespace is there", || {
            std::fs::read_link(&children).is_ok_and(|namespace| namespace != own)
        });
        Self(first)
    }

    /// The same command, run among them.
    pub fn command(&self, command: &Command) -> Command {
        let namespace = format!("--pid=/proc/{}/ns/pid_for_children", self.0.id());
        let mut inside = Command::new("nsenter");
        inside
            .args([
                OsStr::new(&namespace),
                "unshare".as_ref(),
                "--mount-proc".as_ref(),
            ])
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear();
        for (name, value) in command.get_envs() {
            inside.envs(value.map(|value| (name, value)));
        }
        if let Some(dir) = command.get_current_dir() {
            inside.current_dir(dir);
        }
        inside
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
