//! A project's folder that is copied or moved while the project runs.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{nothing_is_left, on_both, services};
use crate::support::engine::Engine;
use crate::support::project::{Run, TestProject};

on_both! {
    a_copy_of_a_folder_leaves_the_processes_of_the_first_alone
    a_moved_project_is_seen_restarted_and_stopped_where_it_is
}

/// `urbania` in another folder than the project's own.
fn run_in(dir: &Path, project: &TestProject, args: &[&str]) -> Run {
    let mut command = project.command(args);
    Run::of(args, &command.current_dir(dir).output().unwrap())
}

fn a_copy_of_a_folder_leaves_the_processes_of_the_first_alone(engine: Engine) {
    let project = TestProject::initialised_on(engine);
    project.ok(&["up"]);
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("copy");
    let mut cp = Command::new("cp");
    cp.arg("-a").args([project.dir(), &copy]);
    assert!(cp.status().unwrap().success());
    let before = project.processes();

    let status = run_in(&copy, &project, &["status", "-o", "json"]).expect(3);
    assert!(!status.stdout.contains("running"), "{}", status.stdout);
    // It is as anybody else's folder: its ports are in the first one's hands.
    let refused = run_in(&copy, &project, &["up"]).expect(3).stderr;
    let owner = format!("urbania project `{}` (", project.name);
    assert!(refused.contains(&owner), "{refused}");
    let _ = run_in(&copy, &project, &["keys", "rotate"]).expect(0);
    let down = run_in(&copy, &project, &["down"]).expect(0);
    assert!(!down.stderr.contains("stopping"), "{}", down.stderr);
    assert_eq!(project.processes(), before);
    assert!(project.ok(&["status"]).contains("healthy"));

    project.ok(&["down"]);
    nothing_is_left(&project);
}

fn a_moved_project_is_seen_restarted_and_stopped_where_it_is(engine: Engine) {
    let project = TestProject::initialised_on(engine);
    project.ok(&["up"]);
    let elsewhere = tempfile::tempdir().unwrap();
    let moved = elsewhere.path().join("moved");
    fs::rename(project.dir(), &moved).unwrap();

    let status = run_in(&moved, &project, &["status"]).expect(0).stdout;
    let healthy = status.matches("healthy").count();
    assert_eq!(healthy, services(engine).len(), "{status}");
    let all = run_in(&moved, &project, &["status", "--all", "-o", "json"]).stdout;
    assert!(all.contains(&project.name), "{all}");
    let _ = run_in(&moved, &project, &["restart"]).expect(0);
    let down = run_in(&moved, &project, &["down"]).expect(0).stderr;
    let stopped = services(engine).iter().rev();
    let stopped: String = stopped.flat_map(|s| ["stopping ", s, "\n"]).collect();
    assert_eq!(down, stopped);
    // The API of before may have written something where it was started.
    let _ = fs::remove_dir_all(project.dir());
    fs::rename(&moved, project.dir()).unwrap();
    nothing_is_left(&project);
}
