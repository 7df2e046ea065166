//! Two `up`s of one project at once.

use std::fs;
use std::process::{Child, Stdio};

use super::life;
use crate::support::project::{Run, TestProject};

/// The run that did the work and the one that waited for it.
fn two_ups(project: &TestProject) -> [Run; 2] {
    let start = || -> Child {
        let mut command = project.command(&["up"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let both = [start(), start()];
    let mut runs = both.map(|up| Run::of(&["up"], &up.wait_with_output().unwrap()).expect(0));
    runs.sort_by_key(|run| run.stderr.contains("everything ran already"));
    runs
}

#[test]
fn two_ups_at_once_make_one_stack() {
    let project = TestProject::initialised();
    let [first, second] = two_ups(&project);
    assert!(
        !first.stderr.contains("everything ran already"),
        "{}",
        first.stderr
    );
    assert!(
        second.stderr.ends_with("\neverything ran already\n"),
        "{}",
        second.stderr
    );
    assert!(!second.stderr.contains("starting"), "{}", second.stderr);
    assert_eq!(first.stdout, second.stdout, "one and the same stack");
    let (containers, api) = life(&project);
    assert_eq!(containers.len(), 2, "{containers:?}");
    assert!(api.is_some());
}

#[test]
fn two_ups_at_once_make_one_password() {
    let project = TestProject::initialised();
    fs::remove_file(project.path(".env")).unwrap();
    project.write(".env", "");
    let dry = project.run(&["up", "--dry-run"]).expect(0);
    assert!(dry.stdout.contains("create"), "{}", dry.stdout);
    assert_eq!(project.read(".env"), "", "a dry run writes nothing");

    let [first, second] = two_ups(&project);
    assert!(first.stderr.contains("added to .env: "), "{}", first.stderr);
    assert!(!second.stderr.contains("added to"), "{}", second.stderr);
    assert_eq!(
        project.ok(&["user", "list", "--output", "json"]).trim(),
        "[]"
    );
}
