//! The contract of Urbania's client: every row and rule of login, me and token.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};
use urbania::auth::password::Passwords;
use urbania::store::{Change, User};

use crate::support::api::{
    Api, LIVEKIT_SECRET, PASSWORD, SESSION_SECRET, line, livekit_claims, no_limits, show,
};
use crate::support::store::StoreKind;
use crate::support::until::until;

/// Replaces what differs from run to run.
fn redact(text: String, secrets: &[(&str, &str)]) -> String {
    secrets
        .iter()
        .fold(text, |text, (from, to)| text.replace(from, to))
}

fn sign(claims: &Value, header: &jsonwebtoken::Header, secret: &str) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(header, claims, &key).unwrap()
}

fn part(value: &Value) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test]
async fn login_answers_a_session_that_me_knows() {
    for kind in StoreKind::ALL {
        let api = Api::start_on(kind).await;
        let pair = json!({"username": "ada", "password": PASSWORD});
        let answer = api.post("/api/auth/login", &pair).await;
        let session = api.session().await;
        let text = show(answer).await;
        let token = text.split('"').nth(3).unwrap().to_owned();
        allow_duplicates!(
            assert_snapshot!(redact(text, &[(&token, "[session]")]), @r#"
        200 OK
        content-type: application/json
        cache-control: no-store
        {"access_token":"[session]","token_type":"bearer","expires_in":43200}
        "#)
        );
        let me = api.request("GET", "/api/auth/me").bearer_auth(&session);
        let me = show(me.send().await.unwrap()).await;
        allow_duplicates!(assert_snapshot!(redact(me, &[(&api.ada, "[id]")]), @r#"
        200 OK
        content-type: application/json
        {"id":"[id]","username":"ada","roles":["admin"]}
        "#));
        let log = api.end().await;
        assert!(!log.contains(&session) && !log.contains(PASSWORD), "{log}");
    }
}

#[tokio::test]
async fn login_takes_email_for_username_and_forms_for_json() {
    for kind in StoreKind::ALL {
        let api = Api::start_on(kind).await;
        let email = json!({"email": "ada", "password": PASSWORD});
        assert_eq!(api.post("/api/auth/login", &email).await.status(), 200);
        for form in [
            "username=ada&password=correct+horse%20battery+staple",
            "grant_type=password&username=ada&password=correct+horse%20battery+staple&scope=",
            "email=ada&password=correct+horse%20battery+staple",
        ] {
            let login = api
                .request("POST", "/api/auth/login")
                .header(
                    "content-type",
                    "application/x-www-form-urlencoded; charset=UTF-8",
                )
                .body(form);
            assert_eq!(login.send().await.unwrap().status(), 200, "{form}");
        }
    }
}

#[tokio::test]
async fn a_bad_pair_is_answered_alike_whether_or_not_the_user_exists() {
    for kind in StoreKind::ALL {
        let api = Api::start_on(kind).await;
        let wrong = json!({"username": "ada", "password": "wrong"});
        let nobody = json!({"username": "nobody", "password": "wrong"});
        let wrong = show(api.post("/api/auth/login", &wrong).await).await;
        allow_duplicates!(assert_snapshot!(wrong, @r#"
        401 Unauthorized
        content-type: application/json
        www-authenticate: Bearer
        {"detail":"Incorrect username or password"}
        "#));
        assert_eq!(
            show(api.post("/api/auth/login", &nobody).await).await,
            wrong
        );
    }
}

#[tokio::test]
async fn a_bad_pair_takes_as_long_whether_or_not_the_user_exists() {
    for kind in StoreKind::ALL {
        let api = Api::start_on_with(kind, |config| config.limits = no_limits()).await;
        let wrong = json!({"username": "ada", "password": "wrong"});
        let nobody = json!({"username": "nobody", "password": "wrong"});
        // In turns, and the shortest of each: other load only makes things longer.
        let mut shortest = [Duration::MAX; 2];
        for _ in 0..6 {
            for (pair, shortest) in [&wrong, &nobody].into_iter().zip(&mut shortest) {
                let began = Instant::now();
                assert_eq!(api.post("/api/auth/login", pair).await.status(), 401);
                *shortest = began.elapsed().min(*shortest);
            }
        }
        // An answer without a hash is many times as quick.
        let [wrong, nobody] = shortest;
        assert!(nobody * 3 > wrong && wrong * 3 > nobody, "{shortest:?}");
    }
}

/// The hash of some password, made with thirty times the usual work.
const COSTLY: &str = "$argon2id$v=19$m=19456,t=60,p=1$bm9ib2R5LW5vYm9keQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[tokio::test]
async fn while_every_turn_to_log_in_is_taken_tokens_are_given_and_one_more_login_is_told_when_to_come()
 {
    let patience = Duration::from_millis(200);
    let passwords = Passwords::new(1, patience);
    let api = Api::start_with(|config| config.passwords = passwords.clone()).await;
    let session = api.session().await;
    let at_work = async move {
        passwords
            .verify("another".into(), Some(COSTLY.into()))
            .await
    };
    let at_work = tokio::spawn(at_work);
    // Now it has its turn; there is one thread for everything but the hash itself.
    tokio::task::yield_now().await;

    let body = json!({"room_name": "daily", "user_id": api.ada, "username": "Ada"});
    for _ in 0..10 {
        assert_eq!(api.token(&session, &body).await.status(), 200);
    }
    let began = Instant::now();
    let login = json!({"username": "ada", "password": PASSWORD});
    let refused = show(api.post("/api/auth/login", &login).await).await;
    assert!(began.elapsed() >= patience);
    assert_snapshot!(refused, @r#"
    503 Service Unavailable
    content-type: application/json
    retry-after: 2
    {"detail":"Service temporarily unavailable"}
    "#);
    assert!(!at_work.is_finished(), "all of that was while it worked");
    assert_eq!(at_work.await.unwrap(), Ok(false));
    assert_eq!(api.post("/api/auth/login", &login).await.status(), 200);
}

#[tokio::test]
async fn bad_logins_are_listed_as_fastapi_lists_them() {
    for kind in StoreKind::ALL {
        let api = Api::start_on(kind).await;
        let mut table = String::new();
        for body in [
            r"",
            r"null",
            r"[]",
            r#"["ada", "ada", "x"]"#,
            r#""ada""#,
            r"{}",
            r#"{"username": "ada"}"#,
            r#"{"username": null, "password": 1}"#,
            r#"{"username": {"$ne": ""}, "password": ["x"]}"#,
            r#"{"username": "", "password": ""}"#,
            r#"{"email": 1, "password": true}"#,
            r#"{"username": "ada", "password": "x""#,
            r"username=ada",
            "{\"username\": \"\u{1}\"}",
            r#"{"username": "\ud800", "password": ""}"#,
        ] {
            let login = api
                .request("POST", "/api/auth/login")
                .header("content-type", "application/json")
                .body(body);
            writeln!(
                table,
                "{body}\n  {}",
                line(login.send().await.unwrap()).await
            )
            .unwrap();
        }
        assert_snapshot!("bad_logins_are_listed_as_fastapi_lists_them", table);
    }
}

#[tokio::test]
async fn too_many_failed_logins_of_one_user_are_refused_for_a_while() {
    let api = Api::start().await;
    let wrong = json!({"username": "ada", "password": "wrong"});
    for _ in 0..10 {
        assert_eq!(api.post("/api/auth/login", &wrong).await.status(), 401);
    }
    let refused = show(api.post("/api/auth/login", &wrong).await).await;
    let (head, rest) = refused.split_once("retry-after: ").unwrap();
    let (seconds, body) = rest.split_once('\n').unwrap();
    assert!(
        (1..=6).contains(&seconds.parse::<u32>().unwrap()),
        "{seconds}"
    );
    assert_snapshot!(format!("{head}{body}"), @r#"
    429 Too Many Requests
    content-type: application/json
    {"detail":"Too many attempts"}
    "#);
    let other = json!({"username": "grace", "password": "wrong"});
    assert_eq!(api.post("/api/auth/login", &other).await.status(), 401);
}

#[tokio::test]
async fn too_many_logins_from_one_address_are_refused_also_good_ones() {
    // So few that no other is allowed while these are counted.
    let api = Api::start_with(|config| config.limits.logins_per_minute = 6).await;
    let login = |address: &'static str| {
        api.request("POST", "/api/auth/login")
            .header("x-forwarded-for", address)
            .body("{}")
            .send()
    };
    for _ in 0..6 {
        assert_eq!(login("9.9.9.9, 192.0.2.1").await.unwrap().status(), 422);
    }
    assert_eq!(login("192.0.2.1").await.unwrap().status(), 429);
    assert_eq!(login("192.0.2.1, 192.0.2.2").await.unwrap().status(), 422);
    assert_eq!(api.session().await.split('.').count(), 3);
}

#[tokio::test]
async fn a_removed_user_is_unknown_to_me() {
    for kind in StoreKind::ALL {
        let api = Api::start_on(kind).await;
        let session = api.session().await;
        assert!(api.store.remove_user("ada").await.unwrap());
        let me = api.request("GET", "/api/auth/me").bearer_auth(&session);
        assert_eq!(
            line(me.send().await.unwrap()).await,
            r#"401 {"detail":"Could not validate credentials"}"#
        );
    }
}

#[tokio::test]
async fn a_removed_user_gets_no_token() {
    for kind in StoreKind::ALL {
        let api = Api::start_on(kind).await;
        let session = api.session().await;
        assert!(api.store.remove_user("ada").await.unwrap());
        let body = json!({"room_name": "daily", "user_id": api.ada, "username": "ada"});
        assert_eq!(
            line(api.token(&session, &body).await).await,
            r#"401 {"detail":"Could not validate credentials"}"#
        );
    }
}

#[tokio::test]
async fn roles_and_passwords_of_now_count_for_sessions_of_before() {
    join_all(StoreKind::ALL.map(async |kind| {
        let api = Api::start_on(kind).await;
        let old = api.session().await;
        let status = async |session: &str, path: &str| {
            let request = api.request("GET", path).bearer_auth(session);
            request.send().await.unwrap().status()
        };
        // There is no SFU to answer, which only admins come to know.
        assert_eq!(status(&old, "/api/admin/rooms").await, 503);
        let user = api.store.user_by_name("ada").await.unwrap().unwrap();
        let plain = User {
            roles: Vec::new(),
            ..user
        };
        api.store.apply(&[Change::User(plain)]).await.unwrap();
        until("Ada is no admin any more", async || {
            status(&old, "/api/admin/rooms").await == 403
        })
        .await;

        let hash = Passwords::default().hash("another".into()).await.unwrap();
        assert!(api.store.set_password("ada", &hash).await.unwrap());
        let pair = json!({"username": "ada", "password": "another"});
        let answer: Value = api
            .post("/api/auth/login", &pair)
            .await
            .json()
            .await
            .unwrap();
        let new = answer["access_token"].as_str().unwrap();
        assert_eq!(status(new, "/api/auth/me").await, 200);
        assert_eq!(status(&old, "/api/auth/me").await, 401);
        assert_eq!(status(new, "/api/auth/me").await, 200);
    }))
    .await;
}

#[tokio::test]
async fn a_token_lets_its_caller_into_the_room() {
    for kind in StoreKind::ALL {
        let api = Api::start_on(kind).await;
        let session = api.session().await;
        let body = json!({"room_name": "daily \"ü\"", "user_id": api.ada, "username": "Ada L."});
        let text = show(api.token(&session, &body).await).await;
        let token = text.split('"').nth(3).unwrap().to_owned();
        allow_duplicates!(assert_snapshot!(redact(text, &[(&token, "[token]")]), @r#"
        200 OK
        content-type: application/json
        cache-control: no-store
        {"token":"[token]","url":"ws://localhost:7880","room_name":"daily \"ü\""}
        "#));
        let claims = livekit_claims(&token);
        let lifetime = claims["exp"].as_u64().unwrap() - claims["nbf"].as_u64().unwrap();
        assert_eq!(lifetime, 6 * 60 * 60);
        allow_duplicates!(insta::assert_json_snapshot!(claims, {
            ".nbf" => "[now]", ".exp" => "[later]", ".jti" => "[id]", ".sub" => "[ada's id]",
        }, @r#"
        {
          "iss": "APItest",
          "sub": "[ada's id]",
          "nbf": "[now]",
          "exp": "[later]",
          "jti": "[id]",
          "name": "Ada L.",
          "video": {
            "room": "daily \"ü\"",
            "roomJoin": true,
            "canPublish": true,
            "canSubscribe": true,
            "canPublishData": true
          }
        }
        "#));
        assert_eq!(claims["sub"], api.ada);
        let log = api.end().await;
        assert!(log.contains("token issued: who="), "{log}");
        assert!(log.contains(claims["jti"].as_str().unwrap()), "{log}");
        for secret in [&token, &session, LIVEKIT_SECRET, SESSION_SECRET] {
            assert!(!log.contains(secret), "{log}");
        }
    }
}

#[tokio::test]
async fn the_sfu_is_where_the_callers_browser_reached_us() {
    for kind in StoreKind::ALL {
        let api = Api::start_on(kind).await;
        let session = api.session().await;
        let body = json!({"room_name": "daily", "user_id": api.ada, "username": ""});
        for (host, url) in [
            ("192.168.1.7:8000", "ws://192.168.1.7:7880"),
            ("evil.example:99999", "ws://localhost:7880"),
        ] {
            let answer = api
                .request("POST", "/api/livekit/token")
                .bearer_auth(&session)
                .header("host", host)
                .json(&body);
            let answer: Value = answer.send().await.unwrap().json().await.unwrap();
            assert_eq!(answer["url"], url);
            let claims = livekit_claims(answer["token"].as_str().unwrap());
            assert_eq!(claims["name"], Value::Null);
        }
    }
}

#[tokio::test]
async fn nobody_gets_a_token_for_somebody_else() {
    for kind in StoreKind::ALL {
        let api = Api::start_on(kind).await;
        let session = api.session().await;
        let body = json!({"room_name": "daily", "user_id": "ada", "username": "ada"});
        let told = show(api.token(&session, &body).await).await;
        allow_duplicates!(assert_snapshot!(told, @r#"
        403 Forbidden
        content-type: application/json
        {"detail":"A token can only be had for the caller's own identity"}
        "#));
    }
}

#[tokio::test]
async fn a_room_that_nobody_made_is_unknown_without_auto_create() {
    for kind in StoreKind::ALL {
        let api = Api::start_on_with(kind, |config| config.rooms.auto_create = false).await;
        let session = api.session().await;
        let body = json!({"room_name": "daily", "user_id": api.ada, "username": "ada"});
        let told = show(api.token(&session, &body).await).await;
        allow_duplicates!(assert_snapshot!(told, @r#"
        404 Not Found
        content-type: application/json
        {"detail":"Room not found"}
        "#));
    }
}

#[tokio::test]
async fn bad_token_requests_are_refused_in_the_contracts_words() {
    for kind in StoreKind::ALL {
        let api = Api::start_on(kind).await;
        let session = api.session().await;
        let mut table = String::new();
        let long = "x".repeat(257);
        for body in [
            String::new(),
            "{".into(),
            r#"{"room_name": "daily", "user_id": "a", "username": "b",}"#.into(),
            "[1, 2]".into(),
            "{}".into(),
            r#"{"room_name": 1, "user_id": null, "username": [{}]}"#.into(),
            r#"{"room_name": "", "user_id": "", "username": ""}"#.into(),
            json!({"room_name": long, "user_id": "a", "username": "b"}).to_string(),
            json!({"room_name": "ü".repeat(128), "user_id": long, "username": "b"}).to_string(),
            json!({"room_name": "ü".repeat(129), "user_id": "a", "username": "b"}).to_string(),
            json!({"room_name": "daily", "user_id": "a", "username": long}).to_string(),
            format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)),
            format!(
                "{{\"room_name\": {}{}}}",
                "[".repeat(10_000),
                "]".repeat(10_000)
            ),
        ] {
            let answer = api
                .request("POST", "/api/livekit/token")
                .bearer_auth(&session)
                .header("content-type", "application/json; charset=utf-8")
                .body(body.clone());
            let shown: String = body.chars().take(60).collect();
            writeln!(
                table,
                "{shown}\n  {}",
                line(answer.send().await.unwrap()).await
            )
            .unwrap();
        }
        for media_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "",
            "json",
        ] {
            let answer = api
                .request("POST", "/api/livekit/token")
                .bearer_auth(&session)
                .header("content-type", media_type)
                .body("{}");
            writeln!(
                table,
                "{media_type}\n  {}",
                line(answer.send().await.unwrap()).await
            )
            .unwrap();
        }
        assert_snapshot!(
            "bad_token_requests_are_refused_in_the_contracts_words",
            table
        );
    }
}

#[tokio::test]
async fn callers_who_cannot_prove_who_they_are_get_nothing() {
    for kind in StoreKind::ALL {
        let api = Api::start_on(kind).await;
        let now = urbania::context::Clock::system().unix();
        let claims = json!({
            "iss": "urbania", "aud": "urbania-api", "sub": api.ada, "exp": now + 60,
            "username": "ada", "roles": [],
        });
        let with = |name: &str, value: Value| {
            let mut claims = claims.clone();
            claims[name] = value;
            claims
        };
        let hs256 = jsonwebtoken::Header::default();
        let hs512 = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS512);
        let good = sign(&claims, &hs256, SESSION_SECRET);
        let none = format!("{}.{}.", part(&json!({"alg": "none"})), part(&claims));
        let cases = [
            ("good", format!("Bearer {good}")),
            ("scheme in lower case", format!("bearer {good}")),
            (
                "within the leeway",
                format!(
                    "Bearer {}",
                    sign(&with("exp", json!(now - 30)), &hs256, SESSION_SECRET)
                ),
            ),
            ("no header", String::new()),
            ("no scheme", good.clone()),
            ("basic", "Basic YWRhOmFkYQ==".into()),
            ("bearer of nothing", "Bearer ".into()),
            ("nonsense", "Bearer nonsense".into()),
            (
                "expired",
                format!(
                    "Bearer {}",
                    sign(&with("exp", json!(now - 120)), &hs256, SESSION_SECRET)
                ),
            ),
            (
                "another aud",
                format!(
                    "Bearer {}",
                    sign(&with("aud", json!("other")), &hs256, SESSION_SECRET)
                ),
            ),
            (
                "another iss",
                format!(
                    "Bearer {}",
                    sign(&with("iss", json!("other")), &hs256, SESSION_SECRET)
                ),
            ),
            ("alg none", format!("Bearer {none}")),
            (
                "alg HS512",
                format!("Bearer {}", sign(&claims, &hs512, SESSION_SECRET)),
            ),
            (
                "another secret",
                format!("Bearer {}", sign(&claims, &hs256, LIVEKIT_SECRET)),
            ),
            (
                "no signature",
                format!("Bearer {}.", good.rsplit_once('.').unwrap().0),
            ),
        ];
        let mut table = String::new();
        for (name, authorization) in cases {
            let me = api
                .request("GET", "/api/auth/me")
                .header("authorization", authorization);
            writeln!(table, "{name}: {}", line(me.send().await.unwrap()).await).unwrap();
        }
        allow_duplicates!(assert_snapshot!(redact(table, &[(&api.ada, "[id]")]), @r#"
        good: 200 {"id":"[id]","username":"ada","roles":["admin"]}
        scheme in lower case: 200 {"id":"[id]","username":"ada","roles":["admin"]}
        within the leeway: 200 {"id":"[id]","username":"ada","roles":["admin"]}
        no header: 401 {"detail":"Not authenticated"}
        no scheme: 401 {"detail":"Not authenticated"}
        basic: 401 {"detail":"Not authenticated"}
        bearer of nothing: 401 {"detail":"Not authenticated"}
        nonsense: 401 {"detail":"Could not validate credentials"}
        expired: 401 {"detail":"Token has expired"}
        another aud: 401 {"detail":"Could not validate credentials"}
        another iss: 401 {"detail":"Could not validate credentials"}
        alg none: 401 {"detail":"Could not validate credentials"}
        alg HS512: 401 {"detail":"Could not validate credentials"}
        another secret: 401 {"detail":"Could not validate credentials"}
        no signature: 401 {"detail":"Could not validate credentials"}
        "#));
        let anonymous = api.request("POST", "/api/livekit/token").body("nonsense");
        let told = show(anonymous.send().await.unwrap()).await;
        allow_duplicates!(assert_snapshot!(told, @r#"
        401 Unauthorized
        content-type: application/json
        www-authenticate: Bearer
        {"detail":"Not authenticated"}
        "#));
    }
}
