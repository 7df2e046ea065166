//! Start, look, change, stop, start again.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{folder, nothing_is_left, on_both, services, starting};
use crate::call::PASSWORD;
use crate::support::engine::Engine;
use crate::support::project::TestProject;
use crate::support::until::eventually;

on_both! {
    a_project_starts_once_changes_alone_and_leaves_its_data
    services_start_and_stop_by_name
    the_logs_are_those_of_the_processes
    nothing_is_wrong_with_a_healthy_project
    a_participant_does_not_hold_up_a_stop
    a_frozen_sfu_is_replaced_by_up_and_ended_by_down
}

/// Pids of all services.
fn pids(project: &TestProject) -> Vec<Option<u32>> {
    let services = services(project.engine).iter();
    services.map(|service| project.pid(service)).collect()
}

fn a_project_starts_once_changes_alone_and_leaves_its_data(engine: Engine) {
    let project = TestProject::initialised_on(engine);
    let dry = project.run(&["up", "--dry-run", "-o", "json"]).expect(0);
    let steps: Value = serde_json::from_str(&dry.stdout).unwrap();
    assert_eq!(
        steps["steps"].as_array().unwrap().len(),
        services(engine).len()
    );
    nothing_is_left(&project);

    let up = project.run(&["up", "-o", "json"]).expect(0);
    assert!(up.stderr.contains(&starting(engine)), "{}", up.stderr);
    let report: Value = serde_json::from_str(&up.stdout).unwrap();
    assert_eq!(report["engine"]["name"], engine.name());
    assert_eq!(report["engine"]["product"], Value::Null);
    project.add_user("ada", PASSWORD);
    let before = pids(&project);
    assert!(before.iter().all(Option::is_some), "{before:?}");
    assert_eq!(project.processes().len(), before.len());

    let again = project.run(&["up"]).expect(0);
    assert!(again.stderr.ends_with("\neverything ran already\n"));
    assert_eq!(pids(&project), before);
    let status = project.ok(&["status"]);
    assert!(status.ends_with(&format!("\nengine: {}\n", engine.name())));

    project.edit("livekit.yaml", |text| {
        text.replace("max_participants: 100", "max_participants: 99")
    });
    let changed = project.run(&["up"]).expect(0).stderr;
    assert!(changed.starts_with("starting livekit\napi reads livekit.yaml again\n"));
    let after = pids(&project);
    let differ = before.iter().zip(&after).map(|(one, other)| one != other);
    let differ: Vec<bool> = differ.collect();
    let expected: Vec<bool> = services(engine).iter().map(|s| *s == "livekit").collect();
    assert_eq!(differ, expected);
    assert_eq!(project.processes().len(), after.len());

    project.ok(&["restart", "livekit"]);
    assert_ne!(project.pid("livekit"), after[after.len() - 2]);
    let other = project.run(&["up", "--engine", "docker"]).expect(1).stderr;
    assert_eq!(
        other,
        format!(
            "error: this project runs on the engine `{}`, not on `docker`\n\
             hint: urbania down, then urbania up --engine docker\n",
            engine.name()
        )
    );

    let down = project.run(&["down"]).expect(0);
    let mut stopped: Vec<_> = services(engine)
        .iter()
        .map(|s| format!("stopping {s}\n"))
        .collect();
    stopped.reverse();
    assert_eq!(down.stderr, stopped.concat());
    nothing_is_left(&project);
    assert_eq!(project.run(&["down"]).expect(0).stderr, "nothing runs\n");

    project.ok(&["up"]);
    assert!(project.ok(&["user", "list"]).contains("ada"));
    project.ok(&["down", "--volumes", "--yes"]);
    nothing_is_left(&project);
    let volumes = project.path(".urbania/volumes");
    assert_eq!(volumes.read_dir().into_iter().flatten().count(), 0);
}

fn services_start_and_stop_by_name(engine: Engine) {
    let project = TestProject::initialised_on(engine);
    project.ok(&["up", "livekit"]);
    assert_eq!(project.processes().len(), 1);
    project.ok(&["up"]);
    let api = project.api_pid();
    project.ok(&["down", "livekit"]);
    assert_eq!(project.pid("livekit"), None);
    assert_eq!(project.api_pid(), api);
    // The engine is remembered as long as anything runs.
    assert!(project.path(".urbania/engine.json").exists());
    project.ok(&["down", "api"]);
    project.ok(&["down"]);
    nothing_is_left(&project);
}

fn the_logs_are_those_of_the_processes(engine: Engine) {
    let project = TestProject::initialised_on(engine);
    project.ok(&["up"]);
    for service in services(engine).iter().filter(|s| **s != "api") {
        let lines = project.ok(&["logs", service, "-o", "json"]);
        let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        assert_eq!(first["service"], *service);
        if engine == Engine::Native {
            assert!(first["at"].is_string(), "{service}: {first}");
        }
    }
    let followed = project
        .command(&["logs", "--follow", "livekit"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    project.ok(&["down"]);
    // It ends with the process, of which it shows the end.
    let shown = followed.wait_with_output().unwrap();
    assert!(shown.status.success());
    assert!(!shown.stdout.is_empty());
}

fn nothing_is_wrong_with_a_healthy_project(engine: Engine) {
    let project = TestProject::initialised_on(engine);
    let before = project.run(&["doctor"]).expect(0);
    assert!(before.stdout.contains(engine.name()), "{}", before.stdout);
    project.ok(&["up"]);
    let healthy = project.run(&["doctor", "-o", "json"]).expect(0).stdout;
    let found: Value = serde_json::from_str(&healthy).unwrap();
    let groups = found["groups"].as_array().unwrap().iter();
    let group = groups.clone().find(|g| g["group"] == "health").unwrap();
    assert_eq!(group["verdict"], "ok", "{healthy}");
    let group = groups.clone().find(|g| g["group"] == "engine").unwrap();
    assert_eq!(group["verdict"], "ok", "{healthy}");
    let _ = project.run(&["ports"]).expect(0);
    let _ = project.run(&["keys", "check"]).expect(0);
    let _ = project.run(&["keys", "rotate"]).expect(0);
    assert!(project.ok(&["status"]).contains("healthy"));
}

fn a_participant_does_not_hold_up_a_stop(engine: Engine) {
    let project = TestProject::initialised_on(engine);
    project.ok(&["up"]);
    let _participant = join(&project);
    let began = Instant::now();
    let down = project.run(&["down"]).expect(0);
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "{:?}",
        began.elapsed()
    );
    if engine == Engine::Native {
        let told = "stopping livekit\nlivekit: somebody may still be connected; ending it anyway\n";
        assert!(down.stderr.contains(told), "{}", down.stderr);
    }
    nothing_is_left(&project);
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

fn a_frozen_sfu_is_replaced_by_up_and_ended_by_down(engine: Engine) {
    let project = TestProject::initialised_on(engine);
    project.ok(&["up", "livekit"]);
    let freeze = || {
        let pid = project.pid("livekit").unwrap();
        let pid = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
        eventually("it is frozen", || {
            project
                .run(&["status", "-o", "json"])
                .stdout
                .contains("paused")
        });
    };
    let before = folder(&project, "livekit");
    freeze();
    project.ok(&["up", "livekit"]);
    assert_ne!(folder(&project, "livekit"), before);
    freeze();
    project.ok(&["down"]);
    nothing_is_left(&project);
}
