//! Clients that send what no client sends.

use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use livekit_protocol as proto;
use livekit_protocol::request_response::Reason;
use livekit_protocol::{signal_request, signal_response};
use prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use urbania::livekit::grants::VideoGrant;

use super::{token, token_with};
use crate::support::sfu::TestSfu;
use crate::support::sfu_kind::{Kind, on_both_sfus};

on_both_sfus!(metadata_may_be_long_but_not_too_long);

type Socket = WebSocketStream<TcpStream>;

async fn joins(sfu: &TestSfu, identity: &str) -> Socket {
    comes(sfu, &token(sfu, identity)).await
}

async fn comes(sfu: &TestSfu, token: &str) -> Socket {
    let mut socket = knocks(sfu, token).await.unwrap();
    let first = next(&mut socket).await.unwrap();
    assert!(matches!(first, signal_response::Message::Join(_)));
    socket
}

async fn knocks(sfu: &TestSfu, token: &str) -> Result<Socket, Error> {
    let port = sfu.ports.livekit();
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let url = format!("{}/rtc?access_token={token}&protocol=17", sfu.ws);
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
    let _ = giant
        .send(Message::binary(vec![0; 2 * 1024 * 1024 + 1]))
        .await;
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

async fn metadata_may_be_long_but_not_too_long(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let grant = VideoGrant {
        can_update_own_metadata: Some(true),
        ..VideoGrant::join("daily")
    };
    let mut socket = comes(&sfu, &token_with(&sfu, "anna", grant)).await;
    let most = 512 * 1024;
    for (length, expected) in [(most, Reason::Ok), (most + 1, Reason::LimitExceeded)] {
        let update = proto::UpdateParticipantMetadata {
            metadata: "m".repeat(length),
            request_id: 7,
            ..Default::default()
        };
        asks(&mut socket, signal_request::Message::UpdateMetadata(update)).await;
        let answer = loop {
            let said = next(&mut socket).await.expect("the connection goes on");
            if let signal_response::Message::RequestResponse(answer) = said {
                break answer;
            }
        };
        assert_eq!((answer.request_id, answer.reason()), (7, expected));
    }
    let there = sfu.rooms().participant("daily", "anna").await.unwrap();
    assert_eq!(there.metadata.len(), most);
}

async fn asks(socket: &mut Socket, message: signal_request::Message) {
    let message = Some(message);
    let frame = proto::SignalRequest { message }.encode_to_vec();
    socket.send(Message::binary(frame)).await.unwrap();
}

#[tokio::test]
async fn who_asks_too_much_waits_and_the_others_do_not() {
    let sfu = TestSfu::of(Kind::Embedded, None).await;
    let mut hasty = joins(&sfu, "hasty").await;
    let mut bystander = joins(&sfu, "bystander").await;
    let began = Instant::now();
    for _ in 0..400 {
        asks(&mut hasty, signal_request::Message::Ping(1)).await;
    }
    is_answered(&mut bystander).await;
    assert!(began.elapsed() < Duration::from_secs(1));
    let mut answers = 0;
    while answers < 400 {
        let said = next(&mut hasty).await.expect("they are not put out");
        answers += usize::from(matches!(said, signal_response::Message::Pong(_)));
    }
    assert!(began.elapsed() > Duration::from_secs(1));
}

/// Sends the head of a call and the first byte of its body; what is answered until the connection ends.
async fn begins_a_call(sfu: &TestSfu, more: &str) -> String {
    let address = ("127.0.0.1", sfu.ports.livekit());
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /twirp/livekit.RoomService/ListRooms HTTP/1.1\r\nHost: x\r\n\
         Content-Type: application/json\r\n{more}\r\n{{"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    // A body that is not read may end it with a reset.
    let _ = stream.read_to_string(&mut answer).await;
    answer
}

#[tokio::test]
async fn a_call_that_is_not_granted_too_slow_or_too_long_is_refused_and_counted() {
    let sfu = TestSfu::of(Kind::Embedded, None).await;
    let lists = VideoGrant {
        room_list: true,
        ..VideoGrant::default()
    };
    let authorization = format!(
        "Authorization: Bearer {}\r\n",
        token_with(&sfu, "anna", lists)
    );
    let began = Instant::now();
    let nobody = begins_a_call(&sfu, "Content-Length: 100\r\n").await;
    assert!(nobody.starts_with("HTTP/1.1 401 "), "{nobody}");
    let long = format!("{authorization}Content-Length: {}\r\n", 5 * 1024 * 1024);
    let long = begins_a_call(&sfu, &long).await;
    assert!(long.starts_with("HTTP/1.1 413 "), "{long}");
    assert!(
        long.contains(r#"{"code":"resource_exhausted","msg":"#),
        "{long}"
    );
    assert!(began.elapsed() < Duration::from_secs(5));
    let slow = format!("{authorization}Content-Length: 100\r\n");
    let slow = begins_a_call(&sfu, &slow).await;
    assert!(slow.starts_with("HTTP/1.1 408 "), "{slow}");
    assert!(
        slow.contains(r#"{"code":"deadline_exceeded","msg":"#),
        "{slow}"
    );
    let junk = format!("{authorization}Content-Length: 1\r\nConnection: close\r\n");
    let junk = begins_a_call(&sfu, &junk).await;
    assert!(junk.starts_with("HTTP/1.1 400 "), "{junk}");

    let client = urbania::http::plain(Duration::from_secs(10)).unwrap();
    for path in ["/rtc/validate", "/rtc/v1/validate"] {
        let forged = format!("{}{path}?access_token={}x", sfu.base, token(&sfu, "forger"));
        assert_eq!(client.get(forged).send().await.unwrap().status(), 401);
    }
    let silent = VideoGrant {
        can_publish: Some(false),
        ..VideoGrant::join("daily")
    };
    let mut silent = comes(&sfu, &token_with(&sfu, "silent", silent)).await;
    let track = proto::AddTrackRequest::default();
    asks(&mut silent, signal_request::Message::AddTrack(track)).await;
    let update = proto::UpdateParticipantMetadata::default();
    asks(&mut silent, signal_request::Message::UpdateMetadata(update)).await;
    is_answered(&mut silent).await;
    let metrics = metrics(&sfu).await;
    for (what, count) in [
        ("a call of the room service", 1),
        ("a call that is too long", 1),
        ("a call that does not come to its end", 1),
        ("a call that is no request", 1),
        ("a token that is not believed", 2),
        ("what a token does not grant", 2),
    ] {
        let line = format!("urbania_sfu_refused_total{{what=\"{what}\"}} {count}\n");
        assert!(metrics.contains(&line), "{line}{metrics}");
    }
}
