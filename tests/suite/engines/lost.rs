//! What runs of a project although its state does not name it any more. The processes are the test's own:
//! `--all` and the doctor mean everybody's.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{folder, nothing_is_left, on_both, services};
use crate::support::engine::Engine;
use crate::support::processes::Processes;
use crate::support::project::{Run, TestProject};
use crate::support::until::eventually;

on_both! {
    what_runs_without_its_state_is_told_and_stopped_by_down
}

fn run(apart: &Processes, project: &TestProject, args: &[&str]) -> Run {
    let mut command = apart.command(&project.command(args));
    Run::of(args, &command.output().unwrap())
}

/// The services of processes that a run says are lost, in order.
fn told<'a>(run: &'a Run, before: &str, after: &str) -> Vec<&'a str> {
    let lines = run
        .stderr
        .lines()
        .filter_map(|line| line.split_once(": process "));
    let lines = lines.filter(|(_, rest)| rest.contains(after));
    let mut found: Vec<_> = lines
        .filter_map(|(start, _)| start.strip_prefix(before))
        .collect();
    found.sort_unstable();
    found
}

/// As `git clean -fdx` does.
fn remove_state(project: &TestProject) {
    fs::remove_dir_all(project.path(".urbania")).unwrap();
}

/// As a full disk or a crash may leave them.
fn empty_pid_files(project: &TestProject) {
    let services = services(project.engine).iter();
    for service in services.filter(|service| **service != "api") {
        fs::write(folder(project, service).join("process.pid"), "").unwrap();
    }
    project.write(".urbania/api.pid", "{\"pid\":");
}

fn what_runs_without_its_state_is_told_and_stopped_by_down(engine: Engine) {
    let apart = Processes::new();
    let project = TestProject::initialised_on(engine);
    let run = |args: &[&str]| run(&apart, &project, args);
    let mut all = services(engine).to_vec();
    all.sort_unstable();
    for lose in [remove_state, empty_pid_files] {
        let _ = run(&["up"]).expect(0);
        let alive = project.processes().len();
        lose(&project);

        for args in [&["status"][..], &["status", "--all"]] {
            let status = run(args);
            assert_eq!(
                told(&status, "", "does not name it"),
                all,
                "{}",
                status.stderr
            );
        }
        let doctor = run(&["doctor", "--only", "engine", "-o", "json"]);
        let doctor: Value = serde_json::from_str(&doctor.stdout).unwrap();
        assert_eq!(
            doctor.to_string().matches("has lost a process").count(),
            alive,
            "{doctor}"
        );
        let up = run(&["up"]).expect(3).stderr;
        assert!(up.contains("urbania down --project"), "{up}");

        let down = run(&["down"]).expect(0);
        assert_eq!(told(&down, "stopping ", "has lost"), all, "{}", down.stderr);
        nothing_is_left(&project);
    }

    let _ = run(&["up"]).expect(0);
    fs::remove_dir_all(project.path(".urbania")).unwrap();
    let down = run(&["down", "--all"]).expect(0);
    assert_eq!(told(&down, "stopping ", "has lost"), all, "{}", down.stderr);
    nothing_is_left(&project);

    let _ = run(&["up"]).expect(0);
    fs::remove_dir_all(project.path(".urbania")).unwrap();
    let _ = run(&["doctor", "--only", "engine", "--fix", "--yes"]).expect(0);
    nothing_is_left(&project);
}

#[test]
fn an_api_of_somebodys_own_and_a_shell_among_the_processes_are_left_alone() {
    let apart = Processes::new();
    let project = TestProject::initialised_on(Engine::Embedded);
    let run = |args: &[&str]| run(&apart, &project, args);
    let _ = run(&["up", "livekit"]).expect(0);
    let log = fs::File::create(project.path("serve.log")).unwrap();
    let dir = project.dir().to_str().unwrap();
    let mut serve = apart.command(&project.command(&["serve", "--project", dir]));
    let mut serve = serve.stdout(log).stderr(Stdio::null()).spawn().unwrap();
    let mut shell = Command::new("setsid");
    shell
        .args(["sleep", "600"])
        .current_dir(folder(&project, "livekit"));
    let mut shell = apart.command(&shell).stdout(Stdio::null()).spawn().unwrap();
    eventually("it serves", || {
        std::net::TcpStream::connect(("127.0.0.1", project.ports.api())).is_ok()
    });

    let down = run(&["down"]).expect(0).stderr;
    assert_eq!(down, "stopping livekit\n");
    for (name, child) in [("serve", &mut serve), ("shell", &mut shell)] {
        assert!(child.try_wait().unwrap().is_none(), "{name}");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
