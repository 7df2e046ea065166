//! Kraken's contract, on both stores.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use reqwest::Response;
use serde_json::{Value, json};
use urbania::api::{ApiConfig, KrakenConfig, Reach};
use urbania::config::LivekitConfig;
use urbania::context::Clock;
use urbania::livekit::keys::KeyPair;
use urbania::store::{Channel, Role};

use crate::support::api::{Api, LIVEKIT_SECRET, line, livekit_claims, show};
use crate::support::sfu::TestSfu;
use crate::support::sfu_kind::{Kind, on_every_sfu};
use crate::support::store::StoreKind;
use crate::support::until::until;

const CHANNEL: &str = "65b8f0c2a1d4e5f607182930";
const CLOSED: &str = "65b8f0c2a1d4e5f607182931";
const UNKNOWN: &str = "65b8f0c2a1d4e5f607182932";

/// Long after these tests, so that nothing expires while they run.
const NOW: &str = "2096-01-31T12:00:00.250Z";

fn at_noon(config: &mut ApiConfig) {
    config.clock = Clock::fixed(NOW.parse().unwrap());
}

/// A running API with a channel that Ada may join and one that she may only see.
async fn with_channels(kind: StoreKind, change: impl FnOnce(&mut ApiConfig)) -> Api {
    let api = Api::start_on_with(kind, change).await;
    for (id, permission) in [(CHANNEL, "JOIN_CHANNEL"), (CLOSED, "VIEW_CHANNEL")] {
        let role = |name: &str, permission: &str, member: &str| Role {
            name: name.into(),
            permissions: vec!["SPEAK".into(), permission.into()],
            members: vec![member.into()],
        };
        let channel = Channel {
            id: id.into(),
            name: "Voice".into(),
            roles: vec![
                role("other", "JOIN_CHANNEL", "somebody"),
                role("member", permission, &api.ada),
            ],
        };
        api.store.put_channel(&channel).await.unwrap();
    }
    api
}

/// Without what is another one in every run.
async fn told(api: &Api, answer: Response) -> String {
    let text = line(answer).await.replace(&api.ada, "[ada]");
    let Some((status, Ok(mut body))) = text
        .split_once(' ')
        .map(|(status, body)| (status, serde_json::from_str::<Value>(body)))
    else {
        return text;
    };
    if body["token"].is_string() {
        body["token"] = "[token]".into();
    }
    format!("{status} {body}")
}

#[tokio::test]
async fn tokens_are_for_those_who_may_join_the_channel() {
    for kind in StoreKind::ALL {
        let api = with_channels(kind, at_noon).await;
        let session = api.session().await;
        let mut table = String::new();
        for (what, body) in [
            ("nothing but the channel", json!({"roomId": CHANNEL})),
            (
                "all of it",
                json!({"roomId": CHANNEL, "identity": api.ada, "name": "Ada L.", "ttl": 60}),
            ),
            (
                "nulls and more fields",
                json!({"roomId": CHANNEL, "identity": null, "name": null, "ttl": null, "more": [1]}),
            ),
            ("no name", json!({"roomId": CHANNEL, "name": ""})),
            ("the longest ttl", json!({"roomId": CHANNEL, "ttl": 86400})),
            (
                "somebody else",
                json!({"roomId": CHANNEL, "identity": "bob"}),
            ),
            ("nobody", json!({"roomId": CHANNEL, "identity": ""})),
            (
                "somebody else, unknown channel",
                json!({"roomId": UNKNOWN, "identity": "bob"}),
            ),
            ("an unknown channel", json!({"roomId": UNKNOWN})),
            ("no ObjectId", json!({"roomId": "lobby"})),
            ("a closed channel", json!({"roomId": CLOSED})),
            ("two problems", json!({"roomId": "", "ttl": 0})),
            (
                "no string",
                json!({"roomId": 7, "identity": [], "name": {}}),
            ),
            ("a negative ttl", json!({"roomId": CHANNEL, "ttl": -5})),
            ("a long ttl", json!({"roomId": CHANNEL, "ttl": 86401})),
            ("a text as ttl", json!({"roomId": CHANNEL, "ttl": "60"})),
            ("half a second", json!({"roomId": CHANNEL, "ttl": 0.5})),
            ("a whole number", json!({"roomId": CHANNEL, "ttl": 60.0})),
            (
                "more than a number holds",
                json!({"roomId": CHANNEL, "ttl": 1e300}),
            ),
        ] {
            let answer = api.token(&session, &body).await;
            writeln!(table, "{what}: {}", told(&api, answer).await).unwrap();
        }
        for field in ["roomId", "identity", "name"] {
            let mut body = json!({"roomId": CHANNEL});
            body[field] = "ä".repeat(129).into();
            let answer = api.token(&session, &body).await;
            writeln!(table, "258 bytes: {}", told(&api, answer).await).unwrap();
        }
        assert_snapshot!("kraken_token", table);
    }
}

