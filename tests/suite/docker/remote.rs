//! An engine at an address that is not this machine's usual one.

use crate::support::engine_elsewhere::engine_at;
use crate::support::project::{Run, TestProject};

#[test]
fn what_nobody_could_reach_on_another_machine_is_refused() {
    let project = TestProject::initialised();
    let engine = engine_at("127.0.0.2");
    let refused = |service: &str| {
        let args = ["up", service, "--dry-run"];
        let mut command = project.command(&args);
        command.env("DOCKER_HOST", &engine);
        Run::of(&args, &command.output().unwrap()).expect(2).stderr
    };
    let port = project.ports.livekit();
    assert_eq!(
        refused("livekit"),
        format!(
            "error: the engine is at 127.0.0.2, and nobody tells browsers to look for the SFU there\n\
             hint: urbania.yaml: livekit_url: ws://127.0.0.2:{port}\n\
             hint: or run urbania on that machine\n"
        )
    );
    let mongodb = refused("mongodb");
    assert!(mongodb.contains("could not be reached"), "{mongodb}");
}
