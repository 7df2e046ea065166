//! A program of the native engine that somebody has removed.

use std::fs;
use std::os::unix::fs::symlink;

use super::{nothing_is_left, services};
use crate::support::engine::{Engine, programs};
use crate::support::project::TestProject;

#[test]
fn a_program_that_is_gone_is_asked_for_only_where_it_is_to_be_started() {
    let project = TestProject::initialised_on(Engine::Native);
    symlink(programs().join("livekit-server"), project.path("sfu")).unwrap();
    project.settings("programs: {livekit: sfu}\n");
    project.ok(&["up"]);
    fs::remove_file(project.path("sfu")).unwrap();

    let status = project.run(&["status"]).expect(0);
    let healthy = status.stdout.matches("healthy").count();
    assert_eq!(healthy, services(Engine::Native).len(), "{}", status.stdout);
    assert!(!status.stdout.contains("changed"), "{}", status.stdout);
    assert_eq!(status.stderr, "");
    for service in ["api", "mongodb"] {
        let _ = project.run(&["restart", service]).expect(0);
    }
    let refused = project.run(&["restart", "livekit"]).expect(1).stderr;
    let missing = format!("`{}` is no program", project.path("sfu").display());
    assert!(refused.contains(&missing), "{refused}");
    project.ok(&["down"]);
    nothing_is_left(&project);
}
