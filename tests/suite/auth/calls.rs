//! The contract of the calls app: every row and rule, with real RSA keys and their server.

use std::fmt::Write as _;
use std::sync::OnceLock;
use std::time::Duration;

use insta::{allow_duplicates, assert_json_snapshot, assert_snapshot};
use jsonwebtoken::Algorithm;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use urbania::api::ApiConfig;
use urbania::auth::keys::Pace;

use super::keys::{Key, forged, jwks, shared};
use super::server::{KeyServer, Page};
use super::{now, with, without};
use crate::support::api::{Api, LIVEKIT_SECRET, line, livekit_claims, show};
use crate::support::store::StoreKind;

const PATH: &str = "/api/calls/livekit-token";
const PROJECT: &str = "we-chat-1a2b3";

/// One key for all tests: making one takes a while.
fn key() -> &'static Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    KEY.get_or_init(|| Key::rsa("google-1"))
}

/// What an ID token of Firebase says.
pub fn claims() -> Value {
    json!({
        "iss": format!("https://securetoken.google.com/{PROJECT}"), "aud": PROJECT,
        "auth_time": now() - 100, "iat": now() - 100, "exp": now() + 3500,
        "sub": "uid-of-ada", "user_id": "uid-of-ada", "name": "Ada L.", "email": "ada@example.com",
        "firebase": {"sign_in_provider": "password"},
    })
}

/// An API for Firebase users, and where their keys are.
pub struct Calls {
    pub api: Api,
    pub server: KeyServer,
}

impl Calls {
    async fn start(kind: StoreKind) -> Self {
        Self::start_with(kind, |_| {}).await
    }

    pub async fn start_with(kind: StoreKind, change: impl FnOnce(&mut ApiConfig)) -> Self {
        let server = KeyServer::with_keys(jwks(&[key()])).await;
        let url = server.url("/keys");
        let api = Api::start_on_with(kind, |config| {
            config.auth.firebase.project = Some(PROJECT.into());
            config.auth.firebase.keys_url = url;
            change(config);
        })
        .await;
        Self { api, server }
    }

    pub fn request(&self, token: &str) -> RequestBuilder {
        self.api.request("POST", PATH).bearer_auth(token)
    }

    pub async fn ask(&self, token: &str, body: &Value) -> String {
        line(self.request(token).json(body).send().await.unwrap()).await
    }
}

fn good_body() -> Value {
    json!({"roomName": "family", "participantIdentity": "uid-of-ada"})
}

