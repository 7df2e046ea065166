//! What the embedded SFU may do otherwise than LiveKit: the rows of the table in docs/embedded.md, each of which is held
//! here by both, or named with the test that does it.

use futures_util::StreamExt as _;
use livekit_protocol as proto;
use livekit_protocol::signal_response::Message as Said;
use prost::Message as _;
use reqwest::StatusCode;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use urbania::host::sockets::{Protocol, Socket as SocketOf, listening};

use super::token;
use crate::sfu::followed::until_published;
use crate::support::native::{Language, Native};
use crate::support::ports::Ports;
use crate::support::sfu::TestSfu;
use crate::support::sfu_kind::{Kind, on_both_sfus};
use crate::support::until::until;

on_both_sfus!(the_differences_of_the_docs_are_these_and_have_reasons);

/// The table without its head: what, LiveKit, embedded, why.
fn rows() -> Vec<[String; 4]> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/embedded.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (_, table) = text.split_once("| | LiveKit | embedded | why |\n").unwrap();
    let lines = table.lines().skip(1).take_while(|line| !line.is_empty());
    let cells = lines.map(|line| {
        let cells: Vec<_> = line
            .trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect();
        <[String; 4]>::try_from(cells).unwrap()
    });
    cells.collect()
}

async fn the_differences_of_the_docs_are_these_and_have_reasons(kind: Kind) {
    let more = "room: {max_participants: 1}\n";
    let sfu = TestSfu::of_kind_on(kind, Ports::take(), None, more).await;
    let is_livekit = kind.is_livekit();
    let rows = rows();
    assert!(rows.len() > 5, "{rows:?}");
    for [what, livekit, embedded, why] in rows {
        assert!(!why.is_empty(), "no reason for `{what}`");
        match what.as_str() {
            "version that clients are told" => {
                let told = greeting(&sfu, "anna").await.1.server_version;
                assert_eq!(told == "1.13.5", is_livekit, "{told}");
                assert_eq!(told == embedded, !is_livekit, "{told}");
                assert_eq!(livekit, "its own");
            }
            "a connection that broke" => {
                let told = greeting(&sfu, "anna").await.1.client_configuration;
                let disabled = i32::from(proto::ClientConfigSetting::Disabled);
                let begins_anew = told.is_some_and(|told| told.resume_connection == disabled);
                assert_eq!(begins_anew, !is_livekit);
            }
            "who is cut off" => is_cut_off(&sfu, is_livekit).await,
            "a full room" => {
                let (_first, _) = greeting(&sfu, "anna").await;
                let refused = knock(&sfu, "bert").await.unwrap_err();
                let is_told = matches!(&refused, Error::Http(answer)
                    if answer.status() == StatusCode::FORBIDDEN && answer.body().is_some());
                assert_eq!(is_told, !is_livekit, "{refused}");
            }
            "UDP range" => {
                // Nobody is there any more who would have a port of their own.
                until("its ports are let go of", async || {
                    (ports_for_media(&sfu) == 0) == is_livekit
                })
                .await;
            }
            // sfu::media::sdp: clients_are_told_how_long_messages_may_be; engines::life: a_participant_does_not_hold_up_a_stop
            "the longest message" | "SIGTERM in a call" => {}
            other => panic!("no test holds `{other}`"),
        }
        until("the room is empty again", async || {
            let _ = sfu.rooms().delete("daily").await;
            let rooms = sfu.rooms().list(Vec::new()).await.unwrap();
            rooms.is_empty()
        })
        .await;
    }
}

type Socket = WebSocketStream<TcpStream>;

/// Tries to come in.
async fn knock(sfu: &TestSfu, identity: &str) -> Result<Socket, Error> {
    let port = sfu.ports.livekit();
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let url = format!("{}/rtc?access_token={}", sfu.ws, token(sfu, identity));
    Ok(client_async(url, stream).await?.0)
}

/// Comes in, and what the SFU says first.
async fn greeting(sfu: &TestSfu, identity: &str) -> (Socket, proto::JoinResponse) {
    let mut socket = knock(sfu, identity).await.unwrap();
    let first = socket.next().await.unwrap().unwrap();
    let Message::Binary(bytes) = first else {
        panic!("{first:?}");
    };
    match proto::SignalResponse::decode(bytes).unwrap().message {
        Some(Said::Join(greeting)) => (socket, greeting),
        other => panic!("{other:?}"),
    }
}

/// How many sockets there are in the range for media.
fn ports_for_media(sfu: &TestSfu) -> usize {
    let (first, last) = sfu.ports.udp_range();
    let is_of_media = |socket: &SocketOf| {
        socket.protocol == Protocol::Udp && (first..=last).contains(&socket.local.port())
    };
    listening()
        .unwrap()
        .iter()
        .filter(|s| is_of_media(s))
        .count()
}

/// Somebody's connection ends without a word.
async fn is_cut_off(sfu: &TestSfu, stays: bool) {
    let anna = Native::join(Language::Node, &sfu.ws, &token(sfu, "anna"), 1, 440).await;
    until_published(sfu, "daily", "anna").await;
    anna.kill().await;
    if stays {
        // One that is gone at once would be gone by then.
        for _ in 0..20 {
            let there = sfu.rooms().participants("daily").await.unwrap();
            assert_eq!(there.len(), 1);
        }
    } else {
        until("they are gone", async || {
            let there = sfu.rooms().participants("daily").await;
            there.is_ok_and(|there| there.is_empty())
        })
        .await;
    }
}
