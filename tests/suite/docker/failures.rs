//! What goes wrong at `up`: a clear error, a way out, and nothing half-done.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::support::docker::{containers, docker, volumes};
use crate::support::project::{Run, TestProject};

/// Nothing of the project is there.
fn nothing_is_left(project: &TestProject) {
    assert_eq!(containers(&project.name), [""; 0]);
    assert_eq!(volumes(&project.name), [""; 0]);
    assert_eq!(project.api_pid(), None);
}

#[test]
fn a_livekit_that_ends_at_once_is_quoted_and_everything_is_taken_back() {
    let project = TestProject::initialised();
    super::break_livekit(&project);
    let up = project.run(&["up"]).expect(1);
    let first = "error: `livekit` ended while it started (exit code 0); its last words:\n";
    assert!(up.stderr.contains(first), "{}", up.stderr);
    assert!(
        up.stderr
            .contains("  | unable to connect to redis: dial tcp 127.0.0.1:1"),
        "{}",
        up.stderr
    );
    assert!(
        up.stderr.ends_with(
            "hint: the `redis:` of livekit.yaml must be reachable; without it LiveKit runs alone\n"
        ),
        "{}",
        up.stderr
    );
    nothing_is_left(&project);
}

#[test]
fn a_failed_change_leaves_what_ran_before() {
    let project = TestProject::initialised();
    project.ok(&["up"]);
    let (livekit, mongodb) = (
        super::id(&project, "livekit"),
        super::id(&project, "mongodb"),
    );
    let before = project.read("livekit.yaml");
    super::break_livekit(&project);
    let up = project.run(&["up"]).expect(1);
    assert!(
        up.stderr
            .contains("livekit: the one from before runs again"),
        "{}",
        up.stderr
    );
    assert_eq!(super::id(&project, "livekit"), livekit);
    assert!(super::runs(&project, "livekit"));
    assert_eq!(super::id(&project, "mongodb"), mongodb);
    project.write("livekit.yaml", &before);
    let again = project.run(&["up"]).expect(0);
    assert!(
        again.stderr.contains("everything ran already"),
        "{}",
        again.stderr
    );
}

#[test]
fn a_service_that_never_gets_healthy_is_given_up() {
    let project = TestProject::initialised();
    let api = format!("api: {{listen: '127.0.0.1:{}'}}\n", project.ports.api());
    project.settings(&format!("{api}images: {{livekit: 'mongo:8.0'}}\n"));
    let up = project.run(&["up", "--wait-timeout", "1s"]).expect(1);
    let words = "error: `livekit` is not healthy after 1 s: nobody answers yet";
    assert!(up.stderr.contains(words), "{}", up.stderr);
    assert!(
        up.stderr
            .contains("hint: --wait-timeout 5m   waits longer\n"),
        "{}",
        up.stderr
    );
    nothing_is_left(&project);
}

#[test]
fn another_password_on_an_old_volume_is_told_and_the_volume_stays() {
    let project = TestProject::initialised();
    project.ok(&["up", "mongodb"]);
    project.ok(&["down"]);
    project.edit(".env", |text| text.replace("urbania:", "urbania:another"));
    let up = project.run(&["up"]).expect(1);
    assert_eq!(
        up.stderr,
        "starting mongodb\n\
         undoing what was begun\n\
         error: MongoDB refuses the password of MONGODB_URI: its volume was made with another one\n\
         hint: keep the data: put the password of then into MONGODB_URI in .env\n\
         hint: delete the data: urbania down --volumes, then urbania up\n"
    );
    assert_eq!(containers(&project.name), [""; 0]);
    assert_eq!(volumes(&project.name).len(), 1);
}

