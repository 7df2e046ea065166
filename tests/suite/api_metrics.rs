//! What Prometheus is told.

use serde_json::json;

use crate::support::api::Api;

async fn figures(api: &Api) -> String {
    let answer = api.request("GET", "/metrics").send().await.unwrap();
    let kind = answer.headers()["content-type"].to_str().unwrap();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    answer.text().await.unwrap()
}

#[track_caller]
fn has(figures: &str, line: &str) {
    assert!(
        figures.lines().any(|l| l == line),
        "no `{line}` in\n{figures}"
    );
}

#[tokio::test]
async fn requests_and_refusals_are_counted_by_contract_and_reason() {
    let api = Api::start().await;
    let session = api.session().await;
    let mine = json!({"room_name": "daily", "user_id": api.ada, "username": "ada"});
    let theirs = json!({"room_name": "daily", "user_id": "bob", "username": "ada"});
    assert_eq!(api.token(&session, &mine).await.status(), 200);
    assert_eq!(api.token(&session, &mine).await.status(), 200);
    assert_eq!(api.token(&session, &theirs).await.status(), 403);
    assert_eq!(api.token("nonsense", &mine).await.status(), 401);
    let channel = json!({"roomId": "lobby"});
    assert_eq!(api.token(&session, &channel).await.status(), 404);
    let standard = api
        .request("POST", "/api/livekit/token-source")
        .bearer_auth(&session)
        .json(&json!({"room_name": "daily"}));
    assert_eq!(standard.send().await.unwrap().status(), 201);
    let odd = api.request("BREW", "/api/coffee").send().await.unwrap();
    assert_eq!(odd.status(), 404);

    let text = figures(&api).await;
    for line in [
        r#"urbania_requests_total{contract="urbania",method="POST",status="200"} 3"#,
        r#"urbania_requests_total{contract="urbania",method="POST",status="403"} 1"#,
        r#"urbania_requests_total{contract="urbania",method="other",status="404"} 1"#,
        r#"urbania_refusals_total{contract="urbania",reason="forbidden"} 1"#,
        r#"urbania_refusals_total{contract="urbania",reason="malformed_token"} 1"#,
        r#"urbania_requests_total{contract="kraken",method="POST",status="404"} 1"#,
        r#"urbania_refusals_total{contract="kraken",reason="not_found"} 1"#,
        r#"urbania_tokens_total{contract="urbania"} 2"#,
        r#"urbania_tokens_total{contract="token_source"} 1"#,
        r#"urbania_log_lines_dropped_total{kind="request"} 0"#,
        r#"urbania_log_lines_dropped_total{kind="token"} 0"#,
        r#"urbania_up{part="store"} 1"#,
        "urbania_request_duration_seconds_count 8",
    ] {
        has(&text, line);
    }
    assert!(text.ends_with("# EOF\n"));
    assert!(!text.contains(&api.ada), "no caller is named");
    let none = r#"urbania_tokens_total{contract="kraken"}"#;
    assert!(!text.contains(none), "it gave none: {text}");
}

#[tokio::test]
async fn a_store_that_is_gone_is_down() {
    let api = Api::start().await;
    has(&figures(&api).await, r#"urbania_up{part="store"} 1"#);
    let database = api.database();
    std::fs::remove_file(&database).unwrap();
    std::fs::create_dir(&database).unwrap();
    tokio::time::timeout(std::time::Duration::from_secs(10), async {
        while !figures(&api)
            .await
            .contains(r#"urbania_up{part="store"} 0"#)
        {}
    })
    .await
    .expect("the store is down");
}
