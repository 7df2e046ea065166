//! Tokens without a login, for development.

use std::fmt::Write as _;

use insta::{allow_duplicates, assert_snapshot};
use reqwest::Response;
use serde_json::{Value, json};

use crate::config::Folder;
use crate::support::api::{Api, line, livekit_claims, show};
use crate::support::store::StoreKind;

const DETAILS: &str = "/api/connection-details";
const SANDBOX: &str = "/api/v2/sandbox/connection-details";

async fn dev(kind: StoreKind) -> Api {
    Api::start_on_with(kind, |config| config.dev = true).await
}

async fn sandbox(api: &Api, body: &Value) -> Response {
    let request = api
        .request("POST", SANDBOX)
        .header("x-sandbox-id", "any-1x2y3z");
    request.json(body).send().await.unwrap()
}

async fn body(answer: Response) -> Value {
    assert!(answer.status().is_success(), "{}", answer.status());
    answer.json().await.unwrap()
}

#[tokio::test]
async fn without_the_switch_there_are_no_such_paths() {
    for kind in StoreKind::ALL {
        let api = Api::start_on(kind).await;
        let mut table = String::new();
        for (method, path) in [("GET", DETAILS), ("POST", DETAILS), ("POST", SANDBOX)] {
            let answer = api.request(method, path).send().await.unwrap();
            writeln!(table, "{method} {path}: {}", line(answer).await).unwrap();
        }
        allow_duplicates!(assert_snapshot!(table, @r#"
        GET /api/connection-details: 404 {"error":"Not Found"}
        POST /api/connection-details: 404 {"error":"Not Found"}
        POST /api/v2/sandbox/connection-details: 404 {"error":"Not Found"}
        "#));
    }
}

#[tokio::test]
async fn pages_of_other_names_get_nothing() {
    let api = dev(StoreKind::Sqlite).await;
    for host in [
        "attacker.example:8140",
        "192.168.1.7:8000",
        "localhost:8000",
        "[::1]:8000",
    ] {
        for (method, path) in [("GET", DETAILS), ("POST", DETAILS), ("POST", SANDBOX)] {
            let request = api.request(method, path).header("x-sandbox-id", "any");
            let answer = request.header("host", host).send().await.unwrap();
            if host.starts_with("localhost") || host.starts_with("[::1]") {
                assert!(answer.status().is_success(), "{host}: {}", answer.status());
                continue;
            }
            assert_eq!(
                line(answer).await,
                r#"403 {"error":"Without a login this server answers to localhost and loopback addresses alone"}"#
            );
        }
    }
}

#[tokio::test]
async fn names_are_spelt_as_the_client_spells_them() {
    let api = dev(StoreKind::Sqlite).await;
    let path = format!("{DETAILS}?roomName={}", "x".repeat(300));
    let answer = api.request("GET", &path).send().await.unwrap();
    assert_eq!(
        line(answer).await,
        r#"400 {"error":"roomName is longer than 256 bytes"}"#
    );
}

#[tokio::test]
async fn sample_apps_get_what_they_ask_for() {
    for kind in StoreKind::ALL {
        let api = Api::start_on_with(kind, |config| config.dev = true).await;
        let path = format!("{DETAILS}?roomName=a%20b&participantName=%C3%BC&region=x&metadata=m");
        let by_query = show(api.request("GET", &path).send().await.unwrap()).await;
        let token = by_query.split('"').nth(15).unwrap().to_owned();
        assert_snapshot!("details", by_query.replace(&token, "[token]"));
        let claims = livekit_claims(&token);
        assert_eq!(claims["video"]["room"], "a b");
        assert_eq!(claims["name"], "ü");
        assert_eq!(claims["metadata"], "m");
        let identity = claims["sub"].as_str().unwrap();
        assert_eq!(identity.strip_prefix("ü__").unwrap().len(), 8);

        let ask = json!({"roomName": "a b", "participantName": "ü", "participantMetadata": "m"});
        let by_body = api
            .request("POST", DETAILS)
            .json(&ask)
            .send()
            .await
            .unwrap();
        let by_body = show(by_body).await;
        let other = by_body.split('"').nth(15).unwrap().to_owned();
        assert_eq!(
            by_body.replace(&other, "[token]"),
            by_query.replace(&token, "[token]")
        );
        assert_ne!(livekit_claims(&other)["sub"], identity);
    }
}

#[tokio::test]
async fn who_asks_for_nothing_is_a_guest_in_a_room_of_their_own() {
    for kind in StoreKind::ALL {
        let api = dev(kind).await;
        for request in [api.request("GET", DETAILS), api.request("POST", DETAILS)] {
            let details = body(request.send().await.unwrap()).await;
            assert_eq!(details["participantName"], "guest");
            assert!(details["roomName"].as_str().unwrap().starts_with("room-"));
            let claims = livekit_claims(details["participantToken"].as_str().unwrap());
            assert!(claims["sub"].as_str().unwrap().starts_with("guest__"));
        }
    }
}

#[tokio::test]
async fn a_sandbox_answers_as_the_standard_endpoint_does() {
    for kind in StoreKind::ALL {
        let api = dev(kind).await;
        let ask = json!({
            "room_name": "daily", "participant_identity": "ada", "participant_name": "Ada",
            "participant_attributes": {"a": "b"},
            "room_config": {"agents": [{"agent_name": "scribe"}]},
        });
        let text = show(sandbox(&api, &ask).await).await;
        let token = text.split('"').nth(7).unwrap().to_owned();
        assert_snapshot!(
            "a_sandbox_answers_as_the_standard_endpoint_does",
            text.replace(&token, "[token]")
        );
        let claims = livekit_claims(&token);
        // Nobody's own word makes them somebody.
        assert_eq!(
            claims["sub"]
                .as_str()
                .unwrap()
                .strip_prefix("ada__")
                .unwrap()
                .len(),
            8
        );
        assert_eq!(claims["attributes"], json!({"a": "b"}));
        assert_eq!(
            claims["roomConfig"],
            json!({"agents": [{"agentName": "scribe"}]})
        );
        let log = api.end().await;
        assert!(log.contains("contract=connection_details"), "{log}");
    }
}

#[tokio::test]
async fn closed_rooms_stay_closed_and_bad_requests_are_told() {
    for kind in StoreKind::ALL {
        let api = dev(kind).await;
        let session = api.session().await;
        let make = json!({"room_name": "closed", "participants": ["bob"], "call_type": "video"});
        let request = api
            .request("POST", "/api/livekit/rooms")
            .bearer_auth(&session);
        assert_eq!(request.json(&make).send().await.unwrap().status(), 201);
        let long = "x".repeat(257);
        let mut table = String::new();
        let post = |path| api.request("POST", path).header("x-sandbox-id", "x");
        for (what, request) in [
            (
                "closed",
                api.request("GET", &format!("{DETAILS}?roomName=closed")),
            ),
            (
                "bob",
                post(SANDBOX).body(r#"{"room_name": "closed", "participant_identity": "bob"}"#),
            ),
            ("no sandbox", api.request("POST", SANDBOX).body("{}")),
            ("no JSON", post(DETAILS).body("nonsense")),
            ("no JSON", post(SANDBOX).body("nonsense")),
            ("a form feed", post(SANDBOX).body("\u{c}")),
            ("a number", post(SANDBOX).body(r#"{"room_name": 1}"#)),
            (
                "egress",
                post(SANDBOX).body(r#"{"room_config": {"egress": {}}}"#),
            ),
            (
                "long",
                api.request("GET", &format!("{DETAILS}?roomName={long}")),
            ),
            ("too much", post(SANDBOX).body(" ".repeat(65 * 1024))),
            ("GET", api.request("GET", SANDBOX)),
            ("DELETE", api.request("DELETE", DETAILS)),
        ] {
            writeln!(
                table,
                "{what}: {}",
                line(request.send().await.unwrap()).await
            )
            .unwrap();
        }
        assert_snapshot!("closed_rooms_stay_closed_and_bad_requests_are_told", table);
    }
}

#[test]
fn the_switch_is_refused_where_others_could_reach_it() {
    const KEYS: &str = "keys: {APIone: aaaaaaaaaabbbbbbbbbbccccccccccdd}\n";
    let validated = |listen: &str, code| {
        let settings = format!("api: {{dev: true, listen: '{listen}'}}\n");
        let files = [("livekit.yaml", KEYS), ("urbania.yaml", settings.as_str())];
        Folder::with(&files)
            .run(&["config", "validate"])
            .expect(code)
            .stderr
    };
    assert_eq!(
        validated("0.0.0.0:8000", 2),
        "error: urbania.yaml:1:7: api.dev: gives everybody tokens, so api.listen must be a \
         loopback address; it is 0.0.0.0:8000\n"
    );
    for loopback in ["127.0.0.1:8000", "[::1]:8000"] {
        validated(loopback, 0);
    }
    let settings = "api: {dev: true}\nservices: {mongodb: {enabled: false}}\n";
    let folder = Folder::with(&[("livekit.yaml", KEYS), ("urbania.yaml", settings)]);
    let run = folder.run(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(
        run.expect(2).stderr,
        "error: `0.0.0.0:0` is no loopback address, and `api.dev` gives everybody tokens\n\
         hint: api.dev: false in urbania.yaml, or --listen 127.0.0.1:8000\n"
    );
}
