//! Which engine is taken where nobody names one, and what is said of it.

use super::nothing_is_left;
use crate::support::engine::{Engine, NOWHERE};
use crate::support::project::{Run, TestProject};

/// The first line of an `up`.
fn line(run: &Run) -> &str {
    run.stderr.lines().next().unwrap()
}

#[test]
fn without_docker_and_programs_it_is_what_is_built_in() {
    let project = TestProject::initialised_on(Engine::Embedded);
    let up = project.run(&["up", "--dry-run"]).expect(0);
    assert_eq!(
        line(&up),
        format!(
            "engine: embedded, the development SFU (no Docker engine is running: there is no socket \
             {NOWHERE} (DOCKER_HOST); no `livekit-server` on PATH); \
             another: --engine docker|native, or `engine:` in urbania.yaml"
        )
    );
    nothing_is_left(&project);
}

#[test]
fn with_programs_it_is_those() {
    let project = TestProject::initialised_on(Engine::Native);
    let up = project.run(&["up", "--dry-run"]).expect(0);
    let why = "livekit-server and ";
    assert!(line(&up).starts_with("engine: native (no Docker engine is running: "));
    assert!(line(&up).contains(why), "{}", up.stderr);
    // Without a database's program, only where none is needed.
    let mut command = project.command(&["up", "--dry-run", "mongodb"]);
    let run = Run::of(
        &[],
        &command
            .env("URBANIA_PROGRAMS_MONGODB", "none")
            .output()
            .unwrap(),
    );
    assert!(line(&run.expect(2)).starts_with("error: the embedded engine runs no `mongodb`"));
}

#[test]
fn docker_is_taken_with_its_images_and_left_without() {
    let project = TestProject::initialised_on(Engine::Embedded);
    let up = |images: &str| {
        project.settings(images);
        let mut command = project.command(&["up", "--dry-run"]);
        command.env_remove("DOCKER_HOST");
        Run::of(&["up"], &command.output().unwrap()).expect(0)
    };
    let docker = up("");
    assert!(
        line(&docker).starts_with("engine: docker (Docker "),
        "{}",
        docker.stderr
    );
    assert!(
        line(&docker)
            .ends_with("answers); another: --engine native|embedded, or `engine:` in urbania.yaml")
    );
    let lacking = up("images: {mongodb: '127.0.0.1:1/mongo:8.0'}\n");
    let why = "lacks `127.0.0.1:1/mongo:8.0` and cannot get it; no `livekit-server` on PATH)";
    assert!(line(&lacking).contains(why), "{}", lacking.stderr);
    nothing_is_left(&project);
}

#[test]
fn an_engine_that_is_asked_for_and_not_there_is_an_error() {
    let project = TestProject::initialised_on(Engine::Embedded);
    let native = project.run(&["up", "--engine", "native"]).expect(1);
    assert!(
        native
            .stderr
            .starts_with("error: the native engine lacks a program: no `livekit-server` on PATH\n"),
        "{}",
        native.stderr
    );
    let docker = project.run(&["up", "--engine", "docker"]).expect(1);
    assert!(
        docker
            .stderr
            .starts_with("error: no Docker engine is running")
    );
    nothing_is_left(&project);
}

#[test]
fn without_docker_no_command_fails_that_does_not_need_it() {
    let project = TestProject::initialised_on(Engine::Embedded);
    for args in [
        &["status"][..],
        &["logs"],
        &["down"],
        &["ports"],
        &["config", "show"],
        &["keys", "show"],
        &["keys", "check"],
        &["keys", "rotate", "--dry-run"],
        &["doctor"],
    ] {
        let _ = project.run(args).expect(0);
    }
    nothing_is_left(&project);
}

#[test]
fn a_project_that_never_ran_shows_what_would_run_here() {
    let project = TestProject::initialised_on(Engine::Embedded);
    for args in [&["status"][..], &["ports"], &["up", "--dry-run"]] {
        let run = project.run(args).expect(0);
        assert!(!run.stdout.contains("mongodb"), "{}", run.stdout);
    }
    let doctor = project.run(&["doctor", "-o", "json"]).expect(0).stdout;
    assert!(!doctor.contains("mongodb"), "{doctor}");
    let status = project.run(&["status"]).expect(0);
    assert_eq!(status.stderr, "");
    nothing_is_left(&project);
}

#[test]
fn a_restart_stays_on_the_engine_that_runs_the_project() {
    let project = TestProject::initialised_on(Engine::Embedded);
    project.ok(&["up"]);
    project.settings("engine: native\n");
    let restarted = project.run(&["restart", "livekit"]).expect(0);
    assert!(
        restarted.stderr.starts_with("restarting livekit\n"),
        "{}",
        restarted.stderr
    );
    project.ok(&["down"]);
    nothing_is_left(&project);
}
