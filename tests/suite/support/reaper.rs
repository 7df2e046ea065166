//! Cleans up after a test that was killed, which no destructor does.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Ends at once when it reads a line; the end of its input means that the test is dead.
const SCRIPT: &str = r#"
read -r _ && exit
pid=$(sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' "$dir/.urbania/api.pid")
[ -z "$pid" ] || ! grep -q serve "/proc/$pid/cmdline" || kill -KILL "$pid"
for process in /proc/[0-9]*; do
  case $(readlink "$process/cwd") in "$dir/.urbania/processes/"*) kill -KILL "${process#/proc/}" ;; esac
done
label=label=io.urbania.project=$project
docker ps --all --quiet --filter "$label" | xargs -r docker rm --force --volumes
docker volume ls --quiet --filter "$label" | xargs -r docker volume rm --force
rm -rf "$dir"
"#;

/// A process that outlives the test by as much as it takes to clean up.
pub struct Reaper(Child);

impl Reaper {
    /// For the project `name` in `dir`.
    pub fn of(dir: &Path, name: &str) -> Self {
        let reaper = Command::new("sh")
            .args(["-c", SCRIPT])
            // Not as arguments: tests look there for processes of the project.
            .env("dir", dir)
            .env("project", name)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C is for the test.
            .process_group(0)
            .spawn()
            .unwrap();
        Self(reaper)
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        if let Some(mut input) = self.0.stdin.take() {
            let _ = input.write_all(b"over\n");
        }
        let _ = self.0.wait();
    }
}
