//! An SFU that ends: at its start, in its place, by itself.

use std::fs;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::{break_sfu, folder, nothing_is_left, on_both, services};
use crate::support::engine::Engine;
use crate::support::project::{Run, TestProject};
use crate::support::until::eventually;

on_both! {
    an_sfu_that_ends_at_its_start_is_quoted_and_nothing_is_left
    a_change_that_the_sfu_refuses_leaves_the_old_one_running
    an_sfu_that_was_killed_is_missed_and_started_again
    a_pid_that_somebody_else_has_now_is_not_touched
    in_the_foreground_a_service_that_ends_is_named_and_all_is_stopped_at_the_end
}

/// What `up` says of an SFU that cannot listen.
#[track_caller]
fn quoted(stderr: &str) {
    assert!(
        stderr.contains("error: `livekit` ended while it started; its last words:\n  | "),
        "{stderr}"
    );
    let words = stderr.to_lowercase();
    assert!(
        words.contains("cannot assign requested address"),
        "{stderr}"
    );
    assert!(stderr.ends_with(
        "hint: `bind_addresses` in livekit.yaml must be addresses of the machine that the SFU runs on\n"
    ));
}

fn an_sfu_that_ends_at_its_start_is_quoted_and_nothing_is_left(engine: Engine) {
    let project = TestProject::initialised_on(engine);
    break_sfu(&project);
    let up = project.run(&["up"]).expect(1);
    assert_eq!(up.stdout, "");
    quoted(&up.stderr);
    nothing_is_left(&project);
}

fn a_change_that_the_sfu_refuses_leaves_the_old_one_running(engine: Engine) {
    let project = TestProject::initialised_on(engine);
    project.ok(&["up"]);
    let (before, api) = (folder(&project, "livekit"), project.api_pid());
    let original = project.read("livekit.yaml");
    break_sfu(&project);
    // The API's address of the SFU changes with it; this is about the SFU.
    let up = project.run(&["up", "livekit"]).expect(1);
    quoted(&up.stderr);
    let told = "undoing what was begun\nlivekit: the one from before runs again\n";
    assert!(up.stderr.contains(told), "{}", up.stderr);
    assert_eq!(folder(&project, "livekit"), before);
    assert_eq!(project.processes().len(), services(engine).len());
    project.write("livekit.yaml", &original);
    let again = project.run(&["up"]).expect(0);
    assert!(again.stderr.ends_with("\neverything ran already\n"));
    assert_eq!(project.api_pid(), api);
}

fn an_sfu_that_was_killed_is_missed_and_started_again(engine: Engine) {
    let project = TestProject::initialised_on(engine);
    project.ok(&["up"]);
    let pid = project.pid("livekit").unwrap();
    kill(pid);
    eventually("it is missed", || {
        project.run(&["status"]).expect_any(&[0, 3]).code == Some(3)
    });
    assert!(project.run(&["status"]).stdout.contains("exited"));
    let doctor = project
        .run(&["doctor", "--only", "health"])
        .expect(3)
        .stdout;
    assert!(
        doctor.contains("`livekit` has ended by itself  health.ended\n"),
        "{doctor}"
    );
    let again = project.run(&["up"]).expect(0);
    assert!(
        again.stderr.starts_with("starting livekit\nkey "),
        "{}",
        again.stderr
    );
    assert_ne!(project.pid("livekit"), Some(pid));
}

fn a_pid_that_somebody_else_has_now_is_not_touched(engine: Engine) {
    let project = TestProject::initialised_on(engine);
    project.ok(&["up", "livekit"]);
    let pid = project.pid("livekit").unwrap();
    kill(pid);
    let mut somebody = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let pid_file = folder(&project, "livekit").join("process.pid");
    let mut record: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&pid_file).unwrap()).unwrap();
    record["pid"] = json!(somebody.id());
    fs::write(&pid_file, record.to_string()).unwrap();

    assert_eq!(project.pid("livekit"), None);
    project.ok(&["up", "livekit"]);
    assert_ne!(project.pid("livekit"), Some(somebody.id()));
    project.ok(&["down"]);
    nothing_is_left(&project);
    assert!(somebody.try_wait().unwrap().is_none(), "it was ended");
    drop(somebody.stdin.take());
    somebody.wait().unwrap();
}

fn in_the_foreground_a_service_that_ends_is_named_and_all_is_stopped_at_the_end(engine: Engine) {
    let project = TestProject::initialised_on(engine);
    let args = ["up", "--foreground"];
    let mut up = project.command(&args);
    let up = up
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    eventually("the logs are followed", || {
        let lock = fs::metadata(project.path(".urbania/lock"));
        project.api_pid().is_some() && lock.is_ok_and(|lock| lock.len() == 0)
    });
    for pid in project
        .processes()
        .into_iter()
        .filter(|pid| *pid != up.id())
    {
        kill(pid);
    }
    let run = Run::of(&args, &up.wait_with_output().unwrap()).expect(1);
    for service in services(engine) {
        let line = format!("`{service}` ended\n");
        assert!(run.stderr.contains(&line), "{line}{}", run.stderr);
    }
    assert!(run.stderr.contains("error: every service has ended\n"));
    nothing_is_left(&project);
}

fn kill(pid: u32) {
    let pid = Pid::from_raw(pid.try_into().unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}
