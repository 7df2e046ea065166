//! An engine without space: its data is on a filesystem of its own, which the test fills.

use super::{LIVEKIT, MONGODB};
use crate::support::docker::docker;
use crate::support::dockerd::Dockerd;
use crate::support::project::{Run, TestProject};
use crate::support::registry::Registry;

const FULL: &str = "no space left on device";
const HINT: &str =
    "hint: free space where the engine keeps its data: docker system df, docker system prune\n";

/// Says that the disk is full and leaves nothing.
#[track_caller]
fn refused(engine: &Dockerd, project: &TestProject, what: &str) -> Run {
    let run = engine.run(project, &["up"]).expect(1);
    assert_eq!(run.stdout, "");
    let (said, hint) = run.stderr.rsplit_once("hint: ").unwrap();
    assert!(
        said.contains(&format!("error: {what}\n  cause: ")),
        "{said}"
    );
    assert!(said.ends_with(&format!("{FULL}\n")), "{said}");
    assert_eq!(format!("hint: {hint}"), HINT);
    assert_eq!(engine.belongings(&project.name), [""; 0]);
    assert_eq!(project.api_pid(), None);
    run
}

/// The size of an image in MiB.
fn size(image: &str) -> u64 {
    let bytes = docker(&["image", "inspect", "--format", "{{.Size}}", image]).remove(0);
    bytes.parse::<u64>().unwrap() >> 20
}

#[test]
fn a_full_disk_is_named_and_up_works_again_when_there_is_space() {
    let registry = Registry::start();
    let image = registry.push(MONGODB, "mongo:8.0");
    // Both images, one of them packed as well, and what containers need.
    let engine = Dockerd::with_disk(size(LIVEKIT) + 2 * size(MONGODB) + 128);
    engine.load(LIVEKIT);
    let project = TestProject::initialised();
    project.settings(&format!("images: {{mongodb: '{image}'}}\n"));

    // Perhaps enough for the download, but not for what is in it.
    engine.fill_but(24);
    refused(&engine, &project, &format!("cannot pull image `{image}`"));
    engine.free_space();
    let _ = engine.run(&project, &["up"]).expect(0);
    let _ = engine
        .run(&project, &["down", "--volumes", "--yes"])
        .expect(0);

    engine.fill_but(0);
    let name = format!("cannot create volume `urbania-{}-mongodb`", project.name);
    refused(&engine, &project, &name);
    engine.free_space();
    let _ = engine.run(&project, &["up"]).expect(0);
    let _ = engine.run(&project, &["down"]).expect(0);
}