#[tokio::test]
async fn a_token_says_what_the_contract_grants_and_expires_when_the_answer_says() {
    for kind in StoreKind::ALL {
        let api = with_channels(kind, |config| {
            at_noon(config);
            config.kraken.token_ttl = Duration::from_mins(20);
        })
        .await;
        let session = api.session().await;
        let mut seen = Vec::new();
        for _ in 0..2 {
            let answer = api.token(&session, &json!({"roomId": CHANNEL})).await;
            assert_eq!(answer.headers()["cache-control"], "no-store");
            let body: Value = answer.json().await.unwrap();
            assert_eq!(body["expiresAt"], "2096-01-31T12:20:00.000Z");
            let mut claims = livekit_claims(body["token"].as_str().unwrap());
            seen.push(claims.as_object_mut().unwrap().remove("jti").unwrap());
            let noon = 3_978_849_600_u64;
            assert_eq!(
                claims,
                json!({
                    "iss": "APItest", "sub": api.ada, "nbf": noon, "exp": noon + 1200, "name": "ada",
                    "video": {
                        "room": CHANNEL, "roomJoin": true, "canPublish": true, "canSubscribe": true,
                        "canPublishData": true,
                    },
                })
            );
        }
        // A second one is another one, and takes nothing from the first.
        assert_ne!(seen[0], seen[1]);
    }
}

#[tokio::test]
async fn a_role_that_is_given_now_counts_now() {
    for kind in StoreKind::ALL {
        let api = with_channels(kind, |_| {}).await;
        let session = api.session().await;
        let ask = async |id: &str| api.token(&session, &json!({"roomId": id})).await.status();
        assert_eq!(
            (ask(CLOSED).await, ask(UNKNOWN).await),
            (403.try_into().unwrap(), 404.try_into().unwrap())
        );
        for id in [CLOSED, UNKNOWN] {
            let role = Role {
                name: "member".into(),
                permissions: vec!["JOIN_CHANNEL".into()],
                members: vec![api.ada.clone()],
            };
            let channel = Channel {
                id: id.into(),
                name: "Voice".into(),
                roles: vec![role],
            };
            api.store.put_channel(&channel).await.unwrap();
            assert_eq!(ask(id).await, 200, "{kind:?} {id}");
        }
    }
}

#[tokio::test]
async fn connection_info_says_where_the_sfu_is_and_what_it_can_do() {
    for kind in StoreKind::ALL {
        let info = async |api: &Api, host: Option<&str>| {
            let session = api.session().await;
            let mut request = api
                .request("GET", "/api/livekit/connection-info")
                .bearer_auth(session);
            if let Some(host) = host {
                request = request.header("host", host);
            }
            line(request.send().await.unwrap()).await
        };
        let mut table = String::new();
        let api = Api::start_on(kind).await;
        writeln!(table, "as it is: {}", info(&api, None).await).unwrap();
        let laptop = info(&api, Some("laptop.example:8000")).await;
        writeln!(table, "from elsewhere: {laptop}").unwrap();
        let api = Api::start_on_with(kind, |config| {
            config.reach = Reach::new(
                Some("wss://sfu.example.org".into()),
                &LivekitConfig::default(),
            );
            config.kraken = KrakenConfig {
                region: Some("eu-north".into()),
                recording: true,
                ..config.kraken.clone()
            };
        })
        .await;
        writeln!(table, "with everything: {}", info(&api, None).await).unwrap();
        let api = Api::start_on_with(kind, |config| config.pair = None).await;
        writeln!(table, "without keys: {}", info(&api, None).await).unwrap();
        assert_snapshot!(
            "connection_info_says_where_the_sfu_is_and_what_it_can_do",
            table
        );
    }
}

