//! Servers of keys that rotate, end, answer slowly, or answer nonsense; and callers who make us ask.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use insta::assert_snapshot;
use jsonwebtoken::Algorithm;
use serde_json::json;
use urbania::auth::Setup;
use urbania::auth::keys::Pace;

use super::keys::{Key, jwks};
use super::server::{KeyServer, Page};
use super::{Believers, claims, hasty, issuer};
use crate::support::api::{Api, show};

fn believers(server: &KeyServer, pace: Pace) -> Believers {
    Believers::new(&Setup {
        jwks: vec![issuer(server.url("/keys"))],
        pace,
        ..Setup::default()
    })
}

#[tokio::test]
async fn a_new_key_is_fetched_when_it_is_first_seen() {
    let (old, new) = (Key::rsa("old"), Key::rsa("new"));
    let server = KeyServer::with_keys(jwks(&[&old])).await;
    let believers = believers(&server, Pace::default());
    assert_eq!(believers.id(&old.sign(&claims())).await, "ada");
    server.set("/keys", Page::new(jwks(&[&new])));
    assert_eq!(believers.id(&new.sign(&claims())).await, "ada");
    assert_eq!(
        believers.id(&old.sign(&claims())).await,
        "denied: unknown_key"
    );
    assert_eq!(server.hits("/keys"), 2);
}

#[tokio::test]
async fn a_key_that_was_taken_back_is_refused_when_the_answer_is_old() {
    let (old, new) = (Key::rsa("old"), Key::rsa("new"));
    let server = KeyServer::start().await;
    let keys = |keys: &[&Key], age| Page::new(jwks(keys)).header("cache-control", age);
    server.set("/keys", keys(&[&old], "max-age=3600"));
    let believers = believers(&server, hasty());
    let token = old.sign(&claims());
    assert_eq!(believers.id(&token).await, "ada");
    server.set("/keys", keys(&[&new], "max-age=0"));
    assert_eq!(
        believers.id(&token).await,
        "ada",
        "as long as the server said"
    );
    assert_eq!(server.hits("/keys"), 1);
    assert_eq!(believers.id(&new.sign(&claims())).await, "ada");
    assert_eq!(believers.id(&token).await, "denied: unknown_key");
}

