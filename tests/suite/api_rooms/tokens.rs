//! `join`, and `/api/livekit/token` for rooms that were made through the API.

use std::fmt::Write as _;

use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::json;

use super::Party;
use crate::support::store::StoreKind;

#[tokio::test]
async fn join_answers_a_token_and_who_else_is_invited() {
    for kind in StoreKind::ALL {
        let party = Party::on(kind).await;
        party.made("a b", &[&party.bob.id], "audio", "call").await;
        let joined = party
            .post(&party.bob, "/api/livekit/rooms/a%20b/join")
            .await;
        let joined = crate::support::api::show(joined).await;
        assert_snapshot!("joined", party.redact(&joined));
        let token = joined.split('"').nth(3).unwrap();
        let claims = crate::support::api::livekit_claims(token);
        assert_eq!(claims["sub"], party.bob.id);
        assert_json_snapshot!("joined_claims", claims, {
            ".nbf" => "[now]", ".exp" => "[later]", ".jti" => "[id]", ".sub" => "[bob]",
            r#".attributes["urbania.made"]"# => "[when the room was made]",
        });
    }
}

#[tokio::test]
async fn a_room_lets_in_whom_it_invites_and_no_more_than_it_holds() {
    for kind in StoreKind::ALL {
        let party = Party::on_with(kind, |config| config.rooms.max_participants = 2).await;
        party
            .made("with bob", &[&party.bob.id], "video", "call")
            .await;
        party.made("for all", &[], "video", "call").await;
        party.made("full", &[], "video", "call").await;
        party.enter("full", &[&party.ada.id, &party.bob.id]).await;
        let mut table = String::new();
        for room in ["with bob", "for all", "full", "nobody's"] {
            for (name, who) in [
                ("ada", &party.ada),
                ("bob", &party.bob),
                ("eve", &party.eve),
            ] {
                let path = format!("/api/livekit/rooms/{}/join", room.replace(' ', "%20"));
                let joined = party.line(party.post(who, &path).await).await;
                let token = party.line(party.token(who, room).await).await;
                writeln!(table, "{room}, {name}\n  join:  {joined}\n  token: {token}").unwrap();
            }
        }
        assert_snapshot!("let_in", table);
    }
}

#[tokio::test]
async fn the_kind_of_call_and_the_mode_decide_what_may_be_published() {
    for kind in StoreKind::ALL {
        let party = Party::on(kind).await;
        let mut table = String::new();
        for call_type in ["audio", "video"] {
            for mode in ["call", "webinar"] {
                let room = format!("{call_type}-{mode}");
                party.made(&room, &[], call_type, mode).await;
                for (name, who) in [("ada", &party.ada), ("bob", &party.bob)] {
                    let path = format!("/api/livekit/rooms/{room}/join");
                    let joined = party.grant(party.post(who, &path).await).await;
                    let token = party.grant(party.token(who, &room).await).await;
                    assert_eq!(joined, token);
                    writeln!(table, "{room}, {name}: {joined}").unwrap();
                }
            }
        }
        assert_snapshot!("grants", table);
    }
}

#[tokio::test]
async fn a_room_that_nobody_made_can_be_joined_when_the_sfu_makes_it() {
    for kind in StoreKind::ALL {
        let party = Party::on_with(kind, |config| config.rooms.auto_create = false).await;
        assert_eq!(
            party.line(party.token(&party.ada, "daily").await).await,
            r#"404 {"detail":"Room not found"}"#
        );
        // Known at once, although it was not there a moment ago.
        party.made("daily", &[], "video", "call").await;
        let answer = party.token(&party.bob, "daily").await;
        assert_eq!(answer.status(), 200);
        let party = Party::on(kind).await;
        let grant = party.grant(party.token(&party.ada, "daily").await).await;
        assert_eq!(
            grant,
            json!({
                "room": "daily", "roomJoin": true, "canPublish": true, "canSubscribe": true,
                "canPublishData": true,
            })
        );
    }
}

#[tokio::test]
async fn rooms_of_channels_and_clubs_are_not_open_to_everybody_by_another_door() {
    use urbania::store::{Channel, Club, Meeting, Role};
    for kind in StoreKind::ALL {
        let party = Party::on(kind).await;
        let id = "0123456789abcdef01234567";
        let role = Role {
            name: "member".into(),
            permissions: vec!["JOIN_CHANNEL".into()],
            members: vec![party.bob.id.clone()],
        };
        let channel = Channel {
            id: id.into(),
            name: "Lobby".into(),
            roles: vec![role],
        };
        let club = Club {
            id: id.into(),
            name: "Ulysses".into(),
            moderator_id: party.ada.id.clone(),
            members: vec![party.bob.id.clone()],
            meeting: Meeting::default(),
        };
        party.api.store.put_channel(&channel).await.unwrap();
        party.api.store.put_club(&club).await.unwrap();
        let club = format!("reading-club-{id}");
        assert_eq!(party.token(&party.bob, id).await.status(), 200);
        assert_eq!(party.token(&party.bob, &club).await.status(), 200);
        assert_eq!(
            party.line(party.token(&party.eve, id).await).await,
            r#"403 {"detail":"Insufficient permissions. Required: JOIN_CHANNEL"}"#
        );
        assert_eq!(
            party.line(party.token(&party.eve, &club).await).await,
            r#"403 {"detail":"Not a member of this reading club"}"#
        );
    }
}

#[tokio::test]
async fn a_body_that_asks_for_no_room_is_nobodys() {
    for kind in StoreKind::ALL {
        let party = Party::on(kind).await;
        let mut table = String::new();
        for body in [
            json!({}),
            json!({"user_id": party.ada.id, "username": "Ada"}),
            json!({"room_name": null, "user_id": party.ada.id, "username": "Ada"}),
            json!({"room_name": "a", "roomId": "b", "user_id": party.ada.id, "username": "Ada"}),
        ] {
            let known = party
                .line(party.api.token(&party.ada.session, &body).await)
                .await;
            let anonymous = party.line(party.api.token("nonsense", &body).await).await;
            writeln!(
                table,
                "{}\n  {known}\n  {anonymous}",
                party.redact(&body.to_string())
            )
            .unwrap();
        }
        assert_snapshot!("a_body_that_asks_for_no_room_is_nobodys", table);
    }
}
