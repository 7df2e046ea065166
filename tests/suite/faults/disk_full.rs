//! An engine, or a project, without space: its data is on a filesystem of its own, which the test fills.

use super::{LIVEKIT, MONGODB};
use crate::support::docker::docker;
use crate::support::dockerd::Dockerd;
use crate::support::engine::Engine;
use crate::support::network::mounted;
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

#[test]
fn processes_are_stopped_also_when_nothing_can_be_written() {
    for engine in [Engine::Embedded, Engine::Native] {
        let project = TestProject::initialised_on(engine);
        // The disk is as private as the processes' view of it: all happens in one command.
        let script = "set -e
            \"$0\" up --quiet >&2
            ! cat /dev/zero > fill 2> /dev/null
            ! echo more > more 2> /dev/null
            exec \"$0\" down";
        let mut command = std::process::Command::new("sh");
        let urbania = project.command(&[]);
        command.args(["-c", script]).arg(urbania.get_program());
        command.current_dir(project.dir()).env_clear();
        command.envs(
            urbania
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        let disk = [
            "here=$PWD",
            "mkdir ../$$ && cp -a . ../$$",
            "mount -t tmpfs -o size=96m none \"$here\"",
            "cd \"$here\" && cp -a ../$$/. . && rm -r ../$$",
        ];
        let output = mounted(&command, &disk).output().unwrap();
        let run = Run::of(&["down"], &output).expect(0);
        let said = run.stderr.split("No space left on device (os error 28)\n");
        let stopped = if engine == Engine::Native {
            "stopping mongodb\n"
        } else {
            ""
        };
        let stopped = format!("stopping api\nstopping livekit\n{stopped}");
        assert_eq!(said.last(), Some(&*stopped), "{}", run.stderr);
        assert_eq!(project.processes(), [0; 0]);
    }
}
