//! Start, look, change, stop, start again.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use urbania::http::plain;

use super::{how_many, nothing_is_left, services, starting};
use crate::call::PASSWORD;
use crate::support::docker::{docker, volumes};
use crate::support::engine::{Engine, on_every_engine};
use crate::support::project::TestProject;
use crate::support::signal::join;
use crate::support::until::eventually;

on_every_engine!(
    a_project_starts_once_changes_alone_and_leaves_its_data,
    services_start_and_stop_by_name,
    the_logs_are_those_of_the_services,
    nothing_is_wrong_with_a_healthy_project,
    a_participant_does_not_hold_up_a_stop,
    a_frozen_sfu_is_replaced_by_up_and_ended_by_down,
);

/// What of each service is there.
fn instances(project: &TestProject) -> Vec<Option<String>> {
    let services = services(project.engine).iter();
    services.map(|service| project.instance(service)).collect()
}

async fn post(project: &TestProject, path: &str, session: &str, body: &Value) -> Value {
    let client = plain(Duration::from_secs(30)).unwrap();
    let request = client.post(format!("{}{path}", project.api()));
    let answer = request.bearer_auth(session).json(body).send().await;
    answer.unwrap().json().await.unwrap()
}

/// How many may be in a room that is made through the API.
async fn limit_of_rooms(project: &TestProject, session: &str, room: &str) -> Value {
    let room = json!({"room_name": room, "participants": [], "call_type": "video"});
    post(project, "/api/livekit/rooms", session, &room).await["max_participants"].clone()
}

async fn a_project_starts_once_changes_alone_and_leaves_its_data(engine: Engine) {
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
    let is_product = report["engine"]["product"].is_string();
    assert_eq!(is_product, engine == Engine::Docker, "{report}");
    project.add_user("ada", PASSWORD);
    let pair = json!({"username": "ada", "password": PASSWORD});
    let login = post(&project, "/api/auth/login", "", &pair).await;
    let session = login["access_token"].as_str().unwrap();
    assert_eq!(limit_of_rooms(&project, session, "one").await, 100);
    let before = instances(&project);
    assert!(before.iter().all(Option::is_some), "{before:?}");
    assert_eq!(how_many(&project), before.len());

    let again = project.run(&["up"]).expect(0);
    assert!(again.stderr.ends_with("\neverything ran already\n"));
    assert_eq!(instances(&project), before);
    let status = project.ok(&["status"]);
    let last = status.lines().last().unwrap();
    assert!(last.starts_with(&format!("engine: {}", engine.name())));

    project.edit("livekit.yaml", |text| {
        text.replace("max_participants: 100", "max_participants: 99")
    });
    let changed = project.run(&["up"]).expect(0).stderr;
    assert!(changed.contains("starting livekit\napi reads livekit.yaml again\n"));
    let after = instances(&project);
    let differ = before.iter().zip(&after).map(|(one, other)| one != other);
    let differ: Vec<bool> = differ.collect();
    let expected: Vec<bool> = services(engine).iter().map(|s| *s == "livekit").collect();
    assert_eq!(differ, expected);
    assert_eq!(how_many(&project), after.len());
    // The same API, which has read the file again.
    assert_eq!(limit_of_rooms(&project, session, "two").await, 99);

    project.ok(&["restart", "livekit"]);
    let is_the_same = project.instance("livekit") == after[after.len() - 2];
    assert_eq!(is_the_same, engine == Engine::Docker);
    refuses_another_engine(&project);
    down_and_up_again(&project);
}

fn refuses_another_engine(project: &TestProject) {
    let other = match project.engine {
        Engine::Embedded => "docker",
        Engine::Docker | Engine::Native => "embedded",
    };
    let refused = project.run(&["up", "--engine", other]).expect(1).stderr;
    assert_eq!(
        refused,
        format!(
            "error: this project runs on the engine `{}`, not on `{other}`\n\
             hint: urbania down, then urbania up --engine {other}\n",
            project.engine.name()
        )
    );
}

