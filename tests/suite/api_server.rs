//! What every route has in common: bounds, envelopes, readiness, the end.

use std::fmt::Write as _;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use insta::assert_snapshot;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use urbania::api::Reach;
use urbania::config::{LivekitConfig, StoreSettings};
use urbania::store::Mongo;

use crate::sfu::signed;
use crate::support::api::{Api, PASSWORD, line, no_limits, show};
use crate::support::store::StoreKind;
use crate::support::until::until;

#[tokio::test]
async fn paths_and_methods_that_nobody_serves_speak_the_envelope() {
    for kind in StoreKind::ALL {
        let api = Api::start_on(kind).await;
        let mut table = String::new();
        for (method, path) in [
            ("GET", "/nowhere"),
            ("GET", "/assets/nothing.js"),
            ("GET", "/api"),
            ("GET", "/api/livekit/token/"),
            ("POST", "/api/../etc/passwd"),
            ("GET", "/api/livekit/token"),
            ("DELETE", "/api/auth/login"),
            ("POST", "/healthz"),
            ("PURGE", "/api/auth/me"),
        ] {
            let answer = api.request(method, path).send().await.unwrap();
            writeln!(table, "{method} {path}: {}\n", show(answer).await).unwrap();
        }
        assert_snapshot!(
            "paths_and_methods_that_nobody_serves_speak_the_envelope",
            table
        );
    }
}

#[tokio::test]
async fn a_huge_body_is_refused_with_and_without_a_length() {
    for kind in StoreKind::ALL {
        let api = Api::start_on(kind).await;
        let session = api.session().await;
        for size in [64 * 1024 + 1, 4 * 1024 * 1024] {
            let big = json!({"room_name": "x".repeat(size), "user_id": "a", "username": "b"});
            assert_eq!(
                line(api.token(&session, &big).await).await,
                r#"413 {"detail":"Request body is too large"}"#
            );
        }
        let mut stream = TcpStream::connect(api.base.trim_start_matches("http://"))
            .await
            .unwrap();
        let head = "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let chunk = format!("{:x}\r\n{}\r\n", 30_000, " ".repeat(30_000));
        for _ in 0..3 {
            stream.write_all(chunk.as_bytes()).await.unwrap();
        }
        stream.write_all(b"0\r\n\r\n").await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 413");
    }
}

#[tokio::test]
async fn a_body_of_64_kib_is_taken_and_one_byte_more_is_not() {
    let api = Api::start().await;
    let session = api.session().await;
    let room = json!({"room_name": "daily", "user_id": api.ada, "username": "Ada"}).to_string();
    let login = json!({"username": "ada", "password": PASSWORD}).to_string();
    for (path, body) in [("/api/livekit/token", room), ("/api/auth/login", login)] {
        for (length, status) in [(65_536, 200), (65_537, 413)] {
            let request = api
                .request("POST", path)
                .bearer_auth(&session)
                .header("content-type", "application/json")
                .body(body.clone() + &" ".repeat(length - body.len()));
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), status, "{path}: {length} bytes");
        }
    }
}

#[tokio::test]
async fn what_is_no_http_harms_nobody() {
    let api = Api::start().await;
    for nonsense in [
        "\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9\r\n\r\n",
        "\0\0\0\0",
    ] {
        let mut stream = TcpStream::connect(api.base.trim_start_matches("http://"))
            .await
            .unwrap();
        stream.write_all(nonsense.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP/1.1 5"), "{nonsense:?}");
    }
    assert_eq!(api.session().await.split('.').count(), 3);
}

#[tokio::test]
async fn web_pages_of_known_origins_may_call() {
    let api = Api::start().await;
    let preflight = |origin: &'static str| {
        api.request("OPTIONS", "/api/livekit/token")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "authorization,content-type",
            )
            .send()
    };
    let known = preflight("http://localhost:3000").await.unwrap();
    assert_eq!(known.status(), 200);
    let headers = known.headers();
    assert_eq!(
        headers["access-control-allow-origin"],
        "http://localhost:3000"
    );
    assert_eq!(
        headers["access-control-allow-headers"],
        "authorization,content-type,last-event-id,x-sandbox-id"
    );
    let unknown = preflight("http://evil.example").await.unwrap();
    assert!(
        !unknown
            .headers()
            .contains_key("access-control-allow-origin")
    );
    let error = api
        .request("GET", "/api/auth/me")
        .header("origin", "http://localhost:3000");
    assert_snapshot!(show(error.send().await.unwrap()).await, @r#"
    401 Unauthorized
    content-type: application/json
    www-authenticate: Bearer
    access-control-allow-origin: http://localhost:3000
    {"detail":"Not authenticated"}
    "#);
}

/// An SFU that answers every validation with this status; returns its port.
async fn sfu(status: StatusCode) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = Router::new().route("/rtc/validate", get(move || async move { status }));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    port
}

/// The part of livekit.yaml that says where the SFU is.
fn sfu_on(port: u16) -> LivekitConfig {
    LivekitConfig {
        port,
        ..LivekitConfig::default()
    }
}

