//! The project's lock between two processes.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use urbania::host::lock::ProjectLock;
use urbania::output::{Format, Output};

const DIR: &str = "LOCK_STATE_DIR";
const QUIET: Output = Output {
    format: Format::Table,
    quiet: true,
    color: anstream::ColorChoice::Never,
};

async fn acquire(patience: Duration, dir: &Path) -> urbania::error::Result<ProjectLock> {
    ProjectLock::acquire_within(patience, dir, "urbania up", &QUIET).await
}

/// Takes the lock of the folder it is told and keeps it until it is killed.
#[tokio::test]
async fn hold_the_lock() {
    #[expect(clippy::disallowed_methods, reason = "how the test talks to itself")]
    let Ok(dir) = std::env::var(DIR) else { return };
    let _lock = acquire(Duration::ZERO, Path::new(&dir)).await.unwrap();
    std::fs::write(Path::new(&dir).join("held"), "").unwrap();
    std::future::pending::<()>().await;
}

fn other_process(dir: &Path) -> Child {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "lock::hold_the_lock"])
        .env(DIR, dir)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    crate::support::until::eventually("the other process holds the lock", || {
        dir.join("held").exists()
    });
    child
}

#[tokio::test]
async fn a_second_command_waits_and_is_told_who_holds_the_lock() {
    let dir = tempfile::tempdir().unwrap();
    let mut other = other_process(dir.path());
    let start = Instant::now();
    let error = acquire(Duration::from_secs(1), dir.path())
        .await
        .unwrap_err();
    assert!(start.elapsed() >= Duration::from_secs(1));
    let pid = other.id();
    assert_eq!(
        error.to_string(),
        format!("`urbania up` (pid {pid}) is still at work on this project after 1 s")
    );
    assert_eq!(
        error.hints(),
        [format!("wait for it, or end it: `kill {pid}`")]
    );
    other.kill().unwrap();
    other.wait().unwrap();
    acquire(Duration::ZERO, dir.path()).await.unwrap();
}

#[tokio::test]
async fn the_lock_passes_on_while_somebody_waits() {
    let dir = tempfile::tempdir().unwrap();
    let first = acquire(Duration::ZERO, dir.path()).await.unwrap();
    let lock = dir.path().join("lock");
    let open = || {
        let descriptors = std::fs::read_dir("/proc/self/fd").unwrap();
        let files = descriptors.filter_map(|d| std::fs::read_link(d.unwrap().path()).ok());
        files.filter(|file| *file == lock).count()
    };
    assert_eq!(open(), 1, "the first one has it");
    let (second, ()) = tokio::join!(acquire(Duration::from_secs(10), dir.path()), async {
        while open() < 2 {
            tokio::task::yield_now().await;
        }
        drop(first);
    });
    drop(second.unwrap());
}
