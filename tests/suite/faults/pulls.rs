//! Images that do not come, and images that do, from a real registry.

use std::path::Path;

use super::{MONGODB, nothing_is_left};
use crate::support::cut_line::CutLine;
use crate::support::docker::docker;
use crate::support::dockerd::Dockerd;
use crate::support::project::{Run, TestProject};
use crate::support::registry::{LOGIN, Registry};

/// A project whose MongoDB comes from elsewhere.
fn project_with(image: &str) -> TestProject {
    let project = TestProject::initialised();
    project.settings(&format!("images: {{mongodb: '{image}'}}\n"));
    project
}

/// `urbania up` with the logins of a folder.
fn up(project: &TestProject, logins: &Path) -> Run {
    let mut command = project.command(&["up"]);
    command.env("DOCKER_CONFIG", logins);
    Run::of(&["up"], &command.output().unwrap())
}

/// What `up` says when the image does not come.
#[track_caller]
fn not_pulled(project: &TestProject, logins: &Path, image: &str, why: &str) {
    let run = up(project, logins).expect(1);
    assert_eq!(run.stdout, "");
    assert_eq!(
        run.stderr,
        format!("mongodb: pulling {image}\nerror: cannot pull image `{image}`\n{why}")
    );
    nothing_is_left(project);
}

#[test]
fn a_registry_that_does_not_answer_is_named() {
    let image = "127.0.0.1:1/mongo:8.0";
    let project = project_with(image);
    not_pulled(
        &project,
        project.dir(),
        image,
        "  cause: Get \"http://127.0.0.1:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused\n\
         hint: the engine cannot reach the registry 127.0.0.1:1; \
         layers that came stay, so up again goes on from there\n",
    );
    let project = project_with("registry.invalid/mongo:8.0");
    let run = up(&project, project.dir()).expect(1);
    assert!(
        run.stderr.contains("lookup registry.invalid"),
        "{}",
        run.stderr
    );
    let hint = "\nhint: the engine cannot reach the registry registry.invalid; \
                layers that came stay, so up again goes on from there\n";
    assert!(run.stderr.ends_with(hint), "{}", run.stderr);
    nothing_is_left(&project);
}

#[test]
fn a_missing_tag_and_a_missing_image_are_named() {
    let registry = Registry::start();
    for (image, tag) in [("mongo:no-such-tag", "no-such-tag"), ("mongo", "latest")] {
        let (name, image) = (registry.name("mongo"), registry.name(image));
        let project = project_with(&image);
        not_pulled(
            &project,
            project.dir(),
            &image,
            &format!(
                "  cause: manifest for {name}:{tag} not found: manifest unknown: manifest unknown\n\
                 hint: there is no such image or tag: see images: in urbania.yaml\n"
            ),
        );
    }
}

#[test]
fn a_refused_login_is_told_from_a_missing_one_and_the_right_one_pulls() {
    let registry = Registry::with_login();
    let image = registry.push(MONGODB, "mongo:8.0");
    let project = project_with(&image);
    let host = format!("127.0.0.1:{}", registry.port);
    not_pulled(
        &project,
        project.dir(),
        &image,
        &format!(
            "  cause: Head \"http://{host}/v2/mongo/manifests/8.0\": no basic auth credentials\n\
             hint: if it is private, log in first: docker login {host}\n\
             hint: is the name right? see images: in urbania.yaml\n"
        ),
    );
    let wrong = registry.client("a wrong password");
    not_pulled(
        &project,
        wrong.path(),
        &image,
        &format!(
            "  cause: unauthorized: authentication required\n\
             hint: the registry refuses the stored login: docker login {host}\n\
             hint: is the name right? see images: in urbania.yaml\n"
        ),
    );
    let right = registry.client(LOGIN.1);
    let run = up(&project, right.path()).expect(0);
    let lines: Vec<&str> = run.stderr.lines().take(3).collect();
    assert_eq!(
        lines,
        [
            &format!("mongodb: pulling {image}"),
            &format!("mongodb: pulled {image}"),
            "starting mongodb"
        ]
    );
    project.ok(&["down"]);
    docker(&["rmi", &image]);
}

#[test]
fn a_pull_that_is_cut_off_half_way_is_taken_up_again_by_the_next_up() {
    let registry = Registry::start();
    registry.push(MONGODB, "mongo:8.0");
    let line = CutLine::to(registry.port, 3 << 20);
    let image = format!("127.0.0.1:{}/mongo:8.0", line.port);
    let engine = Dockerd::start();
    engine.load(super::LIVEKIT);
    let project = project_with(&image);

    let run = engine.run(&project, &["up"]).expect(1);
    assert!(line.is_cut());
    // Which of its requests the engine was at is a matter of chance.
    let (said, hint) = run.stderr.rsplit_once("EOF\n").unwrap();
    let begin = format!("mongodb: pulling {image}\nerror: cannot pull image `{image}`\n  cause: ");
    assert!(said.starts_with(&begin), "{said}");
    assert_eq!(
        hint,
        format!(
            "hint: the engine cannot reach the registry 127.0.0.1:{}; \
             layers that came stay, so up again goes on from there\n",
            line.port
        )
    );
    assert_eq!(engine.belongings(&project.name), [""; 0]);
    assert_eq!(project.api_pid(), None);

    line.mend();
    let run = engine.run(&project, &["up"]).expect(0);
    let pulled = format!("mongodb: pulling {image}\nmongodb: pulled {image}\nstarting mongodb\n");
    assert!(run.stderr.starts_with(&pulled), "{}", run.stderr);
    let _ = engine.run(&project, &["down"]).expect(0);
}
