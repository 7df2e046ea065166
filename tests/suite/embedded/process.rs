//! `urbania sfu` as a process.

use std::net::TcpListener;
use std::process::Command;

use rustix::process::Signal;

use super::{Connections, page, token};
use crate::support::page_server::PageServer;
use crate::support::ports::Ports;
use crate::support::sfu::TestSfu;
use crate::support::sfu_kind::Kind;
use crate::support::until::until;

/// What it says and how it ends when it cannot start.
fn refused(config: &str) -> (Option<i32>, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("livekit.yaml");
    std::fs::write(&path, config).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_urbania"))
        .args(["sfu", "--config"])
        .arg(&path)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said)
}

#[test]
fn a_taken_port_and_a_config_that_cannot_serve_are_told() {
    let ports = Ports::take();
    let (port, tcp) = (ports.livekit(), ports.rtc_tcp());
    let keys = "keys: {APIone: aaaaaaaaaabbbbbbbbbbccccccccccdd}\n";
    let rtc = format!("rtc: {{tcp_port: {tcp}, udp_port: {tcp}, node_ip: 127.0.0.1}}\n");
    let _holder = TcpListener::bind(("127.0.0.1", tcp)).unwrap();
    let (code, said) = refused(&format!("port: {port}\n{keys}{rtc}"));
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains(&format!("port {tcp} is taken")), "{said}");
    for (config, words) in [
        (String::new(), "no API key"),
        (format!("port: {port}\n"), "`keys` of livekit.yaml is empty"),
        (format!("port: high\n{keys}"), "port"),
        (
            format!("{keys}webhook: {{urls: ['http://a'], api_key: b}}\n"),
            "no key `b`",
        ),
    ] {
        let (code, said) = refused(&config);
        assert_eq!(code, Some(2), "{config}: {said}");
        assert!(said.contains(words), "{config}: {said}");
    }
}

#[tokio::test]
async fn it_says_what_it_does_not_heed_and_good_bye_when_it_is_told_to_end() {
    let more = "turn: {enabled: true, domain: turn.example.com, udp_port: 3478}\n";
    let sfu = TestSfu::of_kind_on(Kind::Embedded, Ports::take(), None, more).await;
    let log = sfu.log();
    assert!(log.contains("does not heed turn\n"), "{log}");
    let starting = format!(
        "starting embedded SFU: signalling on {}",
        sfu.ports.livekit()
    );
    assert!(log.contains(&starting), "{log}");
    let pages = PageServer::start().await;
    let anna = page(&pages, Connections::One).await;
    anna.connect(&sfu.ws, &token(&sfu, "anna")).await;
    sfu.signal(Signal::TERM);
    until("it has ended", async || sfu.ended() == Some(true)).await;
    // Whoever comes after it is found.
    until("anna looks for it", async || {
        anna.report()
            .await
            .events
            .iter()
            .any(|event| event == "Reconnecting")
    })
    .await;
    sfu.start_again().await;
    until("anna is back", async || {
        anna.report().await.state == "connected"
    })
    .await;
    anna.close().await;
}

/// As behind a router, whose address is not this machine's: the port at all addresses is had once.
#[tokio::test]
async fn an_address_elsewhere_and_loopback_are_offered_at_one_port() {
    let ports = Ports::take();
    let (media, _) = ports.udp_range();
    let rtc = format!(
        "udp_port: {media}, node_ip: '203.0.113.5, 2001:db8::5', enable_loopback_candidate: true, use_ice_lite: true"
    );
    let sfu = TestSfu::with_rtc(Kind::Embedded, ports, None, &rtc, "").await;
    let pages = PageServer::start().await;
    let anna = page(&pages, Connections::One).await;
    anna.join(&sfu.ws, &token(&sfu, "anna"), 1, 440).await;
    let bert = page(&pages, Connections::Two).await;
    bert.join(&sfu.ws, &token(&sfu, "bert"), 2, 880).await;
    bert.sees_and_hears("anna", 1, 440).await;
    for page in [anna, bert] {
        page.close().await;
    }
}