#[test]
fn a_port_in_other_hands_stops_up_before_it_starts() {
    let project = TestProject::initialised();
    let port = project.ports.livekit();
    let _held = TcpListener::bind(("0.0.0.0", port)).unwrap();
    let up = project.run(&["up"]).expect(3);
    let first = format!("error: port {port}/tcp, which livekit needs for signalling, is held by `");
    assert!(up.stderr.starts_with(&first), "{}", up.stderr);
    nothing_is_left(&project);
}

#[test]
fn a_container_of_somebody_else_with_our_name_is_left_alone() {
    let project = TestProject::initialised();
    let name = format!("urbania-{}-livekit", project.name);
    let foreign = docker(&["create", "--name", &name, "mongo:8.0"]).remove(0);
    let up = project.run(&["up"]).expect(1);
    let still = docker(&["inspect", "--format", "{{.Id}}", &name]);
    docker(&["rm", "--force", "--volumes", &name]);
    assert_eq!(
        up.stderr,
        format!(
            "undoing what was begun\n\
             error: a container named `{name}` is there already, and it is not ours\n\
             hint: remove it (docker rm -f {name}) or give the project another name: in urbania.yaml\n"
        )
    );
    assert_eq!(still, [foreign]);
    nothing_is_left(&project);
}

#[test]
fn the_same_name_in_another_folder_is_refused() {
    let (one, two) = (TestProject::initialised(), TestProject::initialised());
    one.ok(&["up", "mongodb"]);
    two.edit("urbania.yaml", |text| text.replace(&two.name, &one.name));
    let up = two.run(&["up"]).expect(3);
    assert!(
        up.stderr.starts_with(&format!(
            "error: another project named `{}` is at `",
            one.name
        )),
        "{}",
        up.stderr
    );
    assert!(super::runs(&one, "mongodb"));
}

fn with_host(project: &TestProject, host: &str, args: &[&str]) -> Run {
    let output = project.command(args).env("DOCKER_HOST", host).output();
    Run::of(args, &output.unwrap())
}

#[test]
fn an_engine_that_does_not_run_is_told() {
    let project = TestProject::initialised();
    let socket = project.path("no.sock");
    let host = format!("unix://{}", socket.display());
    let up = with_host(&project, &host, &["up"]).expect(1);
    assert_eq!(
        up.stderr,
        format!(
            "error: no Docker engine is running: there is no socket {host} (DOCKER_HOST)\n\
             hint: start it (Linux: sudo systemctl start docker) or install it: https://docs.docker.com/engine/install/\n"
        )
    );
}

#[test]
fn an_engine_that_this_user_may_not_use_is_told() {
    let project = TestProject::initialised();
    // Nobody's own copy: what is under test is the engine's socket alone.
    let urbania = project.path("urbania");
    fs::copy(env!("CARGO_BIN_EXE_urbania"), &urbania).unwrap();
    let give = |path: &Path| std::os::unix::fs::chown(path, Some(65534), Some(65534)).unwrap();
    for file in ["", "urbania", "urbania.yaml", "livekit.yaml", ".env"] {
        give(&project.path(file));
    }
    fs::set_permissions(project.dir(), fs::Permissions::from_mode(0o700)).unwrap();
    let output = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&urbania)
        .arg("up")
        .current_dir(project.dir())
        .env_clear()
        .env("DOCKER_HOST", "unix:///var/run/docker.sock")
        .output()
        .unwrap();
    let up = Run::of(&["up"], &output).expect(1);
    assert_eq!(
        up.stderr,
        "error: this user may not use the Docker engine at unix:///var/run/docker.sock (DOCKER_HOST)\n\
         hint: sudo usermod -aG docker \"$USER\", then log in again (or: newgrp docker)\n"
    );
}

#[test]
fn a_broken_file_does_not_keep_a_project_from_stopping() {
    let project = TestProject::initialised();
    project.ok(&["up"]);
    project.write("livekit.yaml", "port: [\n");
    project.ok(&["down"]);
    assert_eq!(containers(&project.name), [""; 0]);
    assert_eq!(project.api_pid(), None);
}
