//! A project of its own for a test: folder, name, ports; gone when the test ends, however it ends.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::docker;
use super::engine::Engine;
use super::ports::Ports;
use super::reaper::Reaper;

/// A folder that `urbania` runs in.
pub struct TestProject {
    /// The project's name, unique among all tests.
    pub name: String,
    /// Ports of the project.
    pub ports: Ports,
    /// What its services run on.
    pub engine: Engine,
    dir: TempDir,
    _reaper: Reaper,
}

impl TestProject {
    /// A folder with an `urbania.yaml` and nothing else; its services are containers.
    pub fn new() -> Self {
        Self::new_on(Engine::Docker)
    }

    fn new_on(engine: Engine) -> Self {
        let ports = Ports::take();
        let name = format!("test-{}", ports.livekit());
        let dir = tempfile::tempdir().unwrap();
        let project = Self {
            _reaper: Reaper::of(dir.path(), &name),
            name,
            ports,
            engine,
            dir,
        };
        project.settings("");
        project
    }

    /// Initialised by `urbania init`, then moved to the test's own ports; its services are containers.
    pub fn initialised() -> Self {
        Self::initialised_on(Engine::Docker)
    }

    /// The same on another engine.
    pub fn initialised_on(engine: Engine) -> Self {
        let project = Self::new_on(engine);
        project.init();
        project
    }

    /// Runs `urbania init` and moves the project to the test's own ports.
    pub fn init(&self) {
        self.ok(&["init", "--force"]);
        self.settings("");
        let (first, last) = self.ports.udp_range();
        let moved = [
            ("7880", self.ports.livekit()),
            ("7881", self.ports.rtc_tcp()),
            ("50000", first),
            ("60000", last),
            ("27017", self.ports.mongodb()),
            ("8000", self.ports.api()),
        ];
        for file in ["livekit.yaml", ".env"] {
            self.edit(file, |text| {
                // In two steps: one port of ours may contain a usual one.
                let marked = moved.iter().fold(text, |text, (usual, _)| {
                    text.replace(usual, &format!("<{usual}>"))
                });
                moved.iter().fold(marked, |text, (usual, ours)| {
                    text.replace(&format!("<{usual}>"), &ours.to_string())
                })
            });
        }
    }

    /// Writes `urbania.yaml`: name and ports, then `more` (top-level YAML).
    pub fn settings(&self, more: &str) {
        let Self { name, ports, .. } = self;
        let services = format!("services: {{mongodb: {{port: {}}}}}\n", ports.mongodb());
        let api = format!("api: {{listen: '127.0.0.1:{}'}}\n", ports.api());
        let usual = [("services:", services), ("api:", api)];
        let usual = usual.into_iter().filter(|(key, _)| !more.contains(key));
        let usual: String = usual.map(|(_, line)| line).collect();
        self.write("urbania.yaml", &format!("name: {name}\n{usual}{more}"));
    }

    /// The project's folder.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// A file of the project.
    pub fn path(&self, file: &str) -> PathBuf {
        self.dir.path().join(file)
    }

    /// The text of a file of the project.
    pub fn read(&self, file: &str) -> String {
        let path = self.path(file);
        fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// Writes a file of the project; its mode stays.
    pub fn write(&self, file: &str, text: &str) {
        fs::write(self.path(file), text).unwrap();
    }

    /// Changes the text of a file of the project.
    pub fn edit(&self, file: &str, change: impl FnOnce(String) -> String) {
        self.write(file, &change(self.read(file)));
    }

    /// The base address of the API.
    pub fn api(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.api())
    }

