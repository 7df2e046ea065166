//! OpenID Connect issuers: which tokens are believed.

use insta::assert_snapshot;
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};
use urbania::auth::Setup;
use urbania::config::JwksSettings;

use super::keys::{Key, forged, jwks, shared};
use super::server::{KeyServer, Page};
use super::{Believers, ISSUER, claims, hasty, issuer, now, table, with, without};
use crate::support::api::Api;

fn believers(server: &KeyServer) -> Believers {
    Believers::new(&Setup {
        jwks: vec![issuer(server.url("/keys"))],
        ..Setup::default()
    })
}

#[tokio::test]
async fn tokens_of_every_kind_of_key_are_believed() {
    let rsa = Key::rsa("rsa");
    let p256 = Key::ec("p256", "P-256", Algorithm::ES256);
    let p384 = Key::ec("p384", "P-384", Algorithm::ES384);
    let ed = Key::ed("ed");
    let server = KeyServer::with_keys(jwks(&[&rsa, &p256, &p384, &ed])).await;
    let believers = believers(&server);
    for key in [&rsa, &p256, &p384, &ed] {
        assert_eq!(
            believers.id(&key.sign(&claims())).await,
            "ada",
            "{}",
            key.kid
        );
    }
    for algorithm in [
        Algorithm::RS384,
        Algorithm::RS512,
        Algorithm::PS256,
        Algorithm::PS512,
    ] {
        let token = rsa.sign_as(&claims(), algorithm, Some("rsa"));
        assert_eq!(believers.id(&token).await, "ada", "{algorithm:?}");
    }
    assert_eq!(server.hits("/keys"), 1);
}

#[tokio::test]
async fn the_key_and_not_the_token_decides_the_algorithm() {
    let (rsa, narrow, ec) = (
        Key::rsa("rsa"),
        Key::rsa("narrow"),
        Key::ec("ec", "P-256", Algorithm::ES256),
    );
    let mut only_rs256 = narrow.jwk();
    only_rs256["alg"] = json!("RS256");
    let secret = json!({"kty": "oct", "kid": "secret", "k": "c2VjcmV0", "alg": "HS256"});
    let keys = json!({"keys": [rsa.jwk(), only_rs256, ec.jwk(), secret]});
    let server = KeyServer::with_keys(keys.to_string()).await;
    let believers = believers(&server);
    let claims = claims();
    assert_eq!(believers.id(&narrow.sign(&claims)).await, "ada");

    for public in rsa.public() {
        let token = shared(&claims, &public, Some("rsa"));
        assert_eq!(believers.id(&token).await, "denied: wrong_algorithm");
    }
    let modulus = rsa.jwk()["n"].as_str().unwrap().to_owned();
    for (token, expected) in [
        (
            shared(&claims, modulus.as_bytes(), Some("rsa")),
            "denied: wrong_algorithm",
        ),
        (
            shared(&claims, b"secret", Some("secret")),
            "denied: wrong_algorithm",
        ),
        (
            forged(&json!({"alg": "none"}), &claims, b""),
            "denied: wrong_algorithm",
        ),
        (
            forged(&json!({"alg": "None", "kid": "rsa"}), &claims, b""),
            "denied: wrong_algorithm",
        ),
        (
            forged(&json!({"alg": "RS256", "kid": "rsa"}), &claims, b""),
            "denied: wrong_signature",
        ),
        (
            forged(&json!({"alg": "RS256", "kid": "ec"}), &claims, b"x"),
            "denied: wrong_algorithm",
        ),
        (
            forged(
                &json!({"alg": "RS256", "kid": "rsa", "crit": ["b64"]}),
                &claims,
                b"x",
            ),
            "denied: wrong_algorithm",
        ),
        (
            narrow.sign_as(&claims, Algorithm::PS256, Some("narrow")),
            "denied: wrong_algorithm",
        ),
        (
            narrow.sign_as(&claims, Algorithm::RS256, Some("rsa")),
            "denied: wrong_signature",
        ),
        (
            ec.sign_as(&claims, Algorithm::ES256, Some("rsa")),
            "denied: wrong_algorithm",
        ),
        (
            rsa.sign_as(&claims, Algorithm::RS256, Some("other")),
            "denied: unknown_key",
        ),
    ] {
        assert_eq!(believers.id(&token).await, expected, "{token}");
    }
    let good = rsa.sign(&claims);
    let (head, rest) = good.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let other = rsa.sign(&with(&claims, "sub", json!("grace")));
    let payload = other.split('.').nth(1).unwrap();
    let mixed = format!("{head}.{payload}.{signature}");
    assert_eq!(believers.id(&mixed).await, "denied: wrong_signature");
}

