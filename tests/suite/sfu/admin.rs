//! `/api/admin/rooms` over a real LiveKit.

use std::fmt::Write as _;

use reqwest::Response;
use serde_json::{Value, json};

use super::followed::join;
use super::listen::Listening;
use super::{Pair, api_for, store};
use crate::support::api::{Api, PASSWORD, add_user, line};
use crate::support::page_server::PageServer;
use crate::support::ports::Ports;
use crate::support::sfu_kind::{Kind, on_every_sfu};

const ROOMS: &str = "/api/admin/rooms";

on_every_sfu!(
    rooms_are_made_shown_changed_and_ended,
    participants_are_shown_muted_changed_and_removed,
);

struct Admin<'a> {
    api: &'a Api,
    session: String,
}

impl<'a> Admin<'a> {
    async fn of(api: &'a Api) -> Self {
        let session = api.session().await;
        Self { api, session }
    }

    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Response {
        let request = self.api.request(method, path).bearer_auth(&self.session);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        request.send().await.unwrap()
    }

    async fn line(&self, method: &str, path: &str, body: Option<Value>) -> String {
        line(self.ask(method, path, body).await).await
    }

    async fn json(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let answer = self.ask(method, path, body).await;
        assert_eq!(answer.status(), 200, "{method} {path}");
        answer.json().await.unwrap()
    }
}

async fn rooms_are_made_shown_changed_and_ended(kind: Kind) {
    let Pair { api, sfu: _sfu } = Pair::of(kind).await;
    let admin = Admin::of(&api).await;
    assert_eq!(admin.json("GET", ROOMS, None).await, json!([]));
    let new =
        json!({"name": "the room/ü", "empty_timeout": 77, "max_participants": 5, "metadata": "m"});
    let mut room = admin.json("POST", ROOMS, Some(new.clone())).await;
    let again = admin.json("POST", ROOMS, Some(new)).await;
    assert_eq!(again, room);
    let path = &format!("{ROOMS}/the%20room%2F%C3%BC");
    assert_eq!(admin.json("GET", path, None).await, room);
    assert_eq!(admin.json("GET", ROOMS, None).await, json!([room]));
    assert!(room["sid"].take().as_str().unwrap().starts_with("RM_"));
    assert!(room["created_at"].take().as_str().unwrap().ends_with('Z'));
    assert_eq!(
        room,
        json!({
            "name": "the room/ü", "sid": null, "num_participants": 0, "num_publishers": 0,
            "max_participants": 5, "empty_timeout": 77, "departure_timeout": 20, "created_at": null,
            "metadata": "m", "recording": false,
        })
    );
    let changed = admin
        .json("PATCH", path, Some(json!({"metadata": "n"})))
        .await;
    assert_eq!(changed["metadata"], "n");
    let changed = admin
        .json("PATCH", path, Some(json!({"metadata": ""})))
        .await;
    assert_eq!(changed["metadata"], "");
    let people = format!("{path}/participants");
    assert_eq!(admin.json("GET", &people, None).await, json!([]));
    let data = format!("{path}/data");
    for body in [
        json!({"data": "hello", "topic": "t"}),
        json!({"data_base64": "AAE=", "to": ["ada"], "reliable": false}),
    ] {
        assert_eq!(admin.line("POST", &data, Some(body)).await, "204 ");
    }
    assert_eq!(admin.line("DELETE", path, None).await, "204 ");
    let no_room = r#"404 {"detail":"Room not found"}"#;
    for (method, path, body) in [
        ("DELETE", path, None),
        ("GET", path, None),
        ("PATCH", path, Some(json!({"metadata": "x"}))),
        ("GET", &people, None),
        ("POST", &data, Some(json!({"data": "x"}))),
    ] {
        assert_eq!(
            admin.line(method, path, body).await,
            no_room,
            "{method} {path}"
        );
    }
    let nobody = r#"404 {"detail":"Participant not found"}"#;
    let somebody = &format!("{people}/ada");
    for (method, body) in [
        ("GET", None),
        ("DELETE", None),
        ("PATCH", Some(json!({"name": "x"}))),
    ] {
        assert_eq!(admin.line(method, somebody, body).await, nobody, "{method}");
    }
}

