//! `urbania up` killed at many points: whatever it left, the next commands cope with it.

use std::fs;
use std::process::{Child, Stdio};
use std::thread::park_timeout;
use std::time::{Duration, Instant};

use super::nothing_runs;
use crate::support::docker::containers;
use crate::support::project::TestProject;

/// `scripts/soak/kill-up` asks for more.
const POINTS: &str = "URBANIA_TEST_KILL_POINTS";

#[test]
fn after_a_kill_at_any_point_up_and_down_succeed_and_nothing_is_left() {
    #[expect(clippy::disallowed_methods, reason = "how a script asks for more")]
    let points = std::env::var(POINTS).map_or(12, |n| n.parse().unwrap());
    let project = TestProject::initialised();
    let began = Instant::now();
    project.ok(&["up"]);
    let whole = began.elapsed();
    project.ok(&["down"]);
    for point in 1..=points {
        // Twice, so that the next command is once `up` and once `down`.
        for next in ["up", "down"] {
            kill_after(&project, whole * point / points);
            println!(
                "killed at {point}/{points}: {:?}",
                containers(&project.name)
            );
            project.ok(&[next]);
            if next == "up" {
                assert_eq!(containers(&project.name).len(), 2);
                assert_eq!(processes(&project).len(), 1, "one API");
                project.ok(&["down"]);
            }
            nothing_runs(&project);
            assert_eq!(processes(&project), [0; 0], "processes that nobody knows");
        }
    }
}

fn kill_after(project: &TestProject, time: Duration) {
    let mut command = project.command(&["up"]);
    let mut up = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let until = Instant::now() + time;
    while Instant::now() < until && runs(&mut up) {
        park_timeout(Duration::from_millis(1));
    }
    let _ = up.kill();
    up.wait().unwrap();
}

fn runs(child: &mut Child) -> bool {
    child.try_wait().unwrap().is_none()
}

/// Every process of this machine that was started for the project, known to it or not.
fn processes(project: &TestProject) -> Vec<u32> {
    let dir = project.dir().to_str().unwrap();
    let entries = fs::read_dir("/proc").unwrap().map_while(Result::ok);
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| {
            let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&command).contains(dir)
        })
        .collect()
}