#[tokio::test]
async fn answers_are_kept_within_bounds_whatever_their_server_says() {
    let key = Key::rsa("one");
    let server = KeyServer::start().await;
    let token = key.sign(&claims());
    let page = |age: &str| Page::new(jwks(&[&key])).header("cache-control", age);
    server.set("/keys", page("no-store"));
    let patient = believers(&server, Pace::default());
    for _ in 0..3 {
        assert_eq!(patient.id(&token).await, "ada");
    }
    assert_eq!(server.hits("/keys"), 1);
    server.set("/keys", page("max-age=99999999999"));
    let hasty = believers(
        &server,
        Pace {
            longest: Duration::ZERO,
            ..hasty()
        },
    );
    for _ in 0..3 {
        assert_eq!(hasty.id(&token).await, "ada");
    }
    assert_eq!(server.hits("/keys"), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_tokens_with_an_unknown_key_cause_one_fetch() {
    let (key, unknown) = (Key::rsa("one"), Key::rsa("unknown"));
    let server = KeyServer::with_keys(jwks(&[&key])).await;
    let believers = believers(&server, Pace::default());
    assert_eq!(believers.id(&key.sign(&claims())).await, "ada");
    server.set(
        "/keys",
        Page::new(jwks(&[&key])).slow(Duration::from_millis(200)),
    );
    let kids: Vec<String> = (0..1_000).map(|n| format!("unknown-{n}")).collect();
    let tokens = kids
        .iter()
        .map(|kid| unknown.sign_as(&claims(), Algorithm::RS256, Some(kid)));
    let tokens: Vec<String> = tokens.collect();
    let judged = join_all(tokens.iter().map(|token| believers.id(token))).await;
    assert!(judged.iter().all(|judged| judged == "denied: unknown_key"));
    assert_eq!(server.hits("/keys"), 2);
    for token in &tokens[..50] {
        assert_eq!(believers.id(token).await, "denied: unknown_key");
    }
    assert_eq!(server.hits("/keys"), 2, "not again so soon");
    assert_eq!(believers.id(&key.sign(&claims())).await, "ada");
}

#[tokio::test]
async fn a_thousand_first_tokens_cause_one_fetch() {
    let key = Key::rsa("one");
    let server = KeyServer::start().await;
    server.set(
        "/keys",
        Page::new(jwks(&[&key])).slow(Duration::from_millis(100)),
    );
    let believers = believers(&server, Pace::default());
    let token = key.sign(&claims());
    let judged = join_all((0..1_000).map(|_| believers.id(&token))).await;
    assert!(judged.iter().all(|judged| judged == "ada"));
    assert_eq!(server.hits("/keys"), 1);
}

#[tokio::test]
async fn callers_who_hang_up_do_not_make_us_ask_again() {
    let key = Key::rsa("one");
    let server = KeyServer::start().await;
    server.set(
        "/keys",
        Page::new(jwks(&[&key])).slow(Duration::from_millis(300)),
    );
    let believers = believers(&server, Pace::default());
    let token = key.sign(&claims());
    for _ in 0..5 {
        let judged = believers.id(&token);
        let hung_up = tokio::time::timeout(Duration::from_millis(20), judged).await;
        assert!(hung_up.is_err());
    }
    assert_eq!(believers.id(&token).await, "ada");
    assert_eq!(server.hits("/keys"), 1);
}

#[tokio::test]
async fn the_last_good_keys_are_used_while_their_server_is_down() {
    let (key, new) = (Key::rsa("one"), Key::rsa("new"));
    let mut server = KeyServer::start().await;
    let page = |key: &Key| Page::new(jwks(&[key])).header("cache-control", "max-age=0");
    server.set("/keys", page(&key));
    let believers = believers(&server, hasty());
    let token = key.sign(&claims());
    assert_eq!(believers.id(&token).await, "ada");
    server.stop().await;
    for _ in 0..3 {
        assert_eq!(believers.id(&token).await, "ada");
    }
    assert_eq!(
        believers.id(&new.sign(&claims())).await,
        "denied: unknown_key"
    );
    server.resume().await;
    server.set("/keys", page(&new));
    assert_eq!(believers.id(&new.sign(&claims())).await, "ada");
    assert_eq!(believers.id(&token).await, "denied: unknown_key");
}

#[tokio::test]
async fn the_last_good_keys_are_not_used_for_ever() {
    let key = Key::rsa("one");
    let mut server = KeyServer::with_keys(jwks(&[&key])).await;
    let pace = Pace {
        last_good: Duration::ZERO,
        longest: Duration::ZERO,
        ..hasty()
    };
    let believers = believers(&server, pace);
    let token = key.sign(&claims());
    let _ = believers.id(&token).await;
    server.stop().await;
    assert!(believers.id(&token).await.starts_with("unavailable: "));
}

#[tokio::test]
async fn a_server_that_is_down_is_not_asked_by_every_caller() {
    let key = Key::rsa("one");
    let server = KeyServer::start().await;
    let believers = believers(&server, Pace::default());
    let token = key.sign(&claims());
    for _ in 0..20 {
        assert!(believers.id(&token).await.starts_with("unavailable: "));
    }
    assert_eq!(server.hits("/keys"), 1);
}

#[tokio::test]
async fn without_keys_a_caller_is_told_to_come_back() {
    let key = Key::rsa("one");
    let mut server = KeyServer::start().await;
    let url = server.url("/keys");
    let api = Api::start_with(|config| {
        config.auth.jwks = vec![issuer(url)];
        config.auth.pace = hasty();
    })
    .await;
    server.stop().await;
    let token = key.sign(&claims());
    let me = || {
        api.request("GET", "/api/auth/me")
            .bearer_auth(&token)
            .send()
    };
    assert_snapshot!(show(me().await.unwrap()).await, @r#"
    503 Service Unavailable
    content-type: application/json
    retry-after: 2
    {"detail":"Service temporarily unavailable"}
    "#);
    let session = api.session().await;
    let local = api.request("GET", "/api/auth/me").bearer_auth(session);
    assert_eq!(local.send().await.unwrap().status(), 200);
    server.resume().await;
    server.set("/keys", Page::new(jwks(&[&key])));
    assert_eq!(me().await.unwrap().status(), 200);
}

#[tokio::test]
async fn answers_that_are_no_keys_are_refused_and_change_nothing() {
    let key = Key::rsa("one");
    let good = jwks(&[&key]);
    let server = KeyServer::start().await;
    let token = key.sign(&claims());
    let many: Vec<_> = (0..101).map(|_| key.jwk()).collect();
    let elsewhere = |url: &str| Page::new("").status(302).header("location", url);
    let endless = server.url("/keys");
    for (name, page) in [
        ("500", Page::new(&good).status(500)),
        ("404", Page::new(&good).status(404)),
        ("no JSON", Page::new("<html>")),
        ("a list", Page::new("[]")),
        (
            "keys of another shape",
            Page::new(r#"{"keys": {"one": 1}}"#),
        ),
        ("no keys", Page::new(r#"{"keys": []}"#)),
        (
            "no certificates",
            Page::new(r#"{"one": "-----BEGIN CERTIFICATE-----"}"#),
        ),
        (
            "only secrets",
            Page::new(json!({"keys": [{"kty": "oct", "k": "eA"}]}).to_string()),
        ),
        (
            "too many keys",
            Page::new(json!({ "keys": many }).to_string()),
        ),
        (
            "huge",
            Page::new(format!(
                "{{\"pad\": \"{}\", {}",
                "x".repeat(300_000),
                &good[1..]
            )),
        ),
        ("deep", Page::new("[".repeat(100_000))),
        ("slow", Page::new(&good).slow(Duration::from_secs(30))),
        ("another scheme", elsewhere("https://127.0.0.1/keys")),
        ("a file", elsewhere("file:///etc/passwd")),
        ("in circles", elsewhere(&endless)),
    ] {
        let pace = Pace {
            patience: Duration::from_millis(500),
            ..hasty()
        };
        server.set("/keys", page.clone());
        let fresh = believers(&server, pace);
        let began = Instant::now();
        let refused = fresh.id(&token).await;
        assert!(refused.starts_with("unavailable: "), "{name}: {refused}");
        assert!(began.elapsed() < Duration::from_secs(5), "{name}");

        let ready = Page::new(&good).header("cache-control", "max-age=0");
        server.set("/keys", ready);
        let before = believers(&server, pace);
        assert_eq!(before.id(&token).await, "ada");
        server.set("/keys", page);
        assert_eq!(before.id(&token).await, "ada", "{name}");
    }
}

#[tokio::test]
async fn a_server_may_send_us_to_another_of_its_addresses() {
    let key = Key::rsa("one");
    let server = KeyServer::start().await;
    server.set(
        "/keys",
        Page::new("").status(307).header("location", "/new"),
    );
    server.set("/new", Page::new(jwks(&[&key])));
    let believers = believers(&server, Pace::default());
    assert_eq!(believers.id(&key.sign(&claims())).await, "ada");
}
