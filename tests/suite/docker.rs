//! The life of a project on a real engine.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use urbania::http::plain;

use crate::call::PASSWORD;
use crate::support::docker::{containers, docker, volumes};
use crate::support::project::TestProject;

mod bound;
mod interrupted;
mod names;
mod output;
mod podman;
mod remote;
mod tls;
mod turn;

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

/// How many may be in a room that is made through the API.
async fn limit_of_rooms(project: &TestProject, session: &str, room: &str) -> Value {
    let room = json!({"room_name": room, "participants": [], "call_type": "video"});
    post(project, "/api/livekit/rooms", session, &room).await["max_participants"].clone()
}

async fn post(project: &TestProject, path: &str, session: &str, body: &Value) -> Value {
    let client = plain(Duration::from_secs(30)).unwrap();
    let request = client.post(format!("{}{path}", project.api()));
    let answer = request.bearer_auth(session).json(body).send().await;
    answer.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn a_project_starts_once_changes_alone_and_leaves_its_data() {
    let project = TestProject::initialised();
    let name = &project.name;
    project.ok(&["up"]);
    project.add_user("ada", PASSWORD);
    let pair = json!({"username": "ada", "password": PASSWORD});
    let login = post(&project, "/api/auth/login", "", &pair).await;
    let session = login["access_token"].as_str().unwrap();
    assert_eq!(limit_of_rooms(&project, session, "one").await, 100);
    assert!(runs(&project, "mongodb") && runs(&project, "livekit"));
    let (mongodb, livekit) = (id(&project, "mongodb"), id(&project, "livekit"));
    let api = project.api_pid().unwrap();

    let again = project.run(&["up"]).expect(0);
    assert!(again.stderr.contains("everything ran already"));
    assert_eq!(id(&project, "livekit"), livekit);
    assert_eq!(project.api_pid(), Some(api));

    change_livekit(&project);
    project.ok(&["up"]);
    assert_ne!(id(&project, "livekit"), livekit);
    assert_eq!(id(&project, "mongodb"), mongodb);
    // The same API, which has read the file again.
    assert_eq!(project.api_pid(), Some(api));
    assert_eq!(limit_of_rooms(&project, session, "two").await, 99);
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
fn a_paused_service_is_replaced_by_up_and_ended_by_down() {
    let project = TestProject::initialised();
    let name = format!("urbania-{}-livekit", project.name);
    project.ok(&["up", "livekit"]);
    let before = id(&project, "livekit");
    docker(&["pause", &name]);
    project.ok(&["up", "livekit"]);
    assert_ne!(id(&project, "livekit"), before);
    assert!(runs(&project, "livekit"));
    docker(&["pause", &name]);
    project.ok(&["down"]);
    assert_eq!(containers(&project.name), [""; 0]);
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
