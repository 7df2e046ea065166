//! `urbania up` killed at many points: whatever it left, the next commands cope with it.

use std::process::Stdio;
use std::thread::park_timeout;
use std::time::{Duration, Instant};

use super::{nothing_is_left, on_both, services};
use crate::support::engine::Engine;
use crate::support::project::TestProject;

on_both! {
    after_a_kill_at_any_point_up_and_down_succeed_and_nothing_is_left
}

const POINTS: u32 = 8;

fn after_a_kill_at_any_point_up_and_down_succeed_and_nothing_is_left(engine: Engine) {
    let project = TestProject::initialised_on(engine);
    let began = Instant::now();
    project.ok(&["up"]);
    let whole = began.elapsed();
    project.ok(&["down", "--volumes", "--yes"]);
    for point in 1..=POINTS {
        let next = if point % 2 == 0 { "up" } else { "down" };
        kill_after(&project, whole * point / POINTS);
        project.ok(&[next]);
        if next == "up" {
            assert_eq!(project.processes().len(), services(engine).len());
            assert!(project.ok(&["status"]).contains("healthy"));
        }
        project.ok(&["down", "--volumes", "--yes"]);
        nothing_is_left(&project);
    }
}

fn kill_after(project: &TestProject, time: Duration) {
    let mut up = project
        .command(&["up"])
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + time;
    while let Some(left) = deadline.checked_duration_since(Instant::now()) {
        park_timeout(left);
    }
    let _ = up.kill();
    up.wait().unwrap();
}
