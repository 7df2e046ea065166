//! Clients that send what no client sends.

use futures_util::{SinkExt as _, StreamExt as _};
use livekit_protocol as proto;
use livekit_protocol::{signal_request, signal_response};
use prost::Message as _;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::token;
use crate::support::sfu::TestSfu;
use crate::support::sfu_kind::Kind;

type Socket = WebSocketStream<TcpStream>;

async fn joins(sfu: &TestSfu, identity: &str) -> Socket {
    let port = sfu.ports.livekit();
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let url = format!("{}/rtc?access_token={}", sfu.ws, token(sfu, identity));
    let (mut socket, _) = client_async(url, stream).await.unwrap();
    let first = next(&mut socket).await.unwrap();
    assert!(matches!(first, signal_response::Message::Join(_)));
    socket
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
    is_answered(&mut bystander).await;
    let log = sfu.log();
    assert!(log.contains("`hostile` is put out of `daily`"), "{log}");
    assert!(
        log.contains("frames of one participant were refused"),
        "{log}"
    );
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
