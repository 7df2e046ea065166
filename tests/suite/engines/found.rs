//! Projects seen and stopped from anywhere. The processes are the test's own: `--all` means everybody's.

use std::fs;
use std::os::unix::net::UnixListener;

use serde_json::Value;

use super::{nothing_is_left, on_both, services};
use crate::support::engine::Engine;
use crate::support::processes::Processes;
use crate::support::project::{Run, TestProject};

on_both! {
    two_projects_run_side_by_side_and_are_stopped_from_anywhere
}

fn two_projects_run_side_by_side_and_are_stopped_from_anywhere(engine: Engine) {
    let apart = Processes::new();
    let mut projects = [engine; 2].map(TestProject::initialised_on);
    projects.sort_by_key(|project| project.dir().to_owned());
    let run = |project: &TestProject, args: &[&str]| {
        let mut command = apart.command(&project.command(args));
        Run::of(args, &command.output().unwrap())
    };
    for project in &projects {
        let _ = run(project, &["up"]).expect(0);
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let from_elsewhere = |args: &[&str]| {
        let mut command = projects[0].command(args);
        command.current_dir(elsewhere.path());
        Run::of(args, &apart.command(&command).output().unwrap())
    };
    // One whose files cannot be read is there all the same.
    let settings = projects[1].read("urbania.yaml");
    projects[1].write("urbania.yaml", "no: such: yaml\n");
    let all = from_elsewhere(&["status", "--all", "-o", "json"]).stdout;
    let all: Value = serde_json::from_str(&all).unwrap();
    assert_eq!(all.as_array().unwrap().len(), 2, "{all}");
    let found = |name: &str| {
        let mut all = all.as_array().unwrap().iter();
        all.find(|p| p["project"] == name).unwrap().clone()
    };
    let one = found(&projects[0].name);
    let health: Vec<_> = one["services"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["health"])
        .collect();
    assert_eq!(health, vec!["healthy"; services(engine).len()], "{one}");
    assert_eq!(one["engine"], engine.name());
    projects[1].write("urbania.yaml", &settings);

    let run = from_elsewhere(&["down", "--all"]).expect(0);
    let stopped = services(engine).iter().rev();
    let stopped = stopped.map(|service| format!("stopping {service}\n"));
    let stopped = stopped.collect::<String>();
    let told = projects
        .each_ref()
        .map(|p| format!("project {}\n{stopped}", p.name));
    assert_eq!(run.stderr, told.concat());
    for project in &projects {
        nothing_is_left(project);
    }
    let nothing = from_elsewhere(&["down", "--all"]).expect(0);
    assert_eq!(nothing.stderr, "nothing runs\n");
    assert!(fs::exists(projects[0].path("livekit.yaml")).unwrap());
}

#[test]
fn an_engine_that_has_died_keeps_nobody_from_stopping_what_needs_none() {
    let apart = Processes::new();
    let project = TestProject::initialised_on(Engine::Embedded);
    let socket = project.path("docker.sock");
    drop(UnixListener::bind(&socket).unwrap());
    let run = |args: &[&str]| {
        let mut command = project.command(args);
        command.env("DOCKER_HOST", format!("unix://{}", socket.display()));
        Run::of(args, &apart.command(&command).output().unwrap())
    };
    let _ = run(&["up"]).expect(0);
    let down = run(&["down", "--all"]).expect(0).stderr;
    let told = "containers are not looked for: no Docker engine is running: nobody answers at ";
    assert!(
        down.starts_with(told) && down.contains("stopping livekit\n"),
        "{down}"
    );
    nothing_is_left(&project);
    let nothing = run(&["down", "--all"]).expect(0).stderr;
    assert!(nothing.ends_with("\nnothing runs\n"), "{nothing}");
}
