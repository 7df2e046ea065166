//! The life of a project on Podman, as root.

use super::change_livekit;
use crate::support::podman::Podman;
use crate::support::project::TestProject;

#[test]
fn a_project_lives_on_podman_as_it_does_on_docker() {
    let engine = Podman::with(&["livekit/livekit-server:v1.13.5", "mongo:8.0"]);
    let project = TestProject::initialised();
    let ok = |args: &[&str]| engine.run(&project, args).expect(0);
    let filter = format!("label=io.urbania.project={}", project.name);
    let ids = || engine.podman(&["ps", "--quiet", "--filter", &filter]);
    let volumes = || engine.podman(&["volume", "ls", "--quiet", "--filter", &filter]);

    let up = ok(&["up"]).stdout;
    assert_eq!(up.matches("healthy").count(), 3, "{up}");
    let before = ids();
    assert_eq!(before.len(), 2);
    assert!(ok(&["up"]).stderr.ends_with("\neverything ran already\n"));
    assert_eq!(ids(), before);

    change_livekit(&project);
    let _ = ok(&["up"]);
    let after = ids();
    assert_eq!(
        after.iter().filter(|id| before.contains(id)).count(),
        1,
        "MongoDB"
    );
    assert_eq!(after.len(), 2);

    super::break_livekit(&project);
    let run = engine.run(&project, &["up"]).expect(1);
    assert!(
        run.stderr
            .contains("\nlivekit: the one from before runs again\n"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("  | unable to connect to redis: "),
        "{}",
        run.stderr
    );

    project.edit("livekit.yaml", |text| {
        text.replace("redis:\n  address: 127.0.0.1:1\n", "")
    });
    let status = ok(&["status"]).stdout;
    assert_eq!(status.matches("healthy").count(), 3, "{status}");
    let logs = ok(&["logs", "livekit"]).stdout;
    assert!(logs.contains("starting LiveKit server"), "{logs}");
    let _ = ok(&["restart"]);
    let _ = ok(&["down"]);
    assert_eq!(ids(), [""; 0]);
    assert_eq!(volumes().len(), 1);
    let _ = ok(&["up"]);
    let _ = ok(&["down", "--volumes", "--yes"]);
    assert_eq!(volumes(), [""; 0]);
    assert_eq!(project.api_pid(), None);
}