async fn participants_are_shown_muted_changed_and_removed(kind: Kind) {
    let Pair { api, sfu } = Pair::of(kind).await;
    let pages = PageServer::start().await;
    let admin = Admin::of(&api).await;
    let mut stream = Listening::to(&api, &admin.session, "?room=daily").await;
    let page = join(&sfu, &pages, "daily", "ada").await;
    for (name, identity) in [
        ("room_started", ""),
        ("participant_joined", "ada"),
        ("track_published", "ada"),
        ("track_published", "ada"),
    ] {
        stream.until(|e| e.short() == (name, identity)).await;
    }
    let path = &format!("{ROOMS}/daily/participants/ada");
    let ada = admin.json("GET", path, None).await;
    assert_eq!(
        (&ada["state"], &ada["kind"]),
        (&json!("active"), &json!("standard"))
    );
    assert_eq!(
        admin
            .json("GET", &format!("{ROOMS}/daily/participants"), None)
            .await,
        json!([ada])
    );
    let camera = ada["tracks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|t| t["kind"] == "video")
        .unwrap();
    assert_eq!(camera["muted"], false);
    let mute = json!({"track_sid": camera["sid"], "muted": true});
    assert_eq!(
        admin
            .line("POST", &format!("{path}/mute"), Some(mute))
            .await,
        "204 "
    );
    let muted = admin.json("GET", path, None).await;
    assert!(
        muted["tracks"]
            .as_array()
            .unwrap()
            .iter()
            .any(|t| t["sid"] == camera["sid"] && t["muted"] == true)
    );
    let lost = admin
        .line(
            "POST",
            &format!("{path}/mute"),
            Some(json!({"track_sid": "TR_lost"})),
        )
        .await;
    assert_eq!(lost, r#"404 {"detail":"Track not found"}"#);

    let change = json!({
        "name": "Ada", "metadata": "first", "attributes": {"role": "host"},
        "permission": {"can_publish": false, "can_publish_sources": ["microphone"]},
    });
    let changed = admin.json("PATCH", path, Some(change)).await;
    assert_eq!(
        (&changed["name"], &changed["metadata"]),
        (&json!("Ada"), &json!("first"))
    );
    assert_eq!(changed["attributes"], json!({"role": "host"}));
    assert_eq!(
        changed["permission"],
        json!({
            "can_publish": false, "can_subscribe": true, "can_publish_data": true,
            "can_update_metadata": false, "hidden": false, "can_publish_sources": ["microphone"],
        })
    );
    // LiveKit takes an empty text for no change, and an empty attribute for none.
    let unchanged = json!({"name": "", "metadata": "", "attributes": {"role": ""}});
    let unchanged = admin.json("PATCH", path, Some(unchanged)).await;
    assert_eq!(
        (&unchanged["name"], &unchanged["metadata"]),
        (&json!("Ada"), &json!("first"))
    );
    assert_eq!(unchanged["attributes"], json!({}));

    assert_eq!(admin.line("DELETE", path, None).await, "204 ");
    stream
        .until(|e| e.short() == ("participant_left", "ada"))
        .await;
    page.close().await;
}

#[tokio::test]
async fn nothing_but_admins_and_sound_requests_reach_the_sfu() {
    let ports = Ports::take();
    let api = api_for(&ports, |_| {}).await;
    let admin = Admin::of(&api).await;
    add_user(&*store(&api), "bob", &["host"]).await;
    let pair = json!({"username": "bob", "password": PASSWORD});
    let answer: Value = api
        .post("/api/auth/login", &pair)
        .await
        .json()
        .await
        .unwrap();
    let bob = answer["access_token"].as_str().unwrap();
    let refused = api.request("GET", ROOMS).bearer_auth(bob).send().await;
    assert_eq!(
        line(refused.unwrap()).await,
        r#"403 {"detail":"Only admins may do this"}"#
    );
    let nobody = api.request("DELETE", &format!("{ROOMS}/x")).send().await;
    assert_eq!(
        line(nobody.unwrap()).await,
        r#"401 {"detail":"Not authenticated"}"#
    );

    let long = "x".repeat(257);
    let mut table = String::new();
    for (method, path, body) in [
        ("POST", ROOMS.into(), json!({})),
        ("POST", ROOMS.into(), json!([])),
        (
            "POST",
            ROOMS.into(),
            json!({"name": "", "empty_timeout": -1, "max_participants": "many", "metadata": 1}),
        ),
        ("POST", ROOMS.into(), json!({"name": long})),
        (
            "POST",
            ROOMS.into(),
            json!({"name": "x", "empty_timeout": 1e9, "max_participants": 99_999_999}),
        ),
        ("PATCH", format!("{ROOMS}/x"), json!({})),
        ("PATCH", format!("{ROOMS}/{long}"), json!({"metadata": ""})),
        ("PATCH", format!("{ROOMS}/%FF"), json!({"metadata": ""})),
        ("POST", format!("{ROOMS}/x/data"), json!({})),
        (
            "POST",
            format!("{ROOMS}/x/data"),
            json!({"data": "a", "data_base64": "a", "to": "ada", "reliable": 1}),
        ),
        (
            "POST",
            format!("{ROOMS}/x/data"),
            json!({"data_base64": "?", "to": [1]}),
        ),
        (
            "POST",
            format!("{ROOMS}/x/participants/ada/mute"),
            json!({"muted": "yes"}),
        ),
        (
            "PATCH",
            format!("{ROOMS}/x/participants/ada"),
            json!({"name": 1, "attributes": [], "permission": true}),
        ),
        (
            "PATCH",
            format!("{ROOMS}/x/participants/ada"),
            json!({"permission": {"can_publish": 1, "can_publish_sources": ["eyes"]}}),
        ),
        (
            "PATCH",
            format!("{ROOMS}/x/participants/ada"),
            json!({"permission": {"can_publish": true, "zzz": true}}),
        ),
        ("PUT", ROOMS.into(), json!({})),
    ] {
        let answer = admin.line(method, &path, Some(body)).await;
        let path = path.replace(&long, "xxx…");
        writeln!(table, "{method} {path}: {answer}").unwrap();
    }
    insta::assert_snapshot!(table);

    let down = admin.ask("GET", ROOMS, None).await;
    assert_eq!(down.headers()["retry-after"], "2");
    assert_eq!(
        line(down).await,
        r#"503 {"detail":"Service temporarily unavailable"}"#
    );
}
