//! One-time links as any HTTP client meets them.

use reqwest::Response;
use serde_json::{Value, json};

use crate::support::api::{Api, line};

const SPENT: &str = r#"404 {"detail":"Link was used or has expired"}"#;

async fn made(api: &Api, session: &str) -> Value {
    let asked = api.request("POST", "/api/auth/links");
    let answer = asked.bearer_auth(session).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    answer.json().await.unwrap()
}

async fn followed(api: &Api, code: &str) -> Response {
    api.post("/api/auth/links/follow", &json!({"code": code}))
        .await
}

#[tokio::test]
async fn a_link_hands_over_the_session_that_made_it_once() {
    let api = Api::start().await;
    let session = api.session().await;
    let link = made(&api, &session).await;
    assert_eq!(link["expires_in"], 300);
    let code = link["code"].as_str().unwrap();

    let first = followed(&api, code).await;
    assert_eq!(first.status(), 200);
    assert_eq!(first.headers()["cache-control"], "no-store");
    let first: Value = first.json().await.unwrap();
    // Nothing new is signed: no chain of links outlives a login.
    assert_eq!(first["access_token"], session);
    assert_eq!(first["token_type"], "bearer");
    let left = first["expires_in"].as_u64().unwrap();
    assert!((12 * 3600 - 60..=12 * 3600).contains(&left), "{left}");
    assert_eq!(line(followed(&api, code).await).await, SPENT);

    let code = code.to_owned();
    let log = api.end().await;
    assert!(log.contains("/api/auth/links/follow"), "{log}");
    assert!(!log.contains(&code), "{log}");
}

#[tokio::test]
async fn who_has_no_session_makes_no_link_and_who_has_no_code_gets_no_session() {
    let api = Api::start_with(|config| config.limits.logins_per_minute = 7).await;
    let nobody = api.request("POST", "/api/auth/links").send().await.unwrap();
    assert_eq!(nobody.status(), 401);
    // Logging in is the first attempt.
    let session = api.session().await;
    assert_eq!(line(followed(&api, "made up").await).await, SPENT);
    let path = "/api/auth/links/follow";
    let missing = line(api.post(path, &json!({})).await).await;
    assert_eq!(
        missing,
        r#"422 {"detail":[{"loc":["body","code"],"msg":"Field required","type":"missing"}]}"#
    );
    let typed = line(api.post(path, &json!({"code": 7})).await).await;
    assert!(typed.contains("Input should be a valid string"), "{typed}");
    let form = api.request("POST", path).body("code=x");
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(form.send().await.unwrap().status(), 400);
    // Guesses count as logins do.
    for _ in 0..2 {
        assert_eq!(line(followed(&api, "made up").await).await, SPENT);
    }
    let code = made(&api, &session).await["code"].clone();
    let late = followed(&api, code.as_str().unwrap()).await;
    assert_eq!(late.status(), 429);
}
