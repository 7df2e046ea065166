//! A Podman engine of a test's own, behind the socket that speaks Docker's API.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::docker::lines_of;
use super::project::{Run, TestProject};

/// Podman asks for more than a kernel may give to root inside a container.
const CONFIG: &str =
    "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=4096:4096\"]\n";

/// A running service; it ends with the value and leaves nothing behind.
pub struct Podman {
    service: Child,
    dir: TempDir,
}

impl Podman {
    /// One with the images of these names.
    pub fn with(images: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("containers.conf"), CONFIG).unwrap();
        let log = fs::File::create(dir.path().join("log")).unwrap();
        let mut command = Command::new("setpriv");
        let service = in_folder(command.args(["--pdeathsig", "TERM", "podman"]), &dir)
            .args(["system", "service", "--time=0"])
            .arg(format!("unix://{}/podman.sock", dir.path().display()))
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let engine = Self { service, dir };
        let deadline = Instant::now() + Duration::from_secs(30);
        while !engine.dir.path().join("podman.sock").exists() {
            let log = fs::read_to_string(engine.dir.path().join("log"));
            assert!(Instant::now() < deadline, "podman does not answer: {log:?}");
            std::thread::yield_now();
        }
        for image in images {
            let mut save = Command::new("docker")
                .args(["save", image])
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            lines_of(engine.command(&["load"]).stdin(save.stdout.take().unwrap()));
            assert!(save.wait().unwrap().success());
        }
        engine
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("podman");
        in_folder(&mut command, &self.dir).args(args);
        command
    }

    /// Runs `podman` on this engine and returns what it prints, line by line.
    pub fn podman(&self, args: &[&str]) -> Vec<String> {
        lines_of(&mut self.command(args))
    }

    /// Runs `urbania` on this engine to its end.
    pub fn run(&self, project: &TestProject, args: &[&str]) -> Run {
        let mut command = project.command(args);
        let host = format!("unix://{}/podman.sock", self.dir.path().display());
        Run::of(args, &command.env("DOCKER_HOST", host).output().unwrap())
    }
}

/// Everything that Podman keeps is in the folder.
fn in_folder<'a>(command: &'a mut Command, dir: &TempDir) -> &'a mut Command {
    let of = |name| dir.path().join(name);
    command
        .env("CONTAINERS_CONF", of("containers.conf"))
        .arg("--root")
        .arg(of("root"))
        .arg("--runroot")
        .arg(of("run"))
}

impl Drop for Podman {
    fn drop(&mut self) {
        let _ = self
            .command(&["rm", "--force", "--all", "--time=0"])
            .output();
        let _ = self.service.kill();
        let _ = self.service.wait();
        // Podman keeps the folder of its layers mounted.
        let layers = self.dir.path().join("root/overlay");
        let _ = Command::new("umount").arg(layers).output();
    }
}
