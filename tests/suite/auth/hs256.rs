//! Backends that share their secret with us.

use std::fmt::Write as _;

use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};
use urbania::config::{ClaimNames, Hs256Settings};
use urbania::store::{Club, Meeting};

use super::keys::{Key, forged, shared};
use super::{Believers, now, table, with, without};
use crate::support::api::{Api, line, livekit_claims};
use crate::support::store::StoreKind;
use urbania::auth::Setup;

const SECRET: &str = "the secret of the shop's backend, long enough";
const OTHER: &str = "the secret of the school's backend, long enough";

fn claims() -> Value {
    json!({
        "user": {"id": 42, "profile": {"name": "Ada L."}}, "groups": ["admin"],
        "iss": "shop", "aud": ["web", "calls"], "exp": now() + 600,
    })
}

fn shop() -> Hs256Settings {
    Hs256Settings {
        secret_env: "SHOP_SECRET".into(),
        issuer: Some("shop".into()),
        audience: vec!["calls".into()],
        claims: ClaimNames {
            id: "user.id".into(),
            name: "user.profile.name".into(),
            roles: "groups".into(),
        },
        ..Hs256Settings::default()
    }
}

async fn api() -> Api {
    Api::start_with(|config| config.auth.hs256 = vec![(shop(), SECRET.into())]).await
}

#[tokio::test]
async fn a_backends_user_gets_a_token_under_the_backends_id() {
    let api = api().await;
    let session = shared(&claims(), SECRET.as_bytes(), None);
    let body = json!({"room_name": "daily", "user_id": "42", "username": "Ada"});
    let answer = api.token(&session, &body).await;
    assert_eq!(answer.status(), 200);
    let answer: Value = answer.json().await.unwrap();
    let claims = livekit_claims(answer["token"].as_str().unwrap());
    assert_eq!(claims["sub"], "42");
    let body = json!({"room_name": "daily", "user_id": api.ada, "username": "Ada"});
    assert_eq!(api.token(&session, &body).await.status(), 403);
    let log = api.end().await;
    assert!(!log.contains(&session) && !log.contains(SECRET), "{log}");
}

