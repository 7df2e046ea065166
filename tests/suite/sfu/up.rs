//! `up` tells the SFU where the API is, on every engine and by every network.

use std::time::Duration;

use serde_json::{Value, json};
use urbania::http::plain;

use super::listen::Listening;
use crate::support::engine::{Engine, on_every_engine};
use crate::support::project::{Run, TestProject};

on_every_engine!(rooms_are_served_and_webhooks_arrive);

/// An admin's stream of a running project.
async fn stream(project: &TestProject) -> Listening {
    let args = ["user", "add", "root", "--role", "admin", "-o", "json"];
    let added: Value = serde_json::from_str(&project.ok(&args)).unwrap();
    let client = plain(Duration::from_mins(1)).unwrap();
    let pair = json!({"username": "root", "password": added["password"]});
    let login = client.post(format!("{}/api/auth/login", project.api()));
    let answer: Value = login
        .json(&pair)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let session = answer["access_token"].as_str().unwrap();
    let events = client.get(format!("{}/api/livekit/events", project.api()));
    let mut stream = Listening::at(events.bearer_auth(session)).await;
    assert_eq!(stream.heard().await.rooms(), [""; 0]);
    stream
}

/// The SFU's webhooks arrive: long before the API would ask by itself.
async fn webhooks_arrive(project: &TestProject) {
    let mut stream = stream(project).await;
    let began = std::time::Instant::now();
    project.ok(&["room", "create", "daily", "--metadata", "m"]);
    assert_eq!(stream.heard().await.short(), ("room_started", ""));
    let rooms: Value = serde_json::from_str(&project.ok(&["room", "list", "-o", "json"])).unwrap();
    assert_eq!(rooms[0]["metadata"], "m", "{rooms}");
    project.ok(&["room", "delete", "daily"]);
    assert_eq!(stream.heard().await.short(), ("room_finished", ""));
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
}

async fn rooms_are_served_and_webhooks_arrive(engine: Engine) {
    let project = TestProject::initialised_on(engine);
    project.ok(&["up"]);
    webhooks_arrive(&project).await;
    let again: Run = project.run(&["up"]).expect(0);
    assert!(
        again.stderr.contains("everything ran already"),
        "{}",
        again.stderr
    );
}

#[tokio::test]
async fn webhooks_arrive_from_a_network_of_its_own_though_the_api_is_on_loopback() {
    let project = TestProject::initialised();
    project.settings("network: published\n");
    project.ok(&["up"]);
    webhooks_arrive(&project).await;
    let shown = project.ok(&["config", "show"]);
    let url = format!(":{}/api/livekit/webhook", project.ports.api());
    assert!(
        shown.contains(&url) && !shown.contains("127.0.0.1"),
        "{shown}"
    );
}
