//! A Docker engine of a test's own, which can be filled up, stopped, and emptied without regard to
//! anybody else. It shares nothing with the engine of the machine but the kernel.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::docker::lines_of;
use super::ports::Ports;
use super::processes::Processes;
use super::project::{Run, TestProject};

/// A running engine; it ends with the value and leaves nothing behind.
pub struct Dockerd {
    daemon: Child,
    dir: TempDir,
    bridge: Bridge,
    processes: Option<Processes>,
}

impl Dockerd {
    /// One with all the space there is.
    pub fn start() -> Self {
        Self::start_on("true", "")
    }

    /// The same, with processes of its own: what `urbania` starts there,
    /// no other `urbania` of the machine finds.
    pub fn apart() -> Self {
        let mut engine = Self::start();
        engine.processes = Some(Processes::new());
        engine
    }

    /// One that speaks TLS on this port too, with the certificates of a folder.
    pub fn with_tls(port: u16, certificates: &Path) -> Self {
        let of = |name| certificates.join(name).display().to_string();
        let more = format!(
            "--host tcp://127.0.0.1:{port} --tlsverify --tlscacert {} --tlscert {} --tlskey {}",
            of("ca.pem"),
            of("engine.pem"),
            of("engine-key.pem")
        );
        Self::start_on("true", &more)
    }

    /// One that keeps its data on a filesystem of its own, of so many MiB.
    pub fn with_disk(mebibytes: u64) -> Self {
        let disk = format!(
            "truncate -s {mebibytes}M disk && mkfs.ext4 -q -m 0 disk && mount -o loop disk data"
        );
        Self::start_on(&disk, "")
    }

    /// Everything that is mounted is mounted in a namespace of the daemon's own, so that it goes
    /// with the daemon, however that ends.
    fn start_on(disk: &str, more: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let bridge = Bridge::new();
        let script = format!(
            "cd '{dir}' && mkdir data exec && {disk} && exec dockerd \
             --host unix://{dir}/docker.sock --data-root {dir}/data --exec-root {dir}/exec \
             --pidfile {dir}/docker.pid --bridge {bridge} --iptables=false --ip-forward=false \
             --containerd-namespace {bridge} --containerd-plugins-namespace {bridge}-plugins \
             --max-download-attempts 1 --log-level warn {more}",
            dir = dir.path().display(),
            bridge = bridge.name,
        );
        let log = fs::File::create(dir.path().join("log")).unwrap();
        let daemon = Command::new("setpriv")
            .args([
                "--pdeathsig",
                "TERM",
                "unshare",
                "--mount",
                "sh",
                "-c",
                &script,
            ])
            .env(
                "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            )
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut engine = Self {
            daemon,
            dir,
            bridge,
            processes: None,
        };
        engine.wait_until_it_answers();
        engine
    }

    fn wait_until_it_answers(&mut self) {
        let deadline = Instant::now() + Duration::from_mins(1);
        let answers = |engine: &Self| {
            let version = engine.command(&["version"]).output().unwrap();
            version.status.success()
        };
        while !answers(self) {
            let ended = self.daemon.try_wait().unwrap();
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "dockerd does not answer: {}",
                fs::read_to_string(self.dir.path().join("log")).unwrap()
            );
        }
    }

    /// Its address, for `DOCKER_HOST`.
    pub fn host(&self) -> String {
        format!("unix://{}/docker.sock", self.dir.path().display())
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.args(["--host", &self.host()]).args(args);
        command
    }

    /// Runs `docker` on this engine and returns what it prints, line by line.
    pub fn docker(&self, args: &[&str]) -> Vec<String> {
        lines_of(&mut self.command(args))
    }

    /// Copies an image of the machine's engine.
    pub fn load(&self, image: &str) {
        let mut save = Command::new("docker")
            .args(["save", image])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let from = save.stdout.take().unwrap();
        lines_of(self.command(&["load", "--quiet"]).stdin(from));
        assert!(save.wait().unwrap().success());
    }

