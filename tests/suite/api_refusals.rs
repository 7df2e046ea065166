//! What is refused because of the room, in the words of every contract that gives tokens.

use std::fmt::Write as _;

use insta::assert_snapshot;
use serde_json::{Value, json};
use urbania::api::ApiConfig;
use urbania::config::DuplicateIdentity;

use crate::sdk::{CHANNEL, CLUB, everything, id_token};
use crate::sfu::signed::{event, tell};
use crate::support::api::{Api, line};
use crate::support::store::StoreKind;

/// The user of [`id_token`].
const UID: &str = "uid-of-ada";

/// What every contract answers to somebody who wants into `room`, or into this channel or club.
async fn asked(api: &Api, [room, channel, club]: [&str; 3]) -> String {
    let session = api.session().await;
    let asks: [(&str, &str, Value); 8] = [
        (
            "urbania",
            "/api/livekit/token",
            json!({"room_name": room, "user_id": api.ada, "username": "Ada"}),
        ),
        (
            "urbania, join",
            &format!("/api/livekit/rooms/{room}/join"),
            Value::Null,
        ),
        ("kraken", "/api/livekit/token", json!({"roomId": channel})),
        (
            "calls",
            "/api/calls/livekit-token",
            json!({"roomName": room, "participantIdentity": UID}),
        ),
        (
            "meetings",
            "/api/reading-clubs/meeting/token",
            json!({"readingClubId": club, "participantName": "Ada"}),
        ),
        (
            "token source",
            "/api/livekit/token-source",
            json!({"room_name": room}),
        ),
        (
            "connection details",
            "/api/connection-details",
            json!({"roomName": room, "participantName": "Ada"}),
        ),
        (
            "sandbox",
            "/api/v2/sandbox/connection-details",
            json!({"roomName": room, "participantName": "Ada"}),
        ),
    ];
    let mut answers = String::new();
    for (contract, path, body) in asks {
        let bearer = if contract == "calls" {
            id_token()
        } else {
            session.clone()
        };
        let request = api.request("POST", path).bearer_auth(bearer);
        let request = request.header("x-sandbox-id", "any-1x2y3z");
        let answer = request.json(&body).send().await.unwrap();
        // Who makes up an identity for every token never comes twice.
        let answer = match answer.status() {
            given if given.is_success() => given.to_string(),
            _ => line(answer).await,
        };
        writeln!(answers, "{contract}: {answer}").unwrap();
    }
    answers
}

#[tokio::test]
async fn a_room_that_nobody_made_is_not_found_where_rooms_are_not_made_by_joining() {
    for kind in StoreKind::ALL {
        let api = everything(kind.open().await, |config| config.rooms.auto_create = false).await;
        let unknown = "65b8f0c2a1d4e5f607182939";
        assert_snapshot!(
            "not_found",
            asked(&api, ["nowhere", unknown, unknown]).await
        );
    }
}

#[tokio::test]
async fn a_second_token_for_the_same_room_is_a_conflict_where_that_is_refused() {
    for kind in StoreKind::ALL {
        let refuse = |config: &mut ApiConfig| config.duplicate_identity = DuplicateIdentity::Refuse;
        let api = everything(kind.open().await, refuse).await;
        make(&api, "daily").await;
        for (n, room) in ["daily", CHANNEL, &format!("reading-club-{CLUB}")]
            .into_iter()
            .enumerate()
        {
            for who in [&*api.ada, UID] {
                let id = format!("{n} {who}");
                let joined = event(&id, "participant_joined", room, 1, Some((who, 1)));
                tell(&api, &joined).await;
            }
        }
        assert_snapshot!("conflict", asked(&api, ["daily", CHANNEL, CLUB]).await);
    }
}

/// Ada makes a room for everybody.
async fn make(api: &Api, room: &str) {
    let body = json!({"room_name": room, "participants": [], "call_type": "video"});
    let request = api.request("POST", "/api/livekit/rooms").json(&body);
    let answer = request.bearer_auth(api.session().await).send().await;
    assert_eq!(answer.unwrap().status(), 201);
}
