//! The participant without a browser, in rooms of real SFUs.

use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::response::IntoResponse;
use tokio::net::TcpListener;
use urbania::context::Clock;
use urbania::livekit::keys::KeyPair;
use urbania::participant::{
    Answer, Failure, Path, Report, SignalError, Tried, Visit, VisitError, Won, visit,
};

use crate::support::ports::Ports;
use crate::support::sfu::TestSfu;
use crate::support::sfu_kind::{Kind, on_every_sfu};

on_every_sfu!(
    media_finds_its_way_over_udp_and_over_tcp,
    a_key_or_a_secret_that_the_sfu_does_not_know_is_refused,
);

/// For the busiest machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the doctor grants a visit.
const SHORT: Duration = Duration::from_secs(3);

async fn visited(base: &str, pair: &KeyPair) -> Result<Report, VisitError> {
    visited_within(PATIENCE, base, pair).await
}

/// A visit takes no longer than it may; a busy machine may wake us late.
async fn visited_within(
    patience: Duration,
    base: &str,
    pair: &KeyPair,
) -> Result<Report, VisitError> {
    let start = Instant::now();
    let result = visit(&Visit {
        base,
        pair,
        clock: &Clock::system(),
        relay_to: None,
        patience,
    })
    .await;
    let took = start.elapsed();
    assert!(took < patience + Duration::from_millis(500), "{took:?}");
    result
}

/// The winner answered, as one of the addresses that were tried.
fn won(path: &Path) -> &Won {
    let won = path.outcome.as_ref().unwrap();
    let tried = path.tried.iter().find(|t| t.address == won.remote);
    let tried = tried.unwrap_or_else(|| panic!("{} was not offered: {path:?}", won.remote));
    assert!(matches!(tried.answer, Answer::After(_)), "{tried:?}");
    let round_trip = won.round_trip.unwrap();
    assert!(round_trip > Duration::ZERO && round_trip < Duration::from_secs(1));
    assert!(won.after >= round_trip);
    won
}

async fn no_room_stays(sfu: &TestSfu) {
    let rooms = sfu.rooms().list(Vec::new()).await.unwrap();
    assert!(rooms.is_empty(), "{rooms:?}");
}

async fn media_finds_its_way_over_udp_and_over_tcp(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let report = visited(&sfu.base, &sfu.pair).await.unwrap();
    let version = match kind {
        Kind::LiveKit | Kind::Native => "1.13.5",
        Kind::Embedded => "1.9.0",
    };
    assert_eq!(report.server.version, version);
    assert!(report.server.node_id.starts_with("ND_"), "{report:?}");
    let (first, last) = sfu.ports.udp_range();
    let udp = won(&report.udp).remote;
    assert!((first..=last).contains(&udp.port()), "{udp}");
    assert!(report.udp.tried.iter().all(|t| t.kind == "host"));
    let tcp = won(&report.tcp).remote;
    assert_eq!(tcp.port(), sfu.ports.rtc_tcp());
    no_room_stays(&sfu).await;
}

#[tokio::test]
async fn an_address_where_nobody_is_does_not_answer() {
    let ports = Ports::take();
    let (first, last) = ports.udp_range();
    // All of 127/8 is this machine, but no socket for media is bound to that address.
    let range = format!("port_range_start: {first}, port_range_end: {last}");
    let rtc = format!("{range}, node_ip: 127.0.0.77, enable_loopback_candidate: true");
    let sfu = TestSfu::start_with_rtc(ports, None, &rtc, "").await;
    let report = visited(&sfu.base, &sfu.pair).await.unwrap();
    for path in [&report.udp, &report.tcp] {
        let there: Vec<_> = path.tried.iter().filter(|t| is_wrong(t)).collect();
        assert!(!there.is_empty(), "{path:?}");
        assert!(there.iter().all(|t| t.answer == Answer::Silent), "{path:?}");
        // LiveKit offers the machine's IPv6 addresses besides.
        match &path.outcome {
            Ok(won) => assert!(won.remote.is_ipv6(), "{path:?}"),
            Err(failure) => assert_eq!(*failure, Failure::Unreachable),
        }
    }
    no_room_stays(&sfu).await;
}

fn is_wrong(tried: &Tried) -> bool {
    tried.address.ip().to_string() == "127.0.0.77"
}

#[tokio::test]
async fn an_sfu_without_udp_offers_no_address_for_it() {
    let rtc = "force_tcp: true, node_ip: 127.0.0.1, enable_loopback_candidate: true";
    let sfu = TestSfu::start_with_rtc(Ports::take(), None, rtc, "").await;
    let report = visited(&sfu.base, &sfu.pair).await.unwrap();
    assert_eq!(report.udp.outcome, Err(Failure::NoCandidates));
    assert!(report.udp.tried.is_empty());
    won(&report.tcp);
}

async fn a_key_or_a_secret_that_the_sfu_does_not_know_is_refused(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let stranger = KeyPair {
        key: "APIstranger".into(),
        ..sfu.pair.clone()
    };
    let forger = KeyPair {
        secret: "another secret of thirty-two characters".into(),
        ..sfu.pair.clone()
    };
    for pair in [stranger, forger] {
        let error = visited(&sfu.base, &pair).await.unwrap_err();
        let VisitError::Room { source, .. } = &error else {
            panic!("{error:?}");
        };
        assert!(source.to_string().starts_with("the SFU refuses our keys"));
    }
    no_room_stays(&sfu).await;
}

#[tokio::test]
async fn where_no_sfu_is_nobody_comes_in() {
    let ports = Ports::take();
    let base = format!("http://127.0.0.1:{}", ports.livekit());
    let error = visited(&base, &KeyPair::documented()).await.unwrap_err();
    let message = format!("the SFU at `{base}` makes no room to meet in");
    assert_eq!(error.to_string(), message);
}

#[tokio::test]
async fn an_sfu_that_says_nothing_costs_no_more_than_the_patience() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", silent.local_addr().unwrap());
    let result = visited_within(SHORT, &base, &KeyPair::documented()).await;
    let error = result.unwrap_err();
    assert!(matches!(error, VisitError::Room { .. }), "{error:?}");
}

#[tokio::test]
async fn a_proxy_that_lets_no_websocket_through_is_named() {
    let sfu = TestSfu::start(None).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let to = sfu.base.clone();
    let forward = axum::Router::new().fallback(move |request| forward(to, request));
    let task = tokio::spawn(async move { axum::serve(listener, forward).await });
    let error = visited(&proxy, &sfu.pair).await.unwrap_err();
    task.abort();
    let VisitError::Signal { source, .. } = &error else {
        panic!("{error:?}");
    };
    assert!(matches!(source, SignalError::NoWebSocket), "{source:?}");
    no_room_stays(&sfu).await;
}

/// Passes a request on, without what concerns only the connection that it came on.
async fn forward(to: String, request: Request) -> impl IntoResponse {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let mut headers = head.headers;
    for name in ["connection", "upgrade", "host", "content-length"] {
        headers.remove(name);
    }
    let answer = urbania::http::plain(PATIENCE)
        .unwrap()
        .request(head.method, format!("{to}{}", head.uri))
        .headers(headers)
        .body(body)
        .send()
        .await
        .unwrap();
    (answer.status(), answer.bytes().await.unwrap())
}
