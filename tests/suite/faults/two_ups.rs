//! Two `up`s of one project at once.

use std::process::{Child, Stdio};

use super::life;
use crate::support::project::{Run, TestProject};

#[test]
fn two_ups_at_once_make_one_stack() {
    let project = TestProject::initialised();
    let start = || -> Child {
        let mut command = project.command(&["up"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let both = [start(), start()];
    let mut runs = both.map(|up| Run::of(&["up"], &up.wait_with_output().unwrap()).expect(0));
    runs.sort_by_key(|run| run.stderr.contains("everything ran already"));
    let [first, second] = runs;
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