    /// `urbania` in the project's folder, with nothing of the tester's environment that it would heed.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_urbania"));
        command.args(args).current_dir(self.dir()).env_clear();
        for name in ["PATH", "HOME", "DOCKER_HOST", "DOCKER_CONTEXT"] {
            #[expect(
                clippy::disallowed_methods,
                reason = "handed on to the program under test"
            )]
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.envs(self.engine.variables());
        command
    }

    /// Runs `urbania` to its end.
    pub fn run(&self, args: &[&str]) -> Run {
        Run::of(args, &self.command(args).output().unwrap())
    }

    /// Runs `urbania`, which must succeed; what it printed on stdout.
    pub fn ok(&self, args: &[&str]) -> String {
        self.run(args).expect(0).stdout
    }

    /// Adds a local user through `urbania user add`.
    pub fn add_user(&self, name: &str, password: &str) {
        let args = ["user", "add", name, "--password-stdin"];
        let mut child = self
            .command(&args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        writeln!(stdin, "{password}").unwrap();
        drop(stdin);
        let _ = Run::of(&args, &child.wait_with_output().unwrap()).expect(0);
    }

    /// The pid of the project's API process, while it runs.
    pub fn api_pid(&self) -> Option<u32> {
        let state: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(self.path(".urbania/api.pid")).ok()?).ok()?;
        let pid = u32::try_from(state["pid"].as_u64()?).ok()?;
        let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        String::from_utf8_lossy(&command)
            .contains("serve")
            .then_some(pid)
    }

    /// What of a service is there, as the project shows it: a container's id or `pid NUMBER`.
    pub fn instance(&self, service: &str) -> Option<String> {
        // That not all is well is the test's business.
        let run = self.run(&["status", "-o", "json"]);
        let status: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let mut services = status["services"].as_array().unwrap().iter();
        let found = services.find(|s| s["service"] == service)?;
        Some(found["instance"].as_str()?.to_owned())
    }

    /// The pid of a service that is a process.
    pub fn pid(&self, service: &str) -> Option<u32> {
        let instance = self.instance(service)?;
        let pid = instance.strip_prefix("pid ")?;
        Some(pid.parse().unwrap())
    }

    /// Every process of this machine that was started for the project, known to it or not.
    pub fn processes(&self) -> Vec<u32> {
        let dir = self.dir().to_str().unwrap();
        let entries = fs::read_dir("/proc").unwrap().map_while(Result::ok);
        entries
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(|pid| {
                let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                let cwd = fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
                String::from_utf8_lossy(&command).contains(dir)
                    || cwd.starts_with(self.dir().join(".urbania/processes"))
            })
            .collect()
    }
}

impl Drop for TestProject {
    fn drop(&mut self) {
        let of_engine = match self.engine {
            Engine::Docker => Vec::new(),
            Engine::Native | Engine::Embedded => self.processes(),
        };
        for pid in self.api_pid().into_iter().chain(of_engine) {
            let _ = Command::new("kill")
                .args(["-KILL", &pid.to_string()])
                .status();
        }
        docker::remove_everything(&self.name);
    }
}

/// How a run of `urbania` ended.
#[derive(Debug)]
pub struct Run {
    /// Its arguments.
    pub args: String,
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Data.
    pub stdout: String,
    /// Talk.
    pub stderr: String,
}

impl Run {
    /// What a finished process left.
    pub fn of(args: &[&str], output: &Output) -> Self {
        Self {
            args: args.join(" "),
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The same run if it ended with one of `codes`.
    #[must_use]
    pub fn expect_any(self, codes: &[i32]) -> Self {
        let code = self.code.filter(|code| codes.contains(code));
        self.expect(code.unwrap_or(codes[0]))
    }

    /// The same run if it ended with `code`.
    #[must_use]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "urbania {}\n{}{}",
            self.args,
            self.stdout,
            self.stderr
        );
        self
    }
}

const DIR: &str = "KILLED_TEST_DIR";

/// Does nothing unless `a_killed_test_leaves_nothing` runs it.
#[test]
fn be_killed() {
    #[expect(clippy::disallowed_methods, reason = "how the test talks to itself")]
    let Ok(told) = std::env::var(DIR) else { return };
    let project = TestProject::new();
    let label = format!("io.urbania.project={}", project.name);
    docker::docker(&["volume", "create", "--label", &label]);
    let told = Path::new(&told);
    let facts = format!("{}\n{}", project.name, project.dir().display());
    fs::write(told.join("new"), facts).unwrap();
    fs::rename(told.join("new"), told.join("facts")).unwrap();
    loop {
        std::thread::park();
    }
}

#[test]
fn a_killed_test_leaves_nothing() {
    let told = tempfile::tempdir().unwrap();
    let mut test = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "support::project::be_killed"])
        .env(DIR, told.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let facts = told.path().join("facts");
    crate::support::until::eventually("the other test has its project", || facts.exists());
    test.kill().unwrap();
    test.wait().unwrap();
    let facts = fs::read_to_string(facts).unwrap();
    let (name, dir) = facts.split_once('\n').unwrap();
    crate::support::until::eventually("its folder is gone", || !Path::new(dir).exists());
    assert_eq!(docker::volumes(name), [""; 0]);
}