#[tokio::test]
async fn readyz_tells_the_sfu_the_keys_and_the_store_apart() {
    let mut table = String::new();
    for status in [200, 404, 401, 503] {
        let port = sfu(StatusCode::from_u16(status).unwrap()).await;
        let reach = Reach::new(None, &sfu_on(port));
        let api = Api::start_with(|config| config.reach = reach).await;
        let answer = api.request("GET", "/readyz").send().await.unwrap();
        writeln!(table, "sfu {status}: {}", line(answer).await).unwrap();
    }
    let tls = Some("wss://sfu.example.org".into());
    let api = Api::start_with(|config| config.reach = Reach::new(tls, &sfu_on(1))).await;
    let answer = api.request("GET", "/readyz").send().await.unwrap();
    writeln!(table, "sfu behind tls: {}", line(answer).await).unwrap();
    std::fs::remove_file(api.database()).unwrap();
    std::fs::create_dir(api.database()).unwrap();
    let ready = async || api.request("GET", "/readyz").send().await.unwrap();
    let gone = async {
        while ready().await.status() == 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), gone)
        .await
        .expect("an answer is kept for a moment only");
    let answer = ready().await;
    assert_eq!(answer.headers()["retry-after"], "1");
    writeln!(table, "store gone: {}", line(answer).await).unwrap();
    let answer = api.request("GET", "/healthz").send().await.unwrap();
    writeln!(table, "healthz: {}", line(answer).await).unwrap();
    assert_snapshot!(table, @r#"
    sfu 200: 200 {"ready":true,"store":"ok","sfu":"ok","keys":"ok"}
    sfu 404: 200 {"ready":true,"store":"ok","sfu":"ok","keys":"ok"}
    sfu 401: 503 {"ready":false,"store":"ok","sfu":"ok","keys":"refused"}
    sfu 503: 503 {"ready":false,"store":"ok","sfu":"unreachable","keys":"unchecked"}
    sfu behind tls: 200 {"ready":true,"store":"ok","sfu":"unchecked","keys":"unchecked"}
    store gone: 503 {"ready":false,"store":"unreachable","sfu":"unchecked","keys":"unchecked"}
    healthz: 200 ok
    "#);
}

#[tokio::test]
async fn a_store_that_is_down_is_a_503_in_the_envelope_and_no_secret() {
    let api = Api::start_with(|config| {
        let uri = "mongodb://user:very-secret@127.0.0.1:1/urbania";
        config.store = std::sync::Arc::new(Mongo::new(uri.into(), StoreSettings::default()));
    })
    .await;
    let pair = json!({"username": "ada", "password": PASSWORD});
    assert_snapshot!(show(api.post("/api/auth/login", &pair).await).await, @r#"
    503 Service Unavailable
    content-type: application/json
    retry-after: 2
    {"detail":"Service temporarily unavailable"}
    "#);
}

#[tokio::test]
async fn a_store_that_comes_back_is_used_again() {
    for kind in StoreKind::ALL {
        let api = Api::start_in(kind.open_to_go().await, |config| {
            config.limits = no_limits();
        })
        .await;
        let pair = json!({"username": "ada", "password": PASSWORD});
        let login = async || api.post("/api/auth/login", &pair).await.status();
        assert_eq!(login().await, 200);
        api.opened.goes();
        assert_eq!(login().await, 503);
        api.opened.comes_back();
        until("users log in again", async || login().await == 200).await;
    }
}

#[tokio::test]
async fn a_request_in_flight_is_finished_before_the_end() {
    let mut api = Api::start().await;
    let address = api.base.trim_start_matches("http://").to_owned();
    let mut idle = TcpStream::connect(&address).await.unwrap();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let body = format!(r#"{{"username": "ada", "password": "{PASSWORD}"}}"#);
    let head = format!(
        "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // Answered only after the server has read the head on the other connection, too.
    assert_eq!(
        api.request("GET", "/healthz")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    api.tell_to_end();
    let refused = async {
        while TcpStream::connect(&address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), refused)
        .await
        .unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(
        idle.read(&mut [0]).await.unwrap(),
        0,
        "an idle connection is closed"
    );
    let log = api.end().await;
    assert!(log.contains(" POST /api/auth/login 200 "), "{log}");
}

#[tokio::test]
async fn the_log_has_reports_of_the_sfu_only_where_they_are_refused() {
    let api = Api::start().await;
    signed::tell(&api, &signed::event("1", "room_started", "daily", 1, None)).await;
    let refused = signed::post(&api, "nonsense", Vec::new()).await;
    assert_eq!(refused.status(), 401);
    let log = api.end().await;
    assert!(log.contains(" POST /api/livekit/webhook 401 "), "{log}");
    assert!(!log.contains(" POST /api/livekit/webhook 200 "), "{log}");
}

#[tokio::test]
async fn the_log_has_no_query() {
    let api = Api::start().await;
    let path = "/api/auth/me?access_token=secret";
    assert_eq!(api.request("GET", path).send().await.unwrap().status(), 401);
    let log = api.end().await;
    assert!(log.contains(" GET /api/auth/me 401 "), "{log}");
    assert!(!log.contains("secret"), "{log}");
}
