//! Detached processes: started, found again, told apart, stopped, whatever happens in between.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use urbania::host::process::{Running, Spawn, Stopped, Variables, running, spawn_detached_through};

use crate::support::until::eventually;

const URBANIA: &str = env!("CARGO_BIN_EXE_urbania");
const GRACE: Duration = Duration::from_secs(5);

struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn pid_file(&self) -> PathBuf {
        self.dir.path().join("state/api.pid")
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("state/logs/api.log")
    }

    async fn running(&self) -> urbania::error::Result<Option<Running>> {
        running(&self.pid_file(), self.dir.path()).await
    }

    async fn start(&self, script: &str) -> urbania::error::Result<Running> {
        self.start_program("/bin/sh", &["-c".into(), script.into()])
            .await
    }

    async fn start_program(
        &self,
        program: &str,
        args: &[String],
    ) -> urbania::error::Result<Running> {
        spawn_detached_through(
            Path::new(URBANIA),
            &Spawn {
                program: Path::new(program),
                args,
                env: Variables::Added(&[("GREETING".into(), "hello".into())]),
                log: &self.log(),
                pid_file: &self.pid_file(),
                dir: self.dir.path(),
            },
        )
        .await
        .map(|running| running.expect("it goes on"))
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn gone(pid: u32) -> bool {
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Err(_) => true,
        Ok(stat) => stat.contains(") Z "),
    }
}

#[tokio::test]
async fn a_detached_process_has_its_own_session_its_log_and_a_private_pid_file() {
    let place = Place::new();
    let started = place
        .start("echo $GREETING; echo oops >&2; read x; pwd; exec sleep 60")
        .await
        .unwrap();
    let session = Command::new("ps")
        .args(["-o", "sid=,pgid=,tty=", "-p", &started.pid.to_string()])
        .output()
        .unwrap();
    let session = String::from_utf8(session.stdout).unwrap();
    let pid = started.pid.to_string();
    assert_eq!(
        session.split_whitespace().collect::<Vec<_>>(),
        [pid.as_str(), pid.as_str(), "?"]
    );
    let folder = place.dir.path().canonicalize().unwrap();
    let expected = format!("hello\noops\n{}\n", folder.display());
    eventually("the log is written", || {
        fs::read_to_string(place.log()).unwrap() == expected
    });
    assert_eq!(mode(&place.pid_file()), 0o600);
    assert_eq!(mode(&place.log()), 0o600);

    let again = place.running().await.unwrap().unwrap();
    assert_eq!(again, started);
    assert!(again.since().is_some());

    assert_eq!(started.stop(GRACE).await.unwrap(), Stopped::Asked);
    assert!(gone(started.pid));
    assert!(!place.pid_file().exists());
    assert_eq!(place.running().await.unwrap(), None);
    assert_eq!(again.stop(GRACE).await.unwrap(), Stopped::Gone);
}

#[tokio::test]
async fn a_process_that_ignores_the_request_is_killed_with_its_children() {
    let place = Place::new();
    let started = place
        .start("trap '' TERM; sleep 60 & echo $!; wait; wait; sleep 60")
        .await
        .unwrap();
    eventually("the child is there", || {
        fs::read_to_string(place.log()).unwrap().ends_with('\n')
    });
    let child: u32 = fs::read_to_string(place.log())
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let stopped = started.stop(Duration::from_millis(200)).await.unwrap();
    assert_eq!(stopped, Stopped::Killed);
    eventually("the child is gone", || gone(child));
}

#[tokio::test]
async fn a_second_start_is_refused_while_the_first_runs() {
    let place = Place::new();
    let first = place.start("sleep 60").await.unwrap();
    let error = place.start("sleep 60").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("`/bin/sh` runs already (pid {})", first.pid)
    );
    first.stop(GRACE).await.unwrap();
    let second = place.start("sleep 60").await.unwrap();
    assert_ne!(second.pid, first.pid);
    second.stop(GRACE).await.unwrap();
}

