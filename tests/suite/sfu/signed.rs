//! Webhooks as LiveKit signs them, and as others would.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{EncodingKey, Header, encode};
use reqwest::Response;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use urbania::context::Clock;

use crate::support::api::{Api, LIVEKIT_SECRET};

/// Now, in seconds.
pub fn now() -> u64 {
    Clock::system().unix()
}

/// An event of room `room` of the SFU number `era`, about `who` who came at `since`.
pub fn event(id: &str, kind: &str, room: &str, era: u64, who: Option<(&str, u64)>) -> Value {
    let mut event = json!({
        "id": id, "event": kind, "createdAt": now().to_string(),
        "room": {"sid": format!("RM_{era}"), "name": room, "creationTimeMs": era.to_string()},
    });
    if let Some((identity, since)) = who {
        event["participant"] = json!({
            "sid": format!("PA_{identity}{since}"), "identity": identity, "joinedAtMs": since.to_string(),
        });
    }
    event
}

/// The `Authorization` of a body, with other claims.
pub fn header(body: &[u8], change: impl FnOnce(&mut Value)) -> String {
    header_by(LIVEKIT_SECRET, body, change)
}

/// The same with another secret.
pub fn header_by(secret: &str, body: &[u8], change: impl FnOnce(&mut Value)) -> String {
    let mut claims = json!({
        "iss": "APItest", "nbf": now(), "exp": now() + 300,
        "sha256": STANDARD.encode(Sha256::digest(body)),
    });
    change(&mut claims);
    let key = EncodingKey::from_secret(secret.as_bytes());
    encode(&Header::default(), &claims, &key).unwrap()
}

/// Sends a body with this `Authorization`.
pub async fn post(api: &Api, authorization: &str, body: Vec<u8>) -> Response {
    api.request("POST", "/api/livekit/webhook")
        .header("authorization", authorization)
        .header("content-type", "application/webhook+json")
        .body(body)
        .send()
        .await
        .unwrap()
}

/// Sends an event as LiveKit would; it must be taken.
pub async fn tell(api: &Api, event: &Value) {
    let body = event.to_string().into_bytes();
    let answer = post(api, &header(&body, |_| {}), body).await;
    assert_eq!(
        answer.status(),
        200,
        "{event}: {}",
        answer.text().await.unwrap()
    );
}