    /// `urbania` in the project's folder, on this engine.
    pub fn urbania(&self, project: &TestProject, args: &[&str]) -> Command {
        let mut command = project.command(args);
        command.env("DOCKER_HOST", self.host());
        match &self.processes {
            Some(apart) => apart.command(&command),
            None => command,
        }
    }

    /// Runs `urbania` on this engine to its end.
    pub fn run(&self, project: &TestProject, args: &[&str]) -> Run {
        Run::of(args, &self.urbania(project, args).output().unwrap())
    }

    /// Names of everything that a project has on this engine: containers, then volumes.
    pub fn belongings(&self, project: &str) -> Vec<String> {
        let filter = format!("label=io.urbania.project={project}");
        let mut found = self.docker(&["ps", "-a", "--filter", &filter, "--format", "{{.Names}}"]);
        let volumes = ["volume", "ls", "--filter", &filter, "--format", "{{.Name}}"];
        found.extend(self.docker(&volumes));
        found
    }

    /// The folder of its data as the daemon sees it.
    pub fn data(&self) -> PathBuf {
        let own = PathBuf::from(format!("/proc/{}/root", self.daemon.id()));
        own.join(self.dir.path().strip_prefix("/").unwrap())
            .join("data")
    }

    /// What the daemon has mounted, for `nsenter`.
    pub fn mounts(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/ns/mnt", self.daemon.id()))
    }

    /// Takes all space but so many MiB, until [`Self::free_space`].
    pub fn fill_but(&self, mebibytes: u64) {
        let file = fs::File::create(self.data().join("ballast")).unwrap();
        let stat = rustix::fs::statvfs(self.data()).unwrap();
        let free = |blocks: u64| (blocks * stat.f_frsize).saturating_sub(mebibytes << 20);
        let mut end = 0;
        let mut piece = free(stat.f_bavail);
        // The filesystem needs some blocks for itself; at last there is none left.
        while piece >= stat.f_frsize {
            let mode = rustix::fs::FallocateFlags::empty();
            match rustix::fs::fallocate(&file, mode, end, piece) {
                Ok(()) if mebibytes > 0 => return,
                Ok(()) => end += piece,
                Err(_) => piece = piece / 2 / stat.f_frsize * stat.f_frsize,
            }
        }
    }

    /// Gives the space back.
    pub fn free_space(&self) {
        fs::remove_file(self.data().join("ballast")).unwrap();
    }

    /// Ends the daemon, and with it every container.
    pub fn end(&mut self) {
        let _ = kill_process(Pid::from_child(&self.daemon), Signal::TERM);
        let deadline = Instant::now() + Duration::from_secs(20);
        while matches!(self.daemon.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                let _ = self.daemon.kill();
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
}

impl Drop for Dockerd {
    fn drop(&mut self) {
        if matches!(self.daemon.try_wait(), Ok(None)) {
            let all = self.command(&["ps", "-aq"]).output();
            let all = all.map(|o| String::from_utf8_lossy(&o.stdout).into_owned());
            let ids: Vec<String> = all.iter().flat_map(|o| o.lines()).map(Into::into).collect();
            if !ids.is_empty() {
                let _ = self.command(&["rm", "--force"]).args(ids).output();
            }
        }
        self.end();
    }
}

/// The network of its published ports.
struct Bridge {
    name: String,
    _number: Ports,
}

impl Bridge {
    fn new() -> Self {
        let ports = Ports::take();
        let number = ports.number();
        let name = format!("urbtest{number}");
        let address = format!("10.{}.{}.1/24", 213 + number / 256, number % 256);
        // Left over if the last test that had this number was killed.
        ip(&["link", "del", &name]);
        assert!(ip(&["link", "add", "name", &name, "type", "bridge"]));
        assert!(ip(&["address", "add", &address, "dev", &name]));
        assert!(ip(&["link", "set", &name, "up"]));
        Self {
            name,
            _number: ports,
        }
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        ip(&["link", "del", &self.name]);
    }
}

fn ip(args: &[&str]) -> bool {
    let output = Command::new("/sbin/ip").args(args).output();
    output
        .expect("`ip` is installed; scripts/setup installs it")
        .status
        .success()
}