#[tokio::test]
async fn a_backends_token_is_held_against_everything_that_is_configured() {
    let api = api().await;
    let rsa = Key::rsa("rsa");
    let good = claims();
    let sign = |claims: Value| shared(&claims, SECRET.as_bytes(), None);
    let none = json!({"alg": "none"});
    let long = with(&good, "padding", json!("x".repeat(16 * 1024)));
    let tokens = [
        ("good", sign(good.clone())),
        (
            "within the leeway",
            sign(with(&good, "exp", json!(now() - 30))),
        ),
        ("expired", sign(with(&good, "exp", json!(now() - 90)))),
        ("no end", sign(without(&good, "exp"))),
        ("not yet", sign(with(&good, "nbf", json!(now() + 90)))),
        (
            "issued tomorrow",
            sign(with(&good, "iat", json!(now() + 86400))),
        ),
        ("another audience", sign(with(&good, "aud", json!("web")))),
        ("no audience", sign(without(&good, "aud"))),
        ("another issuer", sign(with(&good, "iss", json!("school")))),
        ("no issuer", sign(without(&good, "iss"))),
        ("two issuers", sign(with(&good, "iss", json!(["shop"])))),
        ("our issuer", sign(with(&good, "iss", json!("urbania")))),
        ("no id", sign(without(&good, "user"))),
        ("no name", sign(with(&good, "user", json!({"id": "x"})))),
        ("another secret", shared(&good, OTHER.as_bytes(), None)),
        ("no secret", shared(&good, b"", None)),
        ("none", forged(&none, &good, b"")),
        ("RS256", rsa.sign(&good)),
        ("longer than 16 KiB", sign(long)),
        ("no JSON", "e30.eA.eA".into()),
    ];
    assert_snapshot!(table(&api, &tokens).await, @r#"
    good: 200 {"id":"42","username":"Ada L.","roles":["admin"]}
    within the leeway: 200 {"id":"42","username":"Ada L.","roles":["admin"]}
    expired: 401 {"detail":"Token has expired"}
    no end: 401 {"detail":"Could not validate credentials"}
    not yet: 401 {"detail":"Could not validate credentials"}
    issued tomorrow: 401 {"detail":"Could not validate credentials"}
    another audience: 401 {"detail":"Could not validate credentials"}
    no audience: 401 {"detail":"Could not validate credentials"}
    another issuer: 401 {"detail":"Could not validate credentials"}
    no issuer: 401 {"detail":"Could not validate credentials"}
    two issuers: 401 {"detail":"Could not validate credentials"}
    our issuer: 401 {"detail":"Could not validate credentials"}
    no id: 401 {"detail":"Could not validate credentials"}
    no name: 200 {"id":"x","username":"x","roles":["admin"]}
    another secret: 401 {"detail":"Could not validate credentials"}
    no secret: 401 {"detail":"Could not validate credentials"}
    none: 401 {"detail":"Could not validate credentials"}
    RS256: 401 {"detail":"Could not validate credentials"}
    longer than 16 KiB: 401 {"detail":"Could not validate credentials"}
    no JSON: 401 {"detail":"Could not validate credentials"}
    "#);
}

#[tokio::test]
async fn a_token_is_judged_by_the_one_whose_token_it_claims_to_be_and_by_nobody_else() {
    let school = Hs256Settings {
        issuer: None,
        id_prefix: "school:".into(),
        ..Hs256Settings::default()
    };
    let believers = Believers::new(&Setup {
        hs256: vec![(shop(), SECRET.into()), (school, OTHER.into())],
        ..Setup::default()
    });
    let of_school = json!({"sub": "42", "exp": now() + 60});
    let shop = with(&claims(), "sub", json!("42"));
    let judge = async |claims: &Value, secret: &str| {
        believers.id(&shared(claims, secret.as_bytes(), None)).await
    };
    assert_eq!(judge(&shop, SECRET).await, "42");
    assert_eq!(judge(&of_school, OTHER).await, "school:42");
    let elsewhere = with(&of_school, "iss", json!("anybody"));
    assert_eq!(judge(&elsewhere, OTHER).await, "school:42");
    assert_eq!(judge(&shop, OTHER).await, "denied: wrong_signature");
    assert_eq!(judge(&of_school, SECRET).await, "denied: wrong_signature");
    let ours = with(&of_school, "iss", json!("urbania"));
    assert_eq!(judge(&ours, OTHER).await, "denied: wrong_signature");
}

#[tokio::test]
async fn backends_without_an_issuer_are_told_apart_by_the_path() {
    let backend = |path: &str, secret: &str| {
        let settings = Hs256Settings {
            paths: vec![path.into()],
            ..Hs256Settings::default()
        };
        (settings, secret.into())
    };
    for kind in StoreKind::ALL {
        let api = Api::start_on_with(kind, |config| {
            config.auth.hs256 = vec![
                backend("/api/livekit", SECRET),
                backend("/api/reading-clubs", OTHER),
            ];
        })
        .await;
        let club = Club {
            id: "novels".into(),
            name: "Novels".into(),
            moderator_id: "42".into(),
            members: Vec::new(),
            meeting: Meeting::default(),
        };
        api.store.put_club(&club).await.unwrap();
        let claims = json!({"sub": "42", "exp": now() + 60});
        let mut table = String::new();
        for (name, secret) in [("the shop's", SECRET), ("the school's", OTHER)] {
            let token = shared(&claims, secret.as_bytes(), None);
            for (path, body) in [
                (
                    "/api/livekit/token",
                    json!({"room_name": "daily", "user_id": "42", "username": ""}),
                ),
                (
                    "/api/reading-clubs/meeting/token",
                    json!({"readingClubId": "novels", "participantName": "Ada"}),
                ),
            ] {
                let request = api.request("POST", path).bearer_auth(&token).json(&body);
                let answer = request.send().await.unwrap();
                let told = match answer.status().as_u16() {
                    200 => "200".into(),
                    _ => line(answer).await,
                };
                writeln!(table, "{name}, {path}: {told}").unwrap();
            }
            let me = api.request("GET", "/api/auth/me").bearer_auth(&token);
            assert_eq!(me.send().await.unwrap().status(), 401);
        }
        allow_duplicates!(assert_snapshot!(table, @r#"
        the shop's, /api/livekit/token: 200
        the shop's, /api/reading-clubs/meeting/token: 401 {"error":"Could not validate credentials"}
        the school's, /api/livekit/token: 401 {"detail":"Could not validate credentials"}
        the school's, /api/reading-clubs/meeting/token: 200
        "#));
    }
}

#[tokio::test]
async fn local_users_and_a_backends_users_are_believed_side_by_side() {
    let api = api().await;
    let tokens = [
        ("local", api.session().await),
        ("backend", shared(&claims(), SECRET.as_bytes(), None)),
    ];
    let table = table(&api, &tokens).await.replace(&api.ada, "[id]");
    assert_snapshot!(table, @r#"
    local: 200 {"id":"[id]","username":"ada","roles":["admin"]}
    backend: 200 {"id":"42","username":"Ada L.","roles":["admin"]}
    "#);
}