#[tokio::test]
async fn a_token_without_a_key_id_means_the_only_key_that_fits() {
    let (rsa, other, ec) = (
        Key::rsa("rsa"),
        Key::rsa("other"),
        Key::ec("ec", "P-256", Algorithm::ES256),
    );
    let server = KeyServer::with_keys(jwks(&[&rsa, &other, &ec])).await;
    let believers = believers(&server);
    let token = ec.sign_as(&claims(), Algorithm::ES256, None);
    assert_eq!(believers.id(&token).await, "ada");
    let token = rsa.sign_as(&claims(), Algorithm::RS256, None);
    assert_eq!(believers.id(&token).await, "denied: unknown_key");
}

#[tokio::test]
async fn weak_keys_verify_nothing() {
    let (weak, good) = (Key::rsa_of("weak", 1024), Key::rsa("good"));
    let server = KeyServer::with_keys(jwks(&[&weak, &good])).await;
    let believers = believers(&server);
    assert_eq!(
        believers.id(&weak.sign(&claims())).await,
        "denied: unknown_key"
    );
    assert_eq!(believers.id(&good.sign(&claims())).await, "ada");
}

#[tokio::test]
async fn issuer_audience_and_times_are_held_against_the_settings() {
    let key = Key::rsa("one");
    let server = KeyServer::with_keys(jwks(&[&key])).await;
    let url = server.url("/keys");
    let api = Api::start_with(|config| config.auth.jwks = vec![issuer(url)]).await;
    let good = claims();
    let sign = |name, value| key.sign(&with(&good, name, value));
    let tokens = [
        ("good", key.sign(&good)),
        ("among others", sign("aud", json!(["other", "app"]))),
        ("another audience", sign("aud", json!("other"))),
        ("no audience", key.sign(&without(&good, "aud"))),
        (
            "another issuer",
            sign("iss", json!("https://id.example.com/")),
        ),
        ("no issuer", key.sign(&without(&good, "iss"))),
        ("our issuer", sign("iss", json!("urbania"))),
        ("within the leeway", sign("exp", json!(now() - 50))),
        ("expired", sign("exp", json!(now() - 70))),
        ("no end", key.sign(&without(&good, "exp"))),
        ("nearly valid", sign("nbf", json!(now() + 50))),
        ("not yet valid", sign("nbf", json!(now() + 70))),
        ("issued tomorrow", sign("iat", json!(now() + 70))),
        ("no id", key.sign(&without(&good, "sub"))),
        ("empty id", sign("sub", json!(""))),
        ("long id", sign("sub", json!("x".repeat(257)))),
        (
            "longer than 16 KiB",
            sign("padding", json!("x".repeat(16 * 1024))),
        ),
    ];
    let table = table(&api, &tokens).await;
    assert_snapshot!(table, @r#"
    good: 200 {"id":"ada","username":"Ada L.","roles":["member"]}
    among others: 200 {"id":"ada","username":"Ada L.","roles":["member"]}
    another audience: 401 {"detail":"Could not validate credentials"}
    no audience: 401 {"detail":"Could not validate credentials"}
    another issuer: 401 {"detail":"Could not validate credentials"}
    no issuer: 401 {"detail":"Could not validate credentials"}
    our issuer: 401 {"detail":"Could not validate credentials"}
    within the leeway: 200 {"id":"ada","username":"Ada L.","roles":["member"]}
    expired: 401 {"detail":"Token has expired"}
    no end: 401 {"detail":"Could not validate credentials"}
    nearly valid: 200 {"id":"ada","username":"Ada L.","roles":["member"]}
    not yet valid: 401 {"detail":"Could not validate credentials"}
    issued tomorrow: 401 {"detail":"Could not validate credentials"}
    no id: 401 {"detail":"Could not validate credentials"}
    empty id: 401 {"detail":"Could not validate credentials"}
    long id: 401 {"detail":"Could not validate credentials"}
    longer than 16 KiB: 401 {"detail":"Could not validate credentials"}
    "#);
    let log = api.end().await;
    for (name, token) in &tokens {
        assert!(!log.contains(token), "{name}: {log}");
    }
}

/// An issuer that is found by discovery.
fn discovered(server: &KeyServer) -> Believers {
    Believers::new(&Setup {
        jwks: vec![JwksSettings {
            issuer: server.url("/realm"),
            jwks_url: None,
            ..issuer(String::new())
        }],
        pace: hasty(),
        ..Setup::default()
    })
}

#[tokio::test]
async fn an_issuer_says_where_its_keys_are() {
    let key = Key::rsa("one");
    let server = KeyServer::with_keys(jwks(&[&key])).await;
    let configuration = |issuer: &str, keys: &str| {
        let page = json!({"issuer": issuer, "jwks_uri": keys, "claims_supported": []});
        server.set(
            "/realm/.well-known/openid-configuration",
            Page::new(page.to_string()),
        );
    };
    let realm = server.url("/realm");
    let token = key.sign(&with(&claims(), "iss", json!(realm)));
    let believers = discovered(&server);
    assert!(believers.id(&token).await.starts_with("unavailable: "));

    configuration(&realm, &server.url("/keys"));
    assert_eq!(believers.id(&token).await, "ada");
    assert_eq!(
        believers.id(&key.sign(&claims())).await,
        "denied: unknown_issuer"
    );

    for (issuer, keys) in [
        (format!("{realm}/"), server.url("/keys")),
        ("https://id.example.com".into(), server.url("/keys")),
        (realm.clone(), "https://127.0.0.1/keys".into()),
        (realm.clone(), "/keys".into()),
    ] {
        configuration(&issuer, &keys);
        let refused = discovered(&server).id(&token).await;
        assert!(
            refused.starts_with("unavailable: "),
            "{issuer} {keys}: {refused}"
        );
    }
}

#[tokio::test]
async fn one_issuer_cannot_speak_for_another() {
    let (a, b) = (Key::rsa("key"), Key::rsa("key"));
    let (server_a, server_b) = (
        KeyServer::with_keys(jwks(&[&a])).await,
        KeyServer::with_keys(jwks(&[&b])).await,
    );
    let other = "https://other.example.com";
    let believers = Believers::new(&Setup {
        jwks: vec![
            issuer(server_a.url("/keys")),
            JwksSettings {
                issuer: other.into(),
                id_prefix: "other:".into(),
                ..issuer(server_b.url("/keys"))
            },
        ],
        ..Setup::default()
    });
    let of = |issuer: &str| with(&claims(), "iss", Value::from(issuer));
    assert_eq!(believers.id(&a.sign(&of(ISSUER))).await, "ada");
    assert_eq!(believers.id(&b.sign(&of(other))).await, "other:ada");
    assert_eq!(
        believers.id(&b.sign(&of(ISSUER))).await,
        "denied: wrong_signature"
    );
    assert_eq!(
        believers.id(&a.sign(&of(other))).await,
        "denied: wrong_signature"
    );
}
