//! Webhooks that are not LiveKit's.

use serde_json::{Value, json};
use urbania::api::ApiConfig;
use urbania::livekit::keys::KeyPair;
use urbania::store::{Sqlite, Status};

use super::signed::{event, header, header_by, now, post, tell};
use super::{made, store, until};
use crate::support::api::{Api, line};

const INVALID: &str = r#"401 {"detail":"Could not validate credentials"}"#;
const EXPIRED: &str = r#"401 {"detail":"Token has expired"}"#;
const MALFORMED: &str = r#"400 {"detail":"Not an event of LiveKit"}"#;

#[tokio::test]
async fn a_webhook_that_livekit_did_not_just_sign_changes_nothing() {
    let api = Api::start().await;
    made(&api, "daily", "ada", &[]).await;
    let event = event("EV_1", "room_started", "daily", 1, None);
    let body = event.to_string().into_bytes();
    let with = |change: fn(&mut Value)| header(&body, change);
    let huge = [b" ".repeat(3 * 1024 * 1024), body.clone()].concat();
    let signed = |body: &[u8]| (header(body, |_| {}), body.to_vec());
    let mut old = event.clone();
    old["createdAt"] = (now() - 301).into();
    let old = old.to_string().into_bytes();
    for (what, (authorization, body), expected) in [
        ("no token", (String::new(), body.clone()), INVALID),
        ("junk", ("junk".into(), body.clone()), INVALID),
        (
            "another secret",
            (header_by("another secret", &body, |_| {}), body.clone()),
            INVALID,
        ),
        (
            "unknown key",
            (with(|c| c["iss"] = "APIother".into()), body.clone()),
            INVALID,
        ),
        (
            "no hash",
            (with(|c| c["sha256"] = Value::Null), body.clone()),
            INVALID,
        ),
        (
            "a join token",
            (
                with(|c| *c = json!({"iss": "APItest", "exp": now() + 60, "video": {}})),
                body.clone(),
            ),
            INVALID,
        ),
        (
            "no expiry",
            (with(|c| c["exp"] = Value::Null), body.clone()),
            INVALID,
        ),
        (
            "another body",
            (with(|_| {}), [&body[..], b" "].concat()),
            INVALID,
        ),
        ("no body", (with(|_| {}), Vec::new()), INVALID),
        (
            "expired",
            (with(|c| c["exp"] = (now() - 61).into()), body.clone()),
            EXPIRED,
        ),
        (
            "not yet",
            (with(|c| c["nbf"] = (now() + 120).into()), body.clone()),
            EXPIRED,
        ),
        ("an old event", signed(&old), EXPIRED),
        ("junk that is signed", signed(b"\0\xff{"), MALFORMED),
        ("a list", signed(b"[]"), MALFORMED),
        ("nothing that is signed", signed(b""), MALFORMED),
        (
            "huge",
            (header(&huge, |_| {}), huge.clone()),
            r#"413 {"detail":"Request body is too large"}"#,
        ),
    ] {
        let answer = post(&api, &authorization, body).await;
        assert_eq!(line(answer).await, expected, "{what}");
    }
    let untyped = api
        .request("POST", "/api/livekit/webhook")
        .header("authorization", with(|_| {}))
        .json(&event);
    assert_eq!(
        line(untyped.send().await.unwrap()).await,
        r#"400 {"detail":"Content-Type must be application/webhook+json"}"#
    );
    let unsigned = api.request("POST", "/api/livekit/webhook").body("{}");
    assert_eq!(
        line(unsigned.send().await.unwrap()).await,
        r#"401 {"detail":"Not authenticated"}"#
    );
    let room = store(&api).room("daily").await.unwrap().unwrap();
    assert_eq!((room.call.status, room.revision), (Status::Created, 0));
    tell(&api, &event).await;
    until(&api, "daily", Status::Active, &[]).await;
}

