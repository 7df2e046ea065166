//! `up` where a port is in other hands: exactly who has it, and nothing is started.

use super::{LIVEKIT, life, nothing_is_left};
use crate::support::docker::docker;
use crate::support::engine::Engine;
use crate::support::holder::Holder;
use crate::support::project::TestProject;

/// What `up` says when only the port of signalling is taken.
#[track_caller]
fn refused(project: &TestProject, holder: &str, hint: &str) {
    let run = project.run(&["up"]).expect(3);
    assert_eq!(run.stdout, "");
    assert_eq!(
        run.stderr,
        format!(
            "error: port {}/tcp, which livekit needs for signalling, is held by {holder}\n\
             hint: {hint}\n",
            project.ports.livekit()
        )
    );
    nothing_is_left(project);
}

#[test]
fn a_foreign_process_in_the_way_is_named() {
    let project = TestProject::initialised();
    let port = project.ports.livekit();
    let holder = Holder::of(&[&format!("tcp 127.0.0.1:{port}")]);
    refused(
        &project,
        &format!("`{}` (pid {}, user root)", holder.command(), holder.pid()),
        &format!("end it: `urbania ports {port} --stop`"),
    );
    drop(holder);
    project.ok(&["up"]);
}

/// A container that is not urbania's.
struct Foreign(String);

impl Drop for Foreign {
    fn drop(&mut self) {
        docker(&["rm", "--force", &self.0]);
    }
}

#[test]
fn a_foreign_container_in_the_way_is_named() {
    let project = TestProject::initialised();
    let port = project.ports.livekit();
    let foreign = Foreign(format!("foreign-{port}"));
    let publish = format!("{port}:7880");
    let run = [
        "run",
        "--detach",
        "--name",
        &foreign.0,
        "--publish",
        &publish,
    ];
    let dev = [
        LIVEKIT,
        "--dev",
        "--bind",
        "0.0.0.0",
        "--node-ip",
        "127.0.0.1",
    ];
    docker(&[&run[..], &dev[..]].concat());
    refused(
        &project,
        &format!("container `{}` (image {LIVEKIT})", foreign.0),
        &format!("stop it: `docker stop {}`", foreign.0),
    );
    let state = ["inspect", "--format", "{{.State.Running}}", &foreign.0];
    assert_eq!(docker(&state), ["true"]);
}

#[test]
fn another_project_in_the_way_is_named_with_its_folder() {
    let other = TestProject::initialised();
    other.ok(&["up", "livekit"]);
    let before = life(&other);

    let project = TestProject::initialised();
    let port = other.ports.livekit();
    project.edit("livekit.yaml", |text| {
        let own = format!("port: {}\n", project.ports.livekit());
        text.replacen(&own, &format!("port: {port}\n"), 1)
    });
    let run = project.run(&["up"]).expect(3);
    assert_eq!(
        run.stderr,
        format!(
            "error: port {port}/tcp, which livekit needs for signalling, is held by urbania project `{}` (livekit) in `{dir}`\n\
             hint: stop that project: `urbania down --project {dir}`, or move this one: `urbania ports --free`\n",
            other.name,
            dir = other.dir().canonicalize().unwrap().display(),
        )
    );
    nothing_is_left(&project);
    assert_eq!(life(&other), before);

    // The hint is true.
    let dir = other.dir().to_str().unwrap();
    project.ok(&["down", "--project", dir]);
    project.ok(&["up", "livekit"]);
}

#[test]
fn the_api_of_another_project_in_the_way_is_named_with_its_folder() {
    let other = TestProject::initialised_on(Engine::Embedded);
    other.ok(&["up"]);
    let project = TestProject::initialised_on(Engine::Embedded);
    let port = other.ports.api();
    project.edit("urbania.yaml", |text| {
        text.replace(&project.ports.api().to_string(), &port.to_string())
    });
    let dir = other.dir().canonicalize().unwrap().display().to_string();
    let run = project.run(&["up"]).expect(3);
    let refusal = format!(
        "error: port {port}/tcp, which api needs for token API, is held by urbania project `{}` (api) in `{dir}`\n\
         hint: stop that project: `urbania down --project {dir}`, or move this one: `urbania ports --free`\n",
        other.name,
    );
    assert!(run.stderr.ends_with(&refusal), "{}", run.stderr);
    let run = project.run(&["doctor", "--only", "ports"]).expect(3);
    assert!(
        run.stdout.contains(&format!(
            "fix: stop that project: `urbania down --project {dir}`, or move this one: `urbania ports --free`"
        )),
        "{}",
        run.stdout
    );
    project.ok(&["down", "--project", &dir]);
    project.ok(&["ports"]);
}

#[test]
fn a_client_in_the_way_is_named() {
    let project = TestProject::initialised();
    let port = project.ports.livekit();
    let holder = Holder::of(&[&format!("client 127.0.0.9:{port}")]);
    refused(
        &project,
        &format!("`{}` (pid {}, user root)", holder.command(), holder.pid()),
        &format!("end it: `urbania ports {port} --stop`"),
    );
    drop(holder);
    project.ok(&["up", "livekit"]);
}
