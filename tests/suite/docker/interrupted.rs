//! `up` that is asked to end.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::docker::{containers, docker, volumes};
use crate::support::project::{Run, TestProject};
use crate::support::until::eventually;

fn begin(project: &TestProject, args: &[&str]) -> Child {
    project
        .command(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn send(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

#[test]
fn an_interrupted_up_takes_back_what_it_did() {
    for signal in [Signal::INT, Signal::TERM] {
        let project = TestProject::initialised();
        super::break_livekit(&project);
        let up = begin(&project, &["up"]);
        eventually("livekit is there", || containers(&project.name).len() == 2);
        send(&up, signal);
        let run = Run::of(&["up"], &up.wait_with_output().unwrap()).expect(1);
        assert!(
            run.stderr.ends_with("error: interrupted\n"),
            "{}",
            run.stderr
        );
        assert_eq!(containers(&project.name), [""; 0]);
        assert_eq!(volumes(&project.name), [""; 0]);
    }
}

#[test]
fn in_the_foreground_logs_are_shown_and_ctrl_c_stops_all() {
    let project = TestProject::initialised();
    let mut up = begin(&project, &["up", "--foreground"]);
    let lines = BufReader::new(up.stdout.take().unwrap()).lines();
    let mut lines = lines.map(Result::unwrap);
    // In whatever order they come.
    let mut missing = vec!["SERVICE  STATUS", "livekit | ", "api     | GET /readyz 200"];
    while !missing.is_empty() {
        let line = lines.next();
        let line = line.unwrap_or_else(|| panic!("it ended without {missing:?}"));
        missing.retain(|start| !line.starts_with(start));
    }
    send(&up, Signal::INT);
    let _ = Run::of(&["up"], &up.wait_with_output().unwrap()).expect(0);
    assert_eq!(containers(&project.name), [""; 0]);
    assert_eq!(project.api_pid(), None);
}

#[test]
fn in_the_foreground_a_service_that_ends_is_named_and_all_is_stopped_at_the_end() {
    let project = TestProject::initialised();
    let up = begin(&project, &["up", "--foreground"]);
    eventually("the API runs", || project.api_pid().is_some());
    eventually("the logs are followed", || {
        fs::metadata(project.path(".urbania/lock")).is_ok_and(|lock| lock.len() == 0)
    });
    for service in ["mongodb", "livekit"] {
        let name = format!("urbania-{}-{service}", project.name);
        docker(&["kill", &name]);
    }
    let api = project.api_pid().unwrap();
    kill_process(
        Pid::from_raw(api.try_into().unwrap()).unwrap(),
        Signal::KILL,
    )
    .unwrap();
    let run = Run::of(&["up"], &up.wait_with_output().unwrap()).expect(1);
    for line in [
        "`mongodb` ended (exit code 137)\n",
        "`livekit` ended (exit code 137)\n",
        "`api` ended\n",
        "error: every service has ended\n",
    ] {
        assert!(run.stderr.contains(line), "{line}{}", run.stderr);
    }
    assert_eq!(containers(&project.name), [""; 0]);
}