#[tokio::test]
async fn any_pair_of_livekit_yaml_signs_and_a_replay_changes_nothing() {
    let spare = |config: &mut ApiConfig| {
        config.webhook_pairs.push(KeyPair {
            key: "APIspare".into(),
            secret: "the spare secret of the tests, long enough".into(),
        });
    };
    let api = Api::start_with(spare).await;
    made(&api, "daily", "ada", &[]).await;
    let joined = event("EV_1", "participant_joined", "daily", 1, Some(("ada", 5)));
    let body = joined.to_string().into_bytes();
    let by_spare = header_by("the spare secret of the tests, long enough", &body, |c| {
        c["iss"] = "APIspare".into();
    });
    for _ in 0..3 {
        assert_eq!(post(&api, &by_spare, body.clone()).await.status(), 200);
    }
    until(&api, "daily", Status::Active, &["ada"]).await;
    let revision = store(&api).room("daily").await.unwrap().unwrap().revision;
    assert_eq!(revision, 1);
    tell(
        &api,
        &event("EV_2", "participant_left", "daily", 1, Some(("ada", 5))),
    )
    .await;
    assert_eq!(post(&api, &by_spare, body).await.status(), 200);
    until(&api, "daily", Status::Active, &[]).await;
}

#[tokio::test]
async fn news_in_any_order_end_in_the_same_record() {
    // The second time without ids: what cannot be told from what came before is taken in.
    let ids: [fn(u8) -> String; 2] = [|n| n.to_string(), |_| String::new()];
    for id in ids {
        let api = Api::start().await;
        made(&api, "daily", "ada", &[]).await;
        let news = [
            ("participant_left", 2, Some(("ada", 10))),
            ("participant_joined", 2, Some(("ada", 20))),
            ("room_finished", 1, None),
            ("participant_joined", 2, Some(("bob", 15))),
            ("participant_joined", 2, Some(("ada", 10))),
            ("participant_left", 1, Some(("bob", 3))),
            ("room_started", 2, None),
        ];
        for (n, (kind, era, who)) in (1..).zip(news) {
            tell(&api, &event(&id(n), kind, "daily", era, who)).await;
        }
        let call = until(&api, "daily", Status::Active, &["bob", "ada"]).await;
        assert_eq!(call.sid.as_deref(), Some("RM_2"));
        tell(&api, &event(&id(8), "room_finished", "daily", 2, None)).await;
        let late = event(&id(9), "participant_joined", "daily", 2, Some(("eve", 30)));
        tell(&api, &late).await;
        until(&api, "daily", Status::Ended, &[]).await;
    }
}

#[tokio::test]
async fn while_the_store_is_down_livekit_is_told_to_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let down = Sqlite::new(dir.path().to_path_buf());
    let api = Api::start_with(|config| config.store = std::sync::Arc::new(down)).await;
    let body = event("EV_1", "room_started", "daily", 1, None);
    let body = body.to_string().into_bytes();
    for _ in 0..2 {
        let answer = post(&api, &header(&body, |_| {}), body.clone()).await;
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers()["retry-after"], "2");
    }
}

#[tokio::test]
async fn webhooks_are_counted_by_what_became_of_them() {
    let api = Api::start().await;
    let first = event("EV_1", "room_started", "daily", 1, None);
    tell(&api, &first).await;
    tell(&api, &first).await;
    assert_eq!(post(&api, "junk", b"{}".to_vec()).await.status(), 401);
    let answer = api.request("GET", "/metrics").send().await.unwrap();
    let figures = answer.text().await.unwrap();
    for line in [
        r#"urbania_webhooks_total{outcome="applied"} 1"#,
        r#"urbania_webhooks_total{outcome="repeated"} 1"#,
        r#"urbania_webhooks_total{outcome="refused"} 1"#,
        "urbania_webhook_lag_seconds_count 2",
    ] {
        assert!(figures.lines().any(|l| l == line), "no `{line}`\n{figures}");
    }
}