#[tokio::test]
async fn a_firebase_user_gets_a_token_for_a_call() {
    for kind in StoreKind::ALL {
        let calls = Calls::start(kind).await;
        let id_token = key().sign(&claims());
        let answer = calls.request(&id_token).json(&good_body());
        let text = show(answer.send().await.unwrap()).await;
        let token = text.split('"').nth(3).unwrap().to_owned();
        allow_duplicates!(assert_snapshot!(text.replace(&token, "[token]"), @r#"
        200 OK
        content-type: application/json
        cache-control: no-store
        {"token":"[token]"}
        "#));
        let minted = livekit_claims(&token);
        allow_duplicates!(assert_json_snapshot!(minted, {
            ".nbf" => "[now]", ".exp" => "[later]", ".jti" => "[id]",
        }, @r#"
        {
          "iss": "APItest",
          "sub": "uid-of-ada",
          "nbf": "[now]",
          "exp": "[later]",
          "jti": "[id]",
          "name": "Ada L.",
          "video": {
            "room": "family",
            "roomJoin": true,
            "canPublish": true,
            "canSubscribe": true
          }
        }
        "#));
        let log = calls.api.end().await;
        assert!(
            log.contains(r#"token issued: who="uid-of-ada" contract=calls room="family""#),
            "{log}"
        );
        for secret in [&token, &id_token, LIVEKIT_SECRET] {
            assert!(!log.contains(secret), "{log}");
        }
    }
}

#[tokio::test]
async fn without_a_name_in_the_id_token_there_is_none_in_the_token() {
    for kind in StoreKind::ALL {
        let calls = Calls::start(kind).await;
        for nameless in [
            without(&claims(), "name"),
            with(&claims(), "name", json!("")),
        ] {
            let answer = calls.ask(&key().sign(&nameless), &good_body()).await;
            let minted = livekit_claims(answer.split('"').nth(3).unwrap());
            assert_eq!(minted.get("name"), None);
        }
    }
}

#[tokio::test]
async fn who_is_not_believed_is_told_in_plain_text() {
    for kind in StoreKind::ALL {
        let calls = Calls::start(kind).await;
        let missing = calls.api.request("POST", PATH).json(&good_body());
        let told = show(missing.send().await.unwrap()).await;
        allow_duplicates!(assert_snapshot!(told, @r"
        401 Unauthorized
        content-type: text/plain; charset=utf-8
        www-authenticate: Bearer
        Unauthorized: No token provided.
        "));
        let invalid = calls.request("nonsense").json(&good_body());
        let told = show(invalid.send().await.unwrap()).await;
        allow_duplicates!(assert_snapshot!(told, @r"
        403 Forbidden
        content-type: text/plain; charset=utf-8
        Unauthorized: Invalid token.
        "));
        let good = key().sign(&claims());
        let mut table = String::new();
        for header in ["", "Basic YWRhOmFkYQ==", &good, "Bearer", "Bearer "] {
            let request = calls
                .api
                .request("POST", PATH)
                .header("authorization", header);
            let answer = request.json(&good_body()).send().await.unwrap();
            writeln!(
                table,
                "{}: {}",
                header.replace(&good, "[token]"),
                line(answer).await
            )
            .unwrap();
        }
        allow_duplicates!(assert_snapshot!(table, @r"
        : 401 Unauthorized: No token provided.
        Basic YWRhOmFkYQ==: 401 Unauthorized: No token provided.
        [token]: 401 Unauthorized: No token provided.
        Bearer: 401 Unauthorized: No token provided.
        Bearer : 401 Unauthorized: No token provided.
        "));
    }
}

#[tokio::test]
async fn an_id_token_must_be_googles_and_for_this_project_and_for_now() {
    for kind in StoreKind::ALL {
        let calls = Calls::start(kind).await;
        let good = claims();
        let sign = |claims: Value| key().sign(&claims);
        let set = |name, value| key().sign(&with(&good, name, value));
        let stranger = Key::rsa("google-1");
        let [pem, _] = key().public();
        let none = json!({"alg": "none", "typ": "JWT"});
        let named_none = json!({"alg": "none", "kid": "google-1"});
        let tokens = [
            ("good", sign(good.clone())),
            ("just expired", set("exp", json!(now() - 50))),
            ("expired", set("exp", json!(now() - 70))),
            ("no end", sign(without(&good, "exp"))),
            ("just issued", set("iat", json!(now() + 50))),
            ("issued later", set("iat", json!(now() + 70))),
            ("never issued", sign(without(&good, "iat"))),
            ("just signed in", set("auth_time", json!(now() + 50))),
            ("signed in later", set("auth_time", json!(now() + 70))),
            ("never signed in", sign(without(&good, "auth_time"))),
            ("another project", set("aud", json!("other"))),
            (
                "another issuer",
                set("iss", json!("https://securetoken.google.com/other")),
            ),
            (
                "a longer issuer",
                set(
                    "iss",
                    json!(format!("https://securetoken.google.com/{PROJECT}/")),
                ),
            ),
            ("no subject", sign(without(&good, "sub"))),
            ("an empty subject", set("sub", json!(""))),
            ("another key", stranger.sign(&good)),
            ("no key id", key().sign_as(&good, Algorithm::RS256, None)),
            (
                "an unknown key id",
                key().sign_as(&good, Algorithm::RS256, Some("google-9")),
            ),
            (
                "RS512",
                key().sign_as(&good, Algorithm::RS512, Some("google-1")),
            ),
            (
                "PS256",
                key().sign_as(&good, Algorithm::PS256, Some("google-1")),
            ),
            (
                "HS256 with the public key",
                shared(&good, &pem, Some("google-1")),
            ),
            ("none", forged(&none, &good, b"")),
            ("none with a key id", forged(&named_none, &good, b"")),
            ("16 KiB", set("padding", json!("x".repeat(16 * 1024)))),
            ("a session of ours", calls.api.session().await),
        ];
        let mut table = String::new();
        for (name, token) in &tokens {
            let answer = calls.ask(token, &good_body()).await;
            let answer = answer
                .split_once(":\"ey")
                .map_or(&*answer, |(head, _)| head);
            writeln!(table, "{name}: {answer}").unwrap();
        }
        allow_duplicates!(assert_snapshot!(table, @r#"
        good: 200 {"token"
        just expired: 200 {"token"
        expired: 403 Unauthorized: Invalid token.
        no end: 403 Unauthorized: Invalid token.
        just issued: 200 {"token"
        issued later: 403 Unauthorized: Invalid token.
        never issued: 403 Unauthorized: Invalid token.
        just signed in: 200 {"token"
        signed in later: 403 Unauthorized: Invalid token.
        never signed in: 403 Unauthorized: Invalid token.
        another project: 403 Unauthorized: Invalid token.
        another issuer: 403 Unauthorized: Invalid token.
        a longer issuer: 403 Unauthorized: Invalid token.
        no subject: 403 Unauthorized: Invalid token.
        an empty subject: 403 Unauthorized: Invalid token.
        another key: 403 Unauthorized: Invalid token.
        no key id: 403 Unauthorized: Invalid token.
        an unknown key id: 403 Unauthorized: Invalid token.
        RS512: 403 Unauthorized: Invalid token.
        PS256: 403 Unauthorized: Invalid token.
        HS256 with the public key: 403 Unauthorized: Invalid token.
        none: 403 Unauthorized: Invalid token.
        none with a key id: 403 Unauthorized: Invalid token.
        16 KiB: 403 Unauthorized: Invalid token.
        a session of ours: 403 Unauthorized: Invalid token.
        "#));
        let log = calls.api.end().await;
        for (name, token) in &tokens {
            assert!(!log.contains(token), "{name}: {log}");
        }
    }
}

#[tokio::test]
async fn the_rest_is_told_as_json_in_the_language_of_the_phone() {
    for kind in StoreKind::ALL {
        let calls = Calls::start(kind).await;
        let without_keys = Calls::start_with(kind, |config| config.pair = None).await;
        let id_token = key().sign(&claims());
        let other = json!({"roomName": "family", "participantIdentity": "uid-of-grace"});
        let roomless = json!({"participantIdentity": "uid-of-ada"});
        let mut table = String::new();
        for language in ["", "en-GB", "sw", "sw-TZ, en;q=0.8", "en, sw;q=0.5", "de"] {
            for (api, body) in [
                (&calls, &other),
                (&calls, &roomless),
                (&without_keys, &good_body()),
            ] {
                let request = api.request(&id_token).header("accept-language", language);
                let answer = request.json(body).send().await.unwrap();
                writeln!(table, "{language}: {}", line(answer).await).unwrap();
            }
        }
        allow_duplicates!(assert_snapshot!(table, @r#"
        : 403 {"error":"Forbidden: You can only request a token for yourself."}
        : 400 {"error":"roomName and participantIdentity are required."}
        : 500 {"error":"LiveKit server keys are not configured."}
        en-GB: 403 {"error":"Forbidden: You can only request a token for yourself."}
        en-GB: 400 {"error":"roomName and participantIdentity are required."}
        en-GB: 500 {"error":"LiveKit server keys are not configured."}
        sw: 403 {"error":"Forbidden: Unaweza kuomba token kwa ajili yako tu."}
        sw: 400 {"error":"roomName na participantIdentity vinahitajika."}
        sw: 500 {"error":"LiveKit server keys hazijawekwa."}
        sw-TZ, en;q=0.8: 403 {"error":"Forbidden: Unaweza kuomba token kwa ajili yako tu."}
        sw-TZ, en;q=0.8: 400 {"error":"roomName na participantIdentity vinahitajika."}
        sw-TZ, en;q=0.8: 500 {"error":"LiveKit server keys hazijawekwa."}
        en, sw;q=0.5: 403 {"error":"Forbidden: You can only request a token for yourself."}
        en, sw;q=0.5: 400 {"error":"roomName and participantIdentity are required."}
        en, sw;q=0.5: 500 {"error":"LiveKit server keys are not configured."}
        de: 403 {"error":"Forbidden: You can only request a token for yourself."}
        de: 400 {"error":"roomName and participantIdentity are required."}
        de: 500 {"error":"LiveKit server keys are not configured."}
        "#));
    }
}

#[tokio::test]
async fn fields_must_be_there_and_full() {
    for kind in StoreKind::ALL {
        let calls = Calls::start(kind).await;
        let id_token = key().sign(&claims());
        let mut table = String::new();
        for body in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"roomName": "family"}"#,
            r#"{"participantIdentity": "uid-of-ada"}"#,
            r#"{"roomName": "", "participantIdentity": "uid-of-ada"}"#,
            r#"{"roomName": "family", "participantIdentity": ""}"#,
            r#"{"roomName": null, "participantIdentity": 1}"#,
            r#"{"roomName": ["family"], "participantIdentity": {"$ne": ""}}"#,
            r#"{"roomName": "family""#,
            "roomName=family",
        ] {
            let request = calls
                .request(&id_token)
                .header("content-type", "application/json");
            let answer = request.body(body).send().await.unwrap();
            writeln!(table, "{body}\n  {}", line(answer).await).unwrap();
        }
        let long = "x".repeat(257);
        for body in [
            json!({"roomName": long, "participantIdentity": "uid-of-ada"}),
            json!({"roomName": "family", "participantIdentity": long}),
        ] {
            let answer = calls.ask(&id_token, &body).await;
            writeln!(table, "{answer}").unwrap();
        }
        let form = calls
            .request(&id_token)
            .header("content-type", "application/x-www-form-urlencoded")
            .body("roomName=family&participantIdentity=uid-of-ada");
        writeln!(table, "{}", line(form.send().await.unwrap()).await).unwrap();
        let huge = calls.request(&id_token).body("x".repeat(65 * 1024));
        writeln!(table, "{}", line(huge.send().await.unwrap()).await).unwrap();
        assert_snapshot!("fields_must_be_there_and_full", table);
    }
}

#[tokio::test]
async fn checks_come_in_the_order_of_the_contract() {
    for kind in StoreKind::ALL {
        let calls = Calls::start_with(kind, |config| config.pair = None).await;
        let id_token = key().sign(&claims());
        let empty = json!({});
        let other = json!({"roomName": "family", "participantIdentity": "uid-of-grace"});
        let told = calls.ask("nonsense", &empty).await;
        allow_duplicates!(assert_snapshot!(told, @"403 Unauthorized: Invalid token."));
        let told = calls.ask(&id_token, &empty).await;
        allow_duplicates!(assert_snapshot!(told,
            @r#"400 {"error":"roomName and participantIdentity are required."}"#
        ));
        let told = calls.ask(&id_token, &other).await;
        allow_duplicates!(assert_snapshot!(told,
            @r#"403 {"error":"Forbidden: You can only request a token for yourself."}"#
        ));
        let told = calls.ask(&id_token, &good_body()).await;
        allow_duplicates!(assert_snapshot!(told,
            @r#"500 {"error":"LiveKit server keys are not configured."}"#
        ));
    }
}

#[tokio::test]
async fn other_paths_and_methods_speak_the_contract_too() {
    for kind in StoreKind::ALL {
        let calls = Calls::start(kind).await;
        let mut table = String::new();
        for (method, path) in [
            ("GET", PATH),
            ("DELETE", PATH),
            ("POST", "/api/calls"),
            ("POST", "/api/calls/"),
            ("GET", "/api/calls/other"),
            ("POST", "/api/callsign"),
        ] {
            let answer = calls.api.request(method, path).send().await.unwrap();
            writeln!(table, "{method} {path}: {}", line(answer).await).unwrap();
        }
        allow_duplicates!(assert_snapshot!(table, @r#"
        GET /api/calls/livekit-token: 405 {"error":"Method Not Allowed"}
        DELETE /api/calls/livekit-token: 405 {"error":"Method Not Allowed"}
        POST /api/calls: 404 {"error":"Not Found"}
        POST /api/calls/: 404 {"error":"Not Found"}
        GET /api/calls/other: 404 {"error":"Not Found"}
        POST /api/callsign: 404 {"detail":"Not Found"}
        "#));
    }
}

#[tokio::test]
async fn keys_can_be_certificates_by_key_id() {
    for kind in StoreKind::ALL {
        let second = Key::rsa("google-2");
        let calls = Calls::start(kind).await;
        let certificates = json!({
            "google-1": key().certificate(), "google-2": second.certificate(), "broken": "x",
        });
        calls
            .server
            .set("/keys", Page::new(certificates.to_string()));
        for key in [key(), &second] {
            let answer = calls.ask(&key.sign(&claims()), &good_body()).await;
            assert!(answer.starts_with("200 "), "{answer}");
        }
        let mixed = second.sign_as(&claims(), Algorithm::RS256, Some("google-1"));
        let answer = calls.ask(&mixed, &good_body()).await;
        assert_eq!(answer, "403 Unauthorized: Invalid token.");
        assert_eq!(calls.server.hits("/keys"), 1);
    }
}

#[tokio::test]
async fn keys_are_kept_refetched_once_and_used_while_their_server_is_down() {
    for kind in StoreKind::ALL {
        let mut calls = Calls::start_with(kind, |config| {
            config.auth.pace = Pace {
                retry: Duration::ZERO,
                ..Pace::default()
            };
        })
        .await;
        let kept = Page::new(jwks(&[key()])).header("cache-control", "public, max-age=3600");
        calls.server.set("/keys", kept);
        let id_token = key().sign(&claims());
        for _ in 0..3 {
            let answer = calls.ask(&id_token, &good_body()).await;
            assert!(answer.starts_with("200 "), "{answer}");
        }
        assert_eq!(calls.server.hits("/keys"), 1);

        let new = Key::rsa("google-2");
        calls.server.set("/keys", Page::new(jwks(&[key(), &new])));
        for _ in 0..3 {
            let answer = calls.ask(&new.sign(&claims()), &good_body()).await;
            assert!(answer.starts_with("200 "), "{answer}");
        }
        assert_eq!(calls.server.hits("/keys"), 2);

        calls.server.stop().await;
        for id_token in [&id_token, &new.sign(&claims())] {
            let answer = calls.ask(id_token, &good_body()).await;
            assert!(answer.starts_with("200 "), "{answer}");
        }
    }
}

#[tokio::test]
async fn while_keys_were_never_to_be_had_nobody_is_called_a_liar() {
    for kind in StoreKind::ALL {
        let mut calls = Calls::start(kind).await;
        calls.server.stop().await;
        let answer = calls.request(&key().sign(&claims())).json(&good_body());
        let told = show(answer.send().await.unwrap()).await;
        allow_duplicates!(assert_snapshot!(told, @r#"
        503 Service Unavailable
        content-type: application/json
        retry-after: 2
        {"error":"Service temporarily unavailable"}
        "#));
    }
}

#[tokio::test]
async fn without_a_project_no_token_is_valid() {
    for kind in StoreKind::ALL {
        let api = Api::start_on(kind).await;
        let request = api.request("POST", PATH).bearer_auth(key().sign(&claims()));
        let answer = request.json(&good_body()).send().await.unwrap();
        assert_eq!(line(answer).await, "403 Unauthorized: Invalid token.");
        let request = api.request("POST", PATH).bearer_auth(api.session().await);
        let answer = request.json(&good_body()).send().await.unwrap();
        assert_eq!(line(answer).await, "403 Unauthorized: Invalid token.");
    }
}

#[tokio::test]
async fn a_firebase_user_is_known_elsewhere_too_and_has_no_roles() {
    for kind in StoreKind::ALL {
        let calls = Calls::start(kind).await;
        let claims = with(&claims(), "roles", json!(["admin"]));
        let me = calls.api.request("GET", "/api/auth/me");
        let me = me.bearer_auth(key().sign(&claims)).send().await.unwrap();
        let told = line(me).await;
        allow_duplicates!(
            assert_snapshot!(told, @r#"200 {"id":"uid-of-ada","username":"Ada L.","roles":[]}"#)
        );
    }
}