#[tokio::test]
async fn a_program_that_is_missing_is_an_error_and_leaves_no_pid_file() {
    let place = Place::new();
    let error = place.start_program("/no/such/program", &[]).await;
    assert_eq!(
        error.unwrap_err().to_string(),
        "cannot start `/no/such/program`: No such file or directory (os error 2)"
    );
    assert!(!place.pid_file().exists());
}

#[tokio::test]
async fn a_reused_process_id_is_not_mistaken_for_ours() {
    let place = Place::new();
    place.start("sleep 60").await.unwrap();
    let text = fs::read_to_string(place.pid_file()).unwrap();
    let mut record: serde_json::Value = serde_json::from_str(&text).unwrap();

    // The same number, another start time.
    let born = record["started"].as_u64().unwrap();
    record["started"] = (born + 1).into();
    fs::write(place.pid_file(), record.to_string()).unwrap();
    assert_eq!(place.running().await.unwrap(), None);

    // The same number and ticks after a restart of the machine.
    record["started"] = born.into();
    record["boot"] = "another".into();
    fs::write(place.pid_file(), record.to_string()).unwrap();
    assert_eq!(place.running().await.unwrap(), None);

    fs::write(place.pid_file(), "not json").unwrap();
    assert_eq!(place.running().await.unwrap(), None);

    fs::write(place.pid_file(), &text).unwrap();
    // The same process, in another folder than that of the pid file: somebody has copied it.
    let copy = Place::new();
    fs::create_dir(copy.dir.path().join("state")).unwrap();
    fs::write(copy.pid_file(), text).unwrap();
    assert_eq!(copy.running().await.unwrap(), None);
    let ours = place.running().await.unwrap().unwrap();
    ours.stop(GRACE).await.unwrap();
}

/// The test runs itself again as the starter, which it kills.
#[tokio::test]
async fn a_start_whose_starter_is_killed_at_any_moment_is_found_or_never_was() {
    if let Some(dir) = starter_dir() {
        let pid_file = Path::new(&dir).join("state/api.pid");
        let log = Path::new(&dir).join("state/api.log");
        let _ = spawn_detached_through(
            Path::new(URBANIA),
            &Spawn {
                program: Path::new("/bin/sleep"),
                args: &["60.25".into()],
                env: Variables::Added(&[("STARTED_IN".into(), dir.clone())]),
                log: &log,
                pid_file: &pid_file,
                dir: Path::new(&dir),
            },
        )
        .await;
        return;
    }
    let (mut found_again, mut never) = (0, 0);
    for step in 0..40 {
        let dir = tempfile::tempdir().unwrap();
        let pid_file = dir.path().join("state/api.pid");
        let mut starter = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "process::a_start_whose_starter_is_killed_at_any_moment_is_found_or_never_was",
            ])
            .env("STARTER_DIR", dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let moment = Instant::now() + Duration::from_micros(400 * step);
        while Instant::now() < moment {
            std::hint::spin_loop();
        }
        starter.kill().unwrap();
        starter.wait().unwrap();
        let found = running(&pid_file, dir.path()).await.unwrap();
        let alive = started_in(dir.path());
        if let Some(process) = &found {
            assert_eq!(alive, [process.pid]);
            assert_eq!(process.stop(GRACE).await.unwrap(), Stopped::Asked);
            found_again += 1;
        } else {
            assert_eq!(alive, [0; 0], "a process that no pid file knows");
            never += 1;
        }
    }
    println!("killed starters: {found_again} had started a process, {never} had not");
    assert!(never > 0);
}

fn starter_dir() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "how the test talks to itself")]
    std::env::var("STARTER_DIR").ok()
}

/// The processes whose environment says that they were started in `dir`, but for the starter.
fn started_in(dir: &Path) -> Vec<u32> {
    let mark = format!("STARTED_IN={}", dir.display());
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid: &u32| {
            fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environment| {
                environment
                    .split(|b| *b == 0)
                    .any(|variable| variable == mark.as_bytes())
            })
        })
        .collect()
}
