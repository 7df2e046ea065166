//! No engine to speak to: not there, not running, not allowed, not where it is said to be.

use std::os::unix::fs::chown;
use std::os::unix::net::UnixListener;
use std::path::Path;

use super::nothing_is_left;
use crate::support::dockerd::Dockerd;
use crate::support::nobody::ForNobody;
use crate::support::project::{Run, TestProject};

const START: &str = "hint: start it (Linux: sudo systemctl start docker) or install it: \
                     https://docs.docker.com/engine/install/\n";

/// What needs an engine.
const COMMANDS: [&[&str]; 6] = [
    &["up"],
    &["up", "--dry-run"],
    &["down"],
    &["status"],
    &["logs", "-f"],
    &["restart"],
];

/// What a command says in an environment in which it cannot reach an engine.
fn says(project: &TestProject, args: &[&str], name: &str, value: &str) -> String {
    let mut command = project.command(args);
    command
        .env_remove("DOCKER_HOST")
        .env_remove("DOCKER_CONTEXT");
    let run = Run::of(args, &command.env(name, value).output().unwrap()).expect(1);
    assert_eq!(run.stdout, "");
    run.stderr
}

#[test]
fn an_engine_that_is_not_there_is_told_from_one_that_has_died() {
    let project = TestProject::initialised();
    let socket = project.path("docker.sock");
    let host = format!("unix://{}", socket.display());
    for args in COMMANDS {
        assert_eq!(
            says(&project, args, "DOCKER_HOST", &host),
            format!(
                "error: no Docker engine is running: there is no socket {host} (DOCKER_HOST)\n{START}"
            )
        );
    }
    drop(UnixListener::bind(&socket).unwrap());
    for args in COMMANDS {
        assert_eq!(
            says(&project, args, "DOCKER_HOST", &host),
            format!(
                "error: no Docker engine is running: nobody answers at {host} (DOCKER_HOST)\n{START}"
            )
        );
    }
    assert_eq!(
        says(&project, &["up"], "DOCKER_HOST", "tcp://127.0.0.1:1"),
        format!(
            "error: no Docker engine is running: nobody answers at tcp://127.0.0.1:1 (DOCKER_HOST)\n{START}"
        )
    );
    nothing_is_left(&project);
}

#[test]
fn addresses_and_contexts_that_lead_nowhere_are_named() {
    let project = TestProject::new();
    project.init();
    assert_eq!(
        says(&project, &["up"], "DOCKER_HOST", "docker.sock"),
        "error: DOCKER_HOST is `docker.sock`: not an engine's address\n\
         hint: write unix:///path/to/docker.sock or tcp://host:port\n"
    );
    assert_eq!(
        says(&project, &["up"], "DOCKER_HOST", "ssh://me@far"),
        "error: DOCKER_HOST is `ssh://me@far`: ssh is not supported\n\
         hint: forward the socket: ssh -NL /tmp/docker.sock:/var/run/docker.sock me@far, \
         then DOCKER_HOST=unix:///tmp/docker.sock\n"
    );
    assert_eq!(
        says(&project, &["up"], "DOCKER_CONTEXT", "far"),
        "error: there is no Docker context `far` (DOCKER_CONTEXT)\n  \
         cause: No such file or directory (os error 2)\n\
         hint: docker context ls shows the contexts; docker context use default goes back\n"
    );
}

#[test]
fn a_user_who_may_not_use_the_engine_is_told_which_group_may() {
    let project = TestProject::initialised();
    let nobody = Some(65534);
    for file in [".", ".env", "livekit.yaml", "urbania.yaml"] {
        chown(project.path(file), nobody, nobody).unwrap();
    }
    let urbania = ForNobody::of(Path::new(env!("CARGO_BIN_EXE_urbania")));
    let mut command = urbania.command();
    command.arg("up").current_dir(project.dir()).env_clear();
    command.env("URBANIA_ENGINE", "docker");
    let run = Run::of(&["up"], &command.output().unwrap()).expect(1);
    assert_eq!(
        run.stderr,
        "error: this user may not use the Docker engine at unix:///var/run/docker.sock (the usual socket)\n\
         hint: sudo usermod -aG docker \"$USER\", then log in again (or: newgrp docker)\n"
    );
    nothing_is_left(&project);
}

#[test]
fn without_its_engine_a_project_still_stops_its_api() {
    let mut engine = Dockerd::start();
    engine.load(super::LIVEKIT);
    let project = TestProject::initialised();
    let on_engine = |engine: &Dockerd, args: &[&str]| {
        let mut command = engine.urbania(&project, args);
        command.env("URBANIA_SERVICES_MONGODB_ENABLED", "false");
        Run::of(args, &command.output().unwrap())
    };
    let _ = on_engine(&engine, &["up"]).expect(0);
    assert!(project.api_pid().is_some());
    engine.end();
    let run = on_engine(&engine, &["down"]).expect(1);
    assert_eq!(
        run.stderr,
        format!(
            "api is stopped; the containers need the engine\n\
             error: no Docker engine is running: there is no socket {} (DOCKER_HOST)\n{START}",
            engine.host()
        )
    );
    assert_eq!(project.api_pid(), None);
}
