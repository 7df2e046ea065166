//! What concerns containers alone; `engines` has what holds on every engine.

use crate::support::docker::docker;
use crate::support::project::TestProject;

mod bound;
mod interrupted;
mod names;
mod output;
mod podman;
mod remote;
mod tls;
mod turn;

/// The id of a service's container.
fn id(project: &TestProject, service: &str) -> String {
    let name = format!("urbania-{}-{service}", project.name);
    docker(&["inspect", "--format", "{{.Id}}", &name]).remove(0)
}

/// Whether a service's container runs.
fn runs(project: &TestProject, service: &str) -> bool {
    let name = format!("urbania-{}-{service}", project.name);
    docker(&["inspect", "--format", "{{.State.Running}}", &name]) == ["true"]
}

/// LiveKit accepts this file and ends at once, with exit code 0.
fn break_livekit(project: &TestProject) {
    project.edit("livekit.yaml", |text| {
        text + "\nredis:\n  address: 127.0.0.1:1\n"
    });
}

/// Changes what LiveKit is started with.
fn change_livekit(project: &TestProject) {
    project.edit("livekit.yaml", |text| {
        text.replace("max_participants: 100", "max_participants: 99")
    });
}

#[test]
fn a_restart_keeps_the_containers() {
    let project = TestProject::initialised();
    project.ok(&["up"]);
    let (livekit, api) = (id(&project, "livekit"), project.api_pid());
    project.ok(&["restart", "api"]);
    assert_ne!(project.api_pid(), api);
    project.ok(&["restart"]);
    assert_eq!(id(&project, "livekit"), livekit);
    assert!(runs(&project, "livekit"));
}
