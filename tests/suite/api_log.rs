//! The log of an API that runs for long: bounded, and nothing of it is lost.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use urbania::host::log_file::{LONGEST, before};

use crate::support::project::TestProject;
use crate::support::until::{eventually, until};

/// A child that is killed with the value.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Without MongoDB, so that no engine is needed.
fn command(project: &TestProject, args: &[&str]) -> Command {
    let mut command = project.command(args);
    command.env("URBANIA_SERVICES_MONGODB_ENABLED", "false");
    command
}

/// Asks the API for a path that only this test asks for.
async fn ask(project: &TestProject, path: &str) -> bool {
    let url = format!("{}/{path}", project.api());
    let client = urbania::http::plain(Duration::from_secs(10)).unwrap();
    client.get(url).send().await.is_ok()
}

#[tokio::test]
async fn a_long_log_becomes_the_file_before_and_is_read_and_followed_across() {
    let project = TestProject::initialised();
    fs::create_dir_all(project.path(".urbania/logs")).unwrap();
    let log = project.path(".urbania/logs/api.log");
    fs::write(&log, "").unwrap();
    // Only the API makes another one.
    let open = || File::options().append(true).open(&log).unwrap();
    writeln!(open(), "2026-01-01T00:00:00Z long ago").unwrap();
    let serve = command(&project, &["serve"])
        .stderr(open())
        .spawn()
        .unwrap();
    let _serve = Killed(serve);
    until("the API answers", async || ask(&project, "first").await).await;
    let text = |path| fs::read_to_string(path).unwrap_or_default();
    eventually("the first request is noted", || {
        text(&log).contains(" /first ")
    });
    let mut follow = command(&project, &["logs", "-f", "api"]);
    let mut follow = Killed(follow.stdout(Stdio::piped()).spawn().unwrap());
    let mut shown = BufReader::new(follow.0.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let mut until = |what: &str| {
        let mut lines = shown.by_ref().take_while(|line| !line.contains(what));
        let between = lines.by_ref().filter(|line| line.contains(" /"));
        between.collect::<Vec<_>>()
    };
    assert_eq!(until(" /first ").len(), 0);

    // Somebody else writes so much, at once; the next line of the API makes it too long.
    let piece = format!("2026-01-01T00:00:01Z {}\n", "x".repeat(64 * 1024));
    let pieces = usize::try_from(LONGEST).unwrap() / piece.len() + 1;
    open().write_all(piece.repeat(pieces).as_bytes()).unwrap();
    assert!(ask(&project, "turns").await);
    eventually("the log is turned over", || before(&log).exists());
    assert!(ask(&project, "after").await);
    eventually("the new log is written", || text(&log).contains(" /after "));

    assert!(!text(&log).contains(" /turns "));
    assert!(text(&before(&log)).ends_with("ms\n"));
    let mode = fs::metadata(&log).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "the new one is private");
    assert_eq!(until(" /turns "), [""; 0]);
    assert_eq!(until(" /after "), [""; 0], "each line once");
    let all = command(&project, &["logs", "api"]).output().unwrap();
    let all = String::from_utf8(all.stdout).unwrap();
    for what in ["long ago", " /first ", " /turns ", " /after "] {
        assert_eq!(all.matches(what).count(), 1, "{what}");
    }
    let names = fs::read_dir(project.path(".urbania/logs")).unwrap();
    assert_eq!(names.count(), 2);
}
