//! What holds for every contract: limits, lifetimes, the audit, other origins.

use std::time::Duration;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::sdk::{FIREBASE, id_token};
use crate::support::api::{Api, add_user, line, livekit_claims, show};

/// Replaces the seconds of `retry-after`, which must be between one and this many.
fn without_seconds(text: &str, most: u32) -> String {
    let (head, rest) = text.split_once("retry-after: ").unwrap();
    let (seconds, body) = rest.split_once('\n').unwrap();
    assert!((1..=most).contains(&seconds.parse().unwrap()), "{seconds}");
    format!("{head}retry-after: [seconds]\n{body}")
}

#[tokio::test]
async fn too_many_tokens_for_one_caller_are_refused_in_each_contracts_words() {
    let api = Api::start_with(|config| {
        config.limits.tokens_per_minute = 3;
        config.auth.firebase.project = Some(FIREBASE.into());
        config.auth.emulator = true;
    })
    .await;
    add_user(api.store.as_ref(), "bob", &[]).await;
    let (ada, bob) = (api.session().await, api.session_of("bob").await);
    let body = json!({"room_name": "daily", "user_id": api.ada, "username": "Ada"});
    for _ in 0..3 {
        assert_eq!(api.token(&ada, &body).await.status(), 200);
    }
    let refused = show(api.token(&ada, &body).await).await;
    assert_snapshot!(without_seconds(&refused, 20), @r#"
    429 Too Many Requests
    content-type: application/json
    retry-after: [seconds]
    {"detail":"Too many attempts"}
    "#);
    let standard = api
        .request("POST", "/api/livekit/token-source")
        .bearer_auth(&ada);
    let refused = show(standard.json(&json!({})).send().await.unwrap()).await;
    assert_snapshot!(without_seconds(&refused, 20), @r#"
    429 Too Many Requests
    content-type: application/json
    retry-after: [seconds]
    {"error":"Too many attempts"}
    "#);
    let channel = api.token(&ada, &json!({"roomId": "lobby"})).await;
    assert_snapshot!(without_seconds(&show(channel).await, 20), @r#"
    429 Too Many Requests
    content-type: application/json
    retry-after: [seconds]
    {"statusCode":429,"message":"Too many attempts","error":"Too Many Requests"}
    "#);
    let club = api
        .request("POST", "/api/reading-clubs/meeting/token")
        .bearer_auth(&ada)
        .json(&json!({"readingClubId": "novels", "participantName": "Ada"}));
    assert_snapshot!(without_seconds(&show(club.send().await.unwrap()).await, 20), @r#"
    429 Too Many Requests
    content-type: application/json
    retry-after: [seconds]
    {"error":"Too many attempts"}
    "#);
    let call = async || {
        let call = api
            .request("POST", "/api/calls/livekit-token")
            .bearer_auth(id_token())
            .json(&json!({"roomName": "family", "participantIdentity": "uid-of-ada"}));
        call.send().await.unwrap()
    };
    for _ in 0..3 {
        assert_eq!(call().await.status(), 200);
    }
    assert_snapshot!(without_seconds(&show(call().await).await, 20), @r#"
    429 Too Many Requests
    content-type: application/json
    retry-after: [seconds]
    {"error":"Too many attempts"}
    "#);
    // Everything but tokens goes on, and so does everybody else.
    let me = api.request("GET", "/api/auth/me").bearer_auth(&ada);
    assert_eq!(me.send().await.unwrap().status(), 200);
    let standard = api
        .request("POST", "/api/livekit/token-source")
        .bearer_auth(&bob);
    assert_eq!(
        standard.json(&json!({})).send().await.unwrap().status(),
        201
    );
}

#[tokio::test]
async fn too_many_requests_for_tokens_from_one_address_are_refused_whoever_sends_them() {
    let api = Api::start_with(|config| {
        config.limits.tokens_per_minute_by_address = 3;
        config.dev = true;
    })
    .await;
    let ask = |path: &'static str, address: &'static str| {
        let request = api.request("POST", path).header("x-forwarded-for", address);
        let body = r#"{"roomId": "lobby"}"#;
        request.header("x-sandbox-id", "x").body(body).send()
    };
    for path in [
        "/api/livekit/token",
        "/api/livekit/token-source",
        "/api/livekit/rooms/x/join",
    ] {
        assert_eq!(ask(path, "192.0.2.1").await.unwrap().status(), 401);
    }
    for path in [
        "/api/livekit/token",
        "/api/livekit/token-source",
        "/api/livekit/rooms/x/join",
        "/api/connection-details",
        "/api/v2/sandbox/connection-details",
        "/api/calls/livekit-token",
        "/api/reading-clubs/meeting/token",
    ] {
        let refused = show(ask(path, "192.0.2.1").await.unwrap()).await;
        assert!(
            refused.starts_with("429 Too Many Requests\n"),
            "{path}: {refused}"
        );
        without_seconds(&refused, 20);
    }
    assert_eq!(
        ask("/api/livekit/token", "192.0.2.2")
            .await
            .unwrap()
            .status(),
        401
    );
}

#[tokio::test]
async fn limits_of_logins_are_configured() {
    let api = Api::start_with(|config| config.limits.failed_logins_per_minute = 2).await;
    let wrong = json!({"username": "ada", "password": "wrong"});
    for expected in [401, 401, 429] {
        assert_eq!(api.post("/api/auth/login", &wrong).await.status(), expected);
    }
    let api = Api::start_with(|config| config.limits.logins_per_minute = 2).await;
    for expected in [422, 422, 429] {
        assert_eq!(
            api.post("/api/auth/login", &json!({})).await.status(),
            expected
        );
    }
}

#[tokio::test]
async fn no_token_outlasts_the_maximum() {
    let api = Api::start_with(|config| {
        config.token_ttl = Duration::from_hours(6);
        config.max_token_ttl = Duration::from_mins(5);
    })
    .await;
    let session = api.session().await;
    let body = json!({"room_name": "daily", "user_id": api.ada, "username": "Ada"});
    let answer: Value = api.token(&session, &body).await.json().await.unwrap();
    let claims = livekit_claims(answer["token"].as_str().unwrap());
    let lifetime = claims["exp"].as_u64().unwrap() - claims["nbf"].as_u64().unwrap();
    assert_eq!(lifetime, 300);
}

#[tokio::test]
async fn every_token_has_its_line_in_the_audit() {
    let api = Api::start().await;
    let session = api.session().await;
    let make = json!({"room_name": "d \"x\"", "participants": [], "call_type": "audio"});
    let request = api
        .request("POST", "/api/livekit/rooms")
        .bearer_auth(&session);
    assert_eq!(request.json(&make).send().await.unwrap().status(), 201);
    let body = json!({"room_name": "d \"x\"", "user_id": api.ada, "username": "Ada"});
    let answer: Value = api.token(&session, &body).await.json().await.unwrap();
    let token = answer["token"].as_str().unwrap().to_owned();
    let claims = livekit_claims(&token);
    let ada = api.ada.clone();
    let log = api.end().await;
    let audit = log
        .lines()
        .find(|line| line.contains("token issued"))
        .unwrap();
    let (_, audit) = audit.split_once(' ').unwrap();
    let expires = claims["exp"].as_i64().unwrap();
    let expires = jiff::Timestamp::from_second(expires).unwrap().to_string();
    let jti = claims["jti"].as_str().unwrap();
    let audit = audit
        .replace(&ada, "[ada]")
        .replace(&expires, "[exp]")
        .replace(jti, "[jti]");
    assert_snapshot!(audit, @r#"token issued: who="[ada]" contract=urbania room="d \"x\"" grants="join publish subscribe data only:microphone" expires=[exp] jti=[jti]"#);
    assert!(!log.contains(&token), "{log}");
}

#[tokio::test]
async fn web_pages_may_use_every_method_and_header_of_the_contracts() {
    let api = Api::start().await;
    for (method, path, headers) in [
        ("DELETE", "/api/livekit/rooms/x", "authorization"),
        (
            "POST",
            "/api/livekit/token-source",
            "authorization,content-type",
        ),
        (
            "POST",
            "/api/v2/sandbox/connection-details",
            "content-type,x-sandbox-id",
        ),
        ("GET", "/api/livekit/events", "authorization,last-event-id"),
        ("PATCH", "/api/livekit/rooms/x", "authorization"),
        ("PUT", "/api/livekit/rooms/x", "authorization"),
    ] {
        let preflight = api
            .request("OPTIONS", path)
            .header("origin", "http://localhost:3000")
            .header("access-control-request-method", method)
            .header("access-control-request-headers", headers);
        let answer = preflight.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let allowed = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert!(
            allowed("access-control-allow-methods").contains(method),
            "{method}"
        );
        for header in headers.split(',') {
            assert!(
                allowed("access-control-allow-headers").contains(header),
                "{header}"
            );
        }
    }
    let refused = api
        .request("GET", "/api/livekit/rooms")
        .header("origin", "http://localhost:3000");
    let refused = refused.send().await.unwrap();
    assert_eq!(
        refused.headers()["access-control-expose-headers"],
        "retry-after"
    );
    assert_eq!(line(refused).await, r#"401 {"detail":"Not authenticated"}"#);
}
