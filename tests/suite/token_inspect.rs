//! What `urbania token inspect` says of a token is what the real server does with it.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use urbania::context::Clock;
use urbania::livekit::inspect::inspect;

use crate::support::sfu::TestSfu;

/// A good token with some claims changed; `null` removes one.
fn claims(now: i64, changes: &Value) -> Value {
    let mut claims = json!({
        "iss": "APItest", "sub": "ada", "nbf": now - 5, "exp": now + 600,
        "video": {"roomJoin": true, "room": "daily"},
    });
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

fn signed(claims: &Value, algorithm: Algorithm, secret: &str) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    encode(&Header::new(algorithm), claims, &key).unwrap()
}

#[tokio::test]
async fn verdicts_are_those_of_the_real_server() {
    let sfu = TestSfu::start(None).await;
    let secret = sfu.pair.secret.expose_secret().to_owned();
    let now = Clock::system().now().as_second();
    let join = |video: Value| json!({"video": video});
    let long = "x".repeat(257);
    let mut tokens: Vec<(String, String)> = [
        json!({}),
        json!({"exp": now - 30}),
        json!({"exp": now - 90}),
        json!({"exp": null}),
        json!({"exp": "tomorrow"}),
        json!({"exp": now + 7 * 86_400}),
        json!({"nbf": now + 30}),
        json!({"nbf": now + 90}),
        json!({"nbf": null}),
        json!({"nbf": now + 40, "exp": now + 20}),
        json!({"exp": (now + 600) * 1000}),
        json!({"exp": (now + 600).to_string()}),
        json!({"nbf": now * 1000}),
        json!({"nbf": "soon"}),
        json!({"iat": now + 600}),
        json!({"iat": "now"}),
        json!({"aud": 7}),
        json!({"aud": ["a", "b"]}),
        json!({"metadata": {"a": 1}}),
        json!({"attributes": {"a": 1}}),
        json!({"attributes": {"a": "1"}}),
        json!({"name": 7}),
        json!({"kindDetails": "a"}),
        json!({"video": "all"}),
        json!({"roomConfig": {"emptyTimeout": 60, "departure_timeout": "5", "tags": {"a": "b"}, "metadata": null}}),
        json!({"roomConfig": {"maxPeople": 5, "agents": [{"agentName": "a", "of": "nobody"}]}}),
        json!({"roomConfig": {"emptyTimeout": "soon"}}),
        json!({"roomConfig": {"emptyTimeout": -1}}),
        json!({"roomConfig": {"emptyTimeout": 1, "empty_timeout": 2}}),
        json!({"roomConfig": {"minPlayoutDelay": 4_294_967_296u64}}),
        json!({"roomConfig": {"syncStreams": "true"}}),
        json!({"roomConfig": {"metadata": 5}}),
        json!({"roomConfig": {"agents": {}}}),
        json!({"roomConfig": {"agents": [{"agentName": 5}]}}),
        json!({"roomConfig": []}),
        join(json!({"roomJoin": "true", "room": "d"})),
        join(json!({"roomJoin": true, "room": 7})),
        join(json!({"roomJoin": true, "room": "d", "canPublish": null})),
        join(json!({"roomJoin": true, "room": "d", "canPublishSources": "camera"})),
        join(json!({"roomJoin": true, "room": "d", "canPublishSources": ["cam"]})),
        join(json!({"roomJoin": true, "room": "d", "hidden": 1})),
        json!({"iss": "APIother"}),
        json!({"iss": null}),
        json!({"sub": null}),
        json!({"sub": "", "jti": "the-id"}),
        json!({"sub": 7}),
        json!({"sub": "y".repeat(256)}),
        json!({"sub": long}),
        json!({"video": {"roomJoin": true}}),
        join(json!({"roomJoin": true, "room": ""})),
        join(json!({"roomJoin": true, "room": long})),
        join(json!({"roomJoin": true, "room": "d", "canPublish": false, "canPublishSources": ["camera"]})),
        join(json!({"roomJoin": true, "room": "d", "hidden": true, "recorder": true})),
        join(json!({"roomJoin": true, "room": "d", "hidden": true})),
        join(json!({"roomJoin": true, "room": "d", "room_join": false})),
    ]
    .iter()
    .map(|changes| (changes.to_string(), signed(&claims(now, changes), Algorithm::HS256, &secret)))
    .collect();
    let good = claims(now, &json!({}));
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        tokens.push((format!("{algorithm:?}"), signed(&good, algorithm, &secret)));
    }
    tokens.push((
        "another secret".into(),
        signed(&good, Algorithm::HS256, "another"),
    ));
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let none = format!("{}.{}.", part(&json!({"alg": "none"})), part(&good));
    tokens.push(("no signature".into(), none));

    let client = urbania::http::plain(Duration::from_secs(5)).unwrap();
    let mut refused = 0;
    for (what, token) in tokens {
        let url = format!("{}/rtc/validate", sfu.base);
        let answer = client.get(url).bearer_auth(&token).send().await.unwrap();
        let admitted = answer.status() == 200 || answer.status() == 404;
        let words = answer.text().await.unwrap();
        let report = inspect(
            &token,
            Some(std::slice::from_ref(&sfu.pair)),
            Clock::system().now(),
        );
        let problems = report.map_or_else(|e| vec![e.to_string()], |report| report.problems);
        assert_eq!(
            problems.is_empty(),
            admitted,
            "{what}: {problems:?}, and LiveKit: {words}"
        );
        refused += usize::from(!admitted);
    }
    assert!(refused > 10, "{refused}");
}
