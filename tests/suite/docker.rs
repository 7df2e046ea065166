//! The life of a project on a real engine.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::docker::{containers, docker, volumes};
use crate::support::project::TestProject;

mod failures;
mod interrupted;
mod output;

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
fn a_project_starts_once_changes_alone_and_leaves_its_data() {
    let project = TestProject::initialised();
    let name = &project.name;
    project.ok(&["up"]);
    assert!(runs(&project, "mongodb") && runs(&project, "livekit"));
    let (mongodb, livekit) = (id(&project, "mongodb"), id(&project, "livekit"));
    let api = project.api_pid().unwrap();

    let again = project.run(&["up"]).expect(0);
    assert!(again.stderr.contains("everything ran already"));
    assert_eq!(id(&project, "livekit"), livekit);
    assert_eq!(project.api_pid(), Some(api));

    change_livekit(&project);
    project.ok(&["up", "livekit"]);
    assert_ne!(id(&project, "livekit"), livekit);
    assert_eq!(id(&project, "mongodb"), mongodb);
    assert_eq!(containers(name).len(), 2);

    project.ok(&["down"]);
    assert_eq!(containers(name), [""; 0]);
    assert_eq!(volumes(name), [format!("urbania-{name}-mongodb")]);
    assert_eq!(project.api_pid(), None);
    let nothing = project.run(&["down"]).expect(0);
    assert_eq!(nothing.stderr, "nothing runs\n");

    project.ok(&["up"]);
    let asked = project.run(&["down", "--volumes"]).expect(2);
    assert!(asked.stderr.contains("--yes deletes without asking"));
    assert!(runs(&project, "mongodb"));
    project.ok(&["down", "--volumes", "--yes"]);
    assert_eq!(volumes(name), [""; 0]);
}

#[test]
fn services_start_and_stop_by_name() {
    let project = TestProject::initialised();
    project.ok(&["up", "mongodb"]);
    assert_eq!(
        containers(&project.name),
        [format!("urbania-{}-mongodb", project.name)]
    );
    assert_eq!(project.api_pid(), None);
    project.ok(&["up"]);
    let api = project.api_pid();
    project.ok(&["down", "livekit"]);
    assert_eq!(
        containers(&project.name),
        [format!("urbania-{}-mongodb", project.name)]
    );
    assert_eq!(project.api_pid(), api);
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

#[test]
fn two_projects_live_side_by_side() {
    let (one, two) = (TestProject::initialised(), TestProject::initialised());
    one.ok(&["up"]);
    two.ok(&["up"]);
    let all = one.run(&["status", "--all"]).stdout;
    assert!(all.contains(&one.name) && all.contains(&two.name), "{all}");
    let planned = one.ok(&["down", "--all", "--dry-run"]);
    for project in [&one, &two] {
        assert!(
            planned.contains(&format!("urbania-{}-livekit", project.name)),
            "{planned}"
        );
    }
    one.ok(&["down"]);
    assert!(runs(&two, "livekit"));
    two.ok(&["status"]);
}

#[test]
fn a_participant_does_not_hold_up_a_stop() {
    let project = TestProject::initialised();
    project.ok(&["up"]);
    let _participant = join(&project);
    let began = Instant::now();
    let down = project.run(&["down"]).expect(0);
    assert_eq!(
        down.stderr,
        "stopping api\n\
         stopping livekit\n\
         livekit: somebody may still be connected; ending it anyway\n\
         stopping mongodb\n"
    );
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "{:?}",
        began.elapsed()
    );
}

/// Joins a room as far as the SFU is concerned: the signalling connection stays open.
fn join(project: &TestProject) -> TcpStream {
    let token = project.ok(&["token", "create", "--room", "room", "--identity", "anna"]);
    let mut stream = TcpStream::connect(("127.0.0.1", project.ports.livekit())).unwrap();
    let request = format!(
        "GET /rtc?protocol=9&access_token={} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        token.trim()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 101");
    stream
}

#[test]
fn no_secret_is_seen_from_outside() {
    let project = TestProject::initialised();
    let up = project.run(&["up", "-vvv"]).expect(0);
    let mut seen = vec![up.stdout, up.stderr];
    for service in ["mongodb", "livekit"] {
        seen.extend(docker(&["inspect", &id(&project, service)]));
        let log = Command::new("docker")
            .args(["logs", &id(&project, service)])
            .output()
            .unwrap();
        seen.push(String::from_utf8_lossy(&log.stdout).into_owned());
        seen.push(String::from_utf8_lossy(&log.stderr).into_owned());
    }
    let pid = project.api_pid().unwrap();
    seen.push(std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap());
    seen.push(project.read(".urbania/logs/api.log"));
    for args in [
        &["status", "-o", "json"][..],
        &["status", "-o", "env"],
        &["logs"],
    ] {
        let run = project.run(args);
        seen.extend([run.stdout, run.stderr]);
    }
    let seen = seen.join("\n");
    for (name, secret) in secrets(&project) {
        assert!(!seen.contains(&secret), "{name} is in\n{seen}");
    }
    let mode = std::fs::metadata(project.path(".urbania"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
}

/// Every secret of a project, by name.
fn secrets(project: &TestProject) -> Vec<(String, String)> {
    let env = project.read(".env");
    let variables = env.lines().filter_map(|line| line.split_once('='));
    let mut secrets: Vec<(String, String)> = variables
        .filter(|(name, _)| name.ends_with("SECRET") || *name == "MONGODB_URI")
        .map(|(name, value)| {
            let password = value
                .split_once("urbania:")
                .and_then(|(_, rest)| rest.split_once('@'));
            let value = password.map_or(value, |(password, _)| password);
            (name.to_owned(), value.trim_matches('"').to_owned())
        })
        .collect();
    assert_eq!(secrets.len(), 3, "{env}");
    let livekit = project.read("livekit.yaml");
    let pairs = livekit
        .lines()
        .filter_map(|line| line.trim().split_once(": "));
    secrets.extend(
        pairs
            .filter(|(key, _)| key.starts_with("API"))
            .map(|(key, secret)| (key.to_owned(), secret.to_owned())),
    );
    assert_eq!(secrets.len(), 5, "{livekit}");
    secrets
}