fn down_and_up_again(project: &TestProject) {
    let down = project.run(&["down"]).expect(0);
    let stopped = services(project.engine).iter().rev();
    let stopped = stopped.map(|s| format!("stopping {s}\n"));
    assert_eq!(down.stderr, stopped.collect::<String>());
    nothing_is_left(project);
    assert_eq!(project.run(&["down"]).expect(0).stderr, "nothing runs\n");
    if project.engine == Engine::Embedded {
        // Records in a file need nothing that runs.
        assert!(project.ok(&["user", "list"]).contains("ada"));
    }

    project.ok(&["up"]);
    assert!(project.ok(&["user", "list"]).contains("ada"));
    let asked = project.run(&["down", "--volumes"]).expect(2);
    assert!(asked.stderr.contains("--yes deletes without asking"));
    assert_eq!(how_many(project), services(project.engine).len());
    let deleted = project.run(&["down", "--volumes", "--yes"]).expect(0);
    assert!(deleted.stderr.contains("deleting "), "{}", deleted.stderr);
    nothing_is_left(project);
    assert!(!project.path(".urbania/urbania.db").exists());
    let folder = project.path(".urbania/volumes");
    let in_folder = folder.read_dir().into_iter().flatten().count();
    assert_eq!((in_folder, volumes(&project.name)), (0, Vec::new()));
}

async fn services_start_and_stop_by_name(engine: Engine) {
    let project = TestProject::initialised_on(engine);
    project.ok(&["up", "livekit"]);
    assert_eq!(how_many(&project), 1);
    project.ok(&["up"]);
    let api = project.api_pid();
    project.ok(&["down", "livekit"]);
    assert_eq!(project.instance("livekit"), None);
    assert_eq!(project.api_pid(), api);
    // The engine is remembered as long as anything runs.
    assert!(project.path(".urbania/engine.json").exists());
    project.ok(&["down", "api"]);
    project.ok(&["down"]);
    nothing_is_left(&project);
}

async fn the_logs_are_those_of_the_services(engine: Engine) {
    let project = TestProject::initialised_on(engine);
    project.ok(&["up"]);
    for service in services(engine).iter().filter(|s| **s != "api") {
        let lines = project.ok(&["logs", service, "-o", "json"]);
        let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        assert_eq!(first["service"], *service);
        assert!(first["at"].is_string(), "{service}: {first}");
    }
    let mut followed = project.command(&["logs", "--follow", "livekit"]);
    let mut followed = followed.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(followed.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("livekit | "));
    project.ok(&["down"]);
    // It ends with the service.
    assert!(lines.all(|line| line.unwrap().starts_with("livekit | ")));
    assert!(followed.wait().unwrap().success());
}

async fn nothing_is_wrong_with_a_healthy_project(engine: Engine) {
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

async fn a_participant_does_not_hold_up_a_stop(engine: Engine) {
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
    // LiveKit's own server would wait for them.
    let forced = "stopping livekit\nlivekit: somebody may still be connected; ending it anyway\n";
    let is_forced = down.stderr.contains(forced);
    assert_eq!(is_forced, engine != Engine::Embedded, "{}", down.stderr);
    nothing_is_left(&project);
}

async fn a_frozen_sfu_is_replaced_by_up_and_ended_by_down(engine: Engine) {
    let project = TestProject::initialised_on(engine);
    project.ok(&["up", "livekit"]);
    let before = project.instance("livekit");
    freeze(&project);
    project.ok(&["up", "livekit"]);
    assert_ne!(project.instance("livekit"), before);
    freeze(&project);
    project.ok(&["down"]);
    nothing_is_left(&project);
}

fn freeze(project: &TestProject) {
    if project.engine == Engine::Docker {
        docker(&["pause", &format!("urbania-{}-livekit", project.name)]);
    } else {
        let pid = project.pid("livekit").unwrap().cast_signed();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
    }
    eventually("it is frozen", || {
        let status = project.run(&["status", "-o", "json"]);
        status.stdout.contains("paused")
    });
}