#[tokio::test]
async fn refusals_have_nestjs_shape() {
    for kind in StoreKind::ALL {
        let api = Api::start_on(kind).await;
        let session = api.session().await;
        let mut said = String::new();
        for (method, path, session) in [
            ("GET", "/api/livekit/connection-info", None),
            ("GET", "/api/livekit/connection-info", Some("nonsense")),
            ("POST", "/api/livekit/connection-info", Some(&*session)),
            ("GET", "/api/livekit/connection-info/more", Some(&*session)),
            ("DELETE", "/api/livekit/health", None),
        ] {
            let mut request = api.request(method, path);
            if let Some(session) = session {
                request = request.bearer_auth(session);
            }
            let answer = show(request.send().await.unwrap()).await;
            writeln!(said, "{method} {path}\n{answer}\n").unwrap();
        }
        let body = json!({"roomId": CHANNEL});
        let answer = show(api.post("/api/livekit/token", &body).await).await;
        writeln!(said, "POST /api/livekit/token\n{answer}\n").unwrap();
        let long = format!(r#"{{"roomId": "{}"}}"#, "x".repeat(64 * 1024));
        for (what, media_type, body) in [
            ("no JSON", "application/json", r#"{"roomId": "#),
            ("another type", "text/plain", r#"{"roomId": "x"}"#),
            ("too large", "application/json", &*long),
            (
                "both apps",
                "application/json",
                r#"{"roomId": 1, "room_name": "#,
            ),
        ] {
            let request = api.request("POST", "/api/livekit/token");
            let request = request.bearer_auth(&session).body(body.to_owned());
            let request = request.header("content-type", media_type);
            let answer = show(request.send().await.unwrap()).await;
            writeln!(said, "POST /api/livekit/token, {what}\n{answer}\n").unwrap();
        }
        assert_snapshot!("refusals_have_nestjs_shape", said);
    }
}

#[tokio::test]
async fn without_keys_the_service_is_not_configured() {
    for kind in StoreKind::ALL {
        let api = with_channels(kind, |config| config.pair = None).await;
        let session = api.session().await;
        let mut table = String::new();
        for id in [CHANNEL, CLOSED, UNKNOWN] {
            let answer = api.token(&session, &json!({"roomId": id})).await;
            writeln!(table, "{}", told(&api, answer).await).unwrap();
        }
        assert_snapshot!("kraken_without_keys", table);
        assert_eq!(health(&api).await, UNHEALTHY);
        assert_eq!(
            readiness(&api).await,
            r#"503 {"ready":false,"store":"ok","sfu":"unchecked","keys":"missing"}"#
        );
        assert_eq!(up(&api).await, ["keys 0", "store 1"]);
    }
}

const HEALTHY: &str = r#"200 {"status":"healthy","configured":true}"#;
const UNHEALTHY: &str = r#"200 {"status":"unhealthy","configured":false}"#;

async fn health(api: &Api) -> String {
    let answer = api.request("GET", "/api/livekit/health").send().await;
    line(answer.unwrap()).await
}

async fn readiness(api: &Api) -> String {
    line(api.request("GET", "/readyz").send().await.unwrap()).await
}

/// What `/metrics` says of the parts: `sfu 1`.
async fn up(api: &Api) -> Vec<String> {
    let figures = api.request("GET", "/metrics").send().await.unwrap();
    let figures = figures.text().await.unwrap();
    let parts = figures.lines().filter_map(|line| {
        let part = line.strip_prefix("urbania_up{part=\"")?;
        Some(part.replace("\"}", ""))
    });
    let mut parts: Vec<_> = parts.collect();
    parts.sort();
    parts
}

/// Asks until it is so.
async fn health_becomes(api: &Api, wanted: &str) {
    until(wanted, async || health(api).await == wanted).await;
}

on_every_sfu!(health_is_honest);

async fn health_is_honest(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let reach = sfu.reach();
    let with_pair = async |key: &str, secret: &str| {
        Api::start_on_with(kind.store(), |config| {
            config.reach = reach.clone();
            config.pair = Some(KeyPair {
                key: key.into(),
                secret: secret.into(),
            });
        })
        .await
    };
    let api = with_pair("APItest", LIVEKIT_SECRET).await;
    health_becomes(&api, HEALTHY).await;
    assert_eq!(up(&api).await, ["keys 1", "sfu 1", "store 1"]);
    let other = with_pair("APItest", "another secret, of thirty-two characters").await;
    assert_eq!(health(&other).await, UNHEALTHY);
    assert_eq!(up(&other).await, ["keys 0", "sfu 1", "store 1"]);
    let unknown = with_pair("APIother", LIVEKIT_SECRET).await;
    assert_eq!(health(&unknown).await, UNHEALTHY);
    let malformed = with_pair("APItest", &format!("{LIVEKIT_SECRET}\n")).await;
    assert_eq!(health(&malformed).await, UNHEALTHY);

    // An SFU that accepts connections and says nothing.
    sfu.pause();
    health_becomes(&api, UNHEALTHY).await;
    let began = Instant::now();
    assert_eq!(health(&api).await, UNHEALTHY);
    assert!(began.elapsed() < Duration::from_millis(1_500));
    sfu.go_on();
    health_becomes(&api, HEALTHY).await;

    sfu.kill();
    health_becomes(&api, UNHEALTHY).await;
    until(
        "it is down and its opinion of the keys is unknown",
        async || up(&api).await == ["sfu 0", "store 1"],
    )
    .await;
    sfu.start_again().await;
    health_becomes(&api, HEALTHY).await;
}
