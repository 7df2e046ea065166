//! `POST /api/livekit/rooms`.

use std::fmt::Write as _;

use insta::assert_snapshot;
use serde_json::json;

use super::Party;
use crate::support::store::StoreKind;

#[tokio::test]
async fn a_room_is_made_once_and_the_same_request_finds_it() {
    for kind in StoreKind::ALL {
        let party = Party::on(kind).await;
        let ask = json!({
            "room_name": "daily \"ü\"", "participants": [party.bob.id, party.bob.id, "☎ 7"],
            "call_type": "audio", "mode": "webinar",
        });
        let made = party.show(party.make(&party.ada, &ask).await).await;
        assert_snapshot!("made", made);
        let again = party.show(party.make(&party.ada, &ask).await).await;
        assert_eq!(again, made.replace("201 Created", "200 OK"));

        let mut table = String::new();
        let other = |field: &str, value| {
            let mut ask = ask.clone();
            ask[field] = value;
            ask
        };
        for (who, ask) in [
            (&party.bob, ask.clone()),
            (&party.eve, ask.clone()),
            (&party.ada, other("participants", json!([party.bob.id]))),
            (&party.ada, other("call_type", json!("video"))),
            (&party.ada, other("mode", json!("call"))),
        ] {
            let answer = party.make(who, &ask).await;
            writeln!(table, "{}", party.show(answer).await).unwrap();
        }
        assert_snapshot!("taken", table);
    }
}

#[tokio::test]
async fn a_name_is_given_to_one_of_many_who_want_it_at_once() {
    for kind in StoreKind::ALL {
        let party = Party::on(kind).await;
        let ask = json!({"room_name": "race", "participants": [], "call_type": "video"});
        let asks = (0..8).map(|n| {
            let who = if n % 2 == 0 { &party.ada } else { &party.bob };
            party.make(who, &ask)
        });
        let answers = futures_util::future::join_all(asks).await;
        let mut answers: Vec<_> = answers.iter().map(|a| a.status().as_u16()).collect();
        answers.sort_unstable();
        assert_eq!(answers, [200, 200, 200, 201, 409, 409, 409, 409]);
    }
}

#[tokio::test]
async fn what_is_left_out_has_a_default_and_what_must_be_there_is_asked_for() {
    for kind in StoreKind::ALL {
        let party = Party::on_with(kind, |config| config.rooms.max_participants = 7).await;
        let ask = json!({"room_name": "plain", "participants": [], "call_type": "video", "x": 1});
        let made = party.line(party.make(&party.ada, &ask).await).await;
        assert_snapshot!("plain", made);
    }
}

#[tokio::test]
async fn bad_rooms_are_refused_as_fastapi_refuses_them() {
    for kind in StoreKind::ALL {
        let party = Party::on(kind).await;
        let long = "x".repeat(257);
        let crowd: Vec<_> = (0..1001).map(|n| n.to_string()).collect();
        let good = json!({"room_name": "bad", "participants": [], "call_type": "video"});
        let with = |field: &str, value| {
            let mut ask = good.clone();
            ask[field] = value;
            ask.to_string()
        };
        let mut table = String::new();
        for body in [
            String::new(),
            "nonsense".into(),
            "[]".into(),
            "{}".into(),
            r#"{"room_name": null, "participants": null, "call_type": null, "mode": 1}"#.into(),
            with("room_name", json!("")),
            with("room_name", json!(long)),
            with("room_name", json!("..")),
            with("call_type", json!("")),
            with("call_type", json!("Video")),
            with("mode", json!("")),
            with("mode", json!("party")),
            with("participants", json!("bob")),
            with("participants", json!(["bob", "", 7, null, ["x"]])),
            with("participants", json!(["bob", long])),
            with("participants", json!(crowd)),
        ] {
            let request = party.request(&party.ada, "POST", "/api/livekit/rooms");
            let request = request
                .header("content-type", "application/json")
                .body(body.clone());
            let answer = party.line(request.send().await.unwrap()).await;
            let shown: String = body.chars().take(75).collect();
            writeln!(table, "{shown}\n  {answer}").unwrap();
        }
        let form = party.request(&party.ada, "POST", "/api/livekit/rooms");
        let form = form
            .header("content-type", "text/plain")
            .body(good.to_string());
        writeln!(
            table,
            "text/plain\n  {}",
            party.line(form.send().await.unwrap()).await
        )
        .unwrap();
        assert_snapshot!("bad_rooms_are_refused_as_fastapi_refuses_them", table);
        assert!(party.stored("bad").await.is_none());
    }
}

#[tokio::test]
async fn a_thousand_can_be_invited() {
    for kind in StoreKind::ALL {
        let party = Party::on(kind).await;
        let crowd: Vec<_> = (0..1000).map(|n| format!("user-{n}")).collect();
        let ask = json!({"room_name": "crowd", "participants": crowd, "call_type": "video"});
        assert_eq!(party.make(&party.ada, &ask).await.status(), 201);
        assert_eq!(party.stored("crowd").await.unwrap().participants, crowd);
    }
}

#[tokio::test]
async fn names_of_channels_and_clubs_are_not_for_rooms() {
    use urbania::store::{Channel, Club, Meeting};
    for kind in StoreKind::ALL {
        let party = Party::on(kind).await;
        let id = "0123456789abcdef01234567";
        let channel = Channel {
            id: id.into(),
            name: "Lobby".into(),
            roles: Vec::new(),
        };
        let club = Club {
            id: id.into(),
            name: "Ulysses".into(),
            moderator_id: "grace".into(),
            members: Vec::new(),
            meeting: Meeting::default(),
        };
        party.api.store.put_channel(&channel).await.unwrap();
        party.api.store.put_club(&club).await.unwrap();
        let of_a_club_to_come = "reading-club-zzz".to_owned();
        for name in [
            id.to_owned(),
            format!("reading-club-{id}"),
            of_a_club_to_come,
        ] {
            let ask = json!({"room_name": name, "participants": [], "call_type": "video"});
            assert_eq!(
                party.line(party.make(&party.ada, &ask).await).await,
                r#"403 {"detail":"The name belongs to a channel or a club"}"#
            );
        }
    }
}
