//! Clients that send what no client sends.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use livekit_protocol as proto;
use livekit_protocol::{signal_request, signal_response};
use prost::Message as _;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::token;
use crate::support::sfu::TestSfu;
use crate::support::sfu_kind::Kind;

type Socket = WebSocketStream<TcpStream>;

async fn joins(sfu: &TestSfu, identity: &str) -> Socket {
    let mut socket = knocks(sfu, &token(sfu, identity)).await.unwrap();
    let first = next(&mut socket).await.unwrap();
    assert!(matches!(first, signal_response::Message::Join(_)));
    socket
}

async fn knocks(sfu: &TestSfu, token: &str) -> Result<Socket, Error> {
    let port = sfu.ports.livekit();
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let url = format!("{}/rtc?access_token={token}", sfu.ws);
    Ok(client_async(url, stream).await?.0)
}

/// What Prometheus is told.
async fn metrics(sfu: &TestSfu) -> String {
    let client = urbania::http::plain(Duration::from_secs(10)).unwrap();
    let answer = client.get(format!("{}/metrics", sfu.base)).send().await;
    answer.unwrap().text().await.unwrap()
}

/// The next message, until the connection ends.
async fn next(socket: &mut Socket) -> Option<signal_response::Message> {
    loop {
        match socket.next().await? {
            Ok(Message::Binary(bytes)) => {
                return proto::SignalResponse::decode(bytes).unwrap().message;
            }
            Ok(Message::Close(_)) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

async fn is_answered(socket: &mut Socket) {
    let ping = proto::SignalRequest {
        message: Some(signal_request::Message::Ping(1)),
    };
    socket
        .send(Message::binary(ping.encode_to_vec()))
        .await
        .unwrap();
    while !matches!(
        next(socket).await.expect("an answer"),
        signal_response::Message::Pong(_)
    ) {}
}

fn offer(sdp: &str) -> Vec<u8> {
    let offer = proto::SessionDescription {
        r#type: "offer".into(),
        sdp: sdp.into(),
        ..Default::default()
    };
    let message = Some(signal_request::Message::Offer(offer));
    proto::SignalRequest { message }.encode_to_vec()
}

#[tokio::test]
async fn nonsense_is_refused_and_hurts_nobody_else() {
    let sfu = TestSfu::of(Kind::Embedded, None).await;
    let mut bystander = joins(&sfu, "bystander").await;
    let mut hostile = joins(&sfu, "hostile").await;
    for garbage in [
        "",
        "v=0",
        "m=audio",
        "v=0\r\nm=video 9 X 96\r\n",
        &"a".repeat(300_000),
    ] {
        hostile.send(Message::binary(offer(garbage))).await.unwrap();
    }
    hostile.send(Message::text("text")).await.unwrap();
    is_answered(&mut hostile).await;
    // With enough of it, patience ends.
    for _ in 0..50 {
        let _ = hostile.send(Message::binary(vec![0xff; 100])).await;
    }
    let mut last = None;
    while let Some(message) = next(&mut hostile).await {
        last = Some(message);
    }
    let Some(signal_response::Message::Leave(leave)) = last else {
        panic!("{last:?}");
    };
    assert_eq!(leave.reason(), proto::DisconnectReason::ParticipantRemoved);
    let mut giant = joins(&sfu, "giant").await;
    let _ = giant.send(Message::binary(vec![0; 2 * 1024 * 1024])).await;
    while next(&mut giant).await.is_some() {}
    let forged = format!("{}x", token(&sfu, "forger"));
    assert!(knocks(&sfu, &forged).await.is_err());
    is_answered(&mut bystander).await;
    let metrics = metrics(&sfu).await;
    for (what, count) in [
        ("an offer that is too long", 1),
        ("an offer that is no SDP", 4),
        ("text", 1),
        ("a frame that is too long", 1),
        ("a token that is not believed", 1),
    ] {
        let line = format!("urbania_sfu_refused_total{{what=\"{what}\"}} {count}\n");
        assert!(metrics.contains(&line), "{line}{metrics}");
    }
    let log = sfu.log();
    assert!(log.contains("`hostile` is put out of `daily`"), "{log}");
    assert!(log.contains("frames of `hostile` were refused"), "{log}");
}

#[tokio::test]
async fn who_does_not_listen_is_put_out_and_the_others_go_on() {
    let sfu = TestSfu::of(Kind::Embedded, None).await;
    let mut deaf = joins(&sfu, "deaf").await;
    let mut bystander = joins(&sfu, "bystander").await;
    let metadata = "m".repeat(400_000);
    for _ in 0..40 {
        let room = sfu.rooms().set_metadata("daily", &metadata).await.unwrap();
        assert_eq!(room.metadata.len(), metadata.len());
        is_answered(&mut bystander).await;
    }
    crate::support::until::until("the deaf one is out", async || {
        let people = sfu.rooms().participants("daily").await.unwrap();
        people.iter().all(|p| p.identity != "deaf")
    })
    .await;
    let _ = deaf.close(None).await;
}
