//! `GET /api/livekit/rooms` and `/api/livekit/rooms/{room_name}`; what all of these paths share.

use std::fmt::Write as _;

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{Party, Person};
use crate::support::api::{Api, line};
use crate::support::store::StoreKind;

/// The names of the rooms on somebody's list.
async fn names(party: &Party, who: &Person) -> Vec<String> {
    let answer = party.get(who, "/api/livekit/rooms").await;
    assert_eq!(answer.status(), 200);
    let rooms: Vec<Value> = answer.json().await.unwrap();
    let name = |room: &Value| room["room_name"].as_str().unwrap().to_owned();
    rooms.iter().map(name).collect()
}

#[tokio::test]
async fn the_list_has_the_rooms_that_somebody_made_or_is_invited_to() {
    for kind in StoreKind::ALL {
        let party = Party::on(kind).await;
        let list = party
            .show(party.get(&party.ada, "/api/livekit/rooms").await)
            .await;
        assert_snapshot!("list_of_none", list);
        party
            .made("with bob", &[&party.bob.id], "video", "call")
            .await;
        party.made("for all", &[], "video", "call").await;
        let ask = json!({"room_name": "bob's", "participants": ["x"], "call_type": "audio"});
        assert_eq!(party.make(&party.bob, &ask).await.status(), 201);

        let mut of_ada = names(&party, &party.ada).await;
        let mut of_bob = names(&party, &party.bob).await;
        of_ada.sort_unstable();
        of_bob.sort_unstable();
        assert_eq!(of_ada, ["for all", "with bob"]);
        assert_eq!(of_bob, ["bob's", "with bob"]);
        assert_eq!(names(&party, &party.eve).await, [""; 0]);

        party.enter("with bob", &[&party.bob.id]).await;
        let ask = json!({"room_name": "bob's", "participants": ["x"], "call_type": "audio"});
        assert_eq!(party.make(&party.bob, &ask).await.status(), 200);
        let path = "/api/livekit/rooms/with%20bob";
        let room: Value = party.get(&party.ada, path).await.json().await.unwrap();
        let list: Vec<Value> = {
            let answer = party.get(&party.ada, "/api/livekit/rooms").await;
            answer.json().await.unwrap()
        };
        assert!(list.contains(&room), "{list:?} lacks {room}");
    }
}

#[tokio::test]
async fn a_room_is_shown_to_those_who_may_join_it() {
    for kind in StoreKind::ALL {
        let party = Party::on(kind).await;
        party
            .made("with bob", &[&party.bob.id], "audio", "call")
            .await;
        party.made("for all", &[], "video", "call").await;
        party
            .enter("with bob", &[&party.bob.id, &party.ada.id, &party.bob.id])
            .await;
        let mut table = String::new();
        for room in ["with%20bob", "for%20all", "nobody%27s"] {
            for (name, who) in [
                ("ada", &party.ada),
                ("bob", &party.bob),
                ("eve", &party.eve),
            ] {
                let answer = party.get(who, &format!("/api/livekit/rooms/{room}")).await;
                writeln!(table, "{name} {room}: {}", party.line(answer).await).unwrap();
            }
        }
        assert_snapshot!("shown", table);
    }
}

#[tokio::test]
async fn every_path_needs_a_caller_and_a_name_that_can_be_one() {
    for kind in StoreKind::ALL {
        let party = Party::on(kind).await;
        let mut table = String::new();
        let long = "x".repeat(257);
        for (method, path) in [
            ("POST", ""),
            ("GET", ""),
            ("GET", "/daily"),
            ("DELETE", "/daily"),
            ("POST", "/daily/join"),
            ("POST", "/daily/leave"),
            ("PUT", ""),
            ("PUT", "/daily"),
            ("GET", "/daily/join"),
            ("GET", "/daily/leave"),
            ("GET", "/"),
            ("GET", "/a/b"),
            ("GET", "/a%2Fb"),
            ("GET", "/%ff"),
            ("DELETE", "/%ff"),
            ("POST", "/%ff/join"),
            ("POST", "/%ff/leave"),
            ("GET", &format!("/{long}")),
            ("POST", &format!("/{long}/join")),
        ] {
            let full = format!("/api/livekit/rooms{path}");
            let anonymous = line(party.api.request(method, &full).send().await.unwrap()).await;
            let known = party
                .request(&party.ada, method, &full)
                .send()
                .await
                .unwrap();
            let shown: String = path.chars().take(20).collect();
            writeln!(
                table,
                "{method} {shown}\n  {anonymous}\n  {}",
                line(known).await
            )
            .unwrap();
        }
        assert_snapshot!(
            "every_path_needs_a_caller_and_a_name_that_can_be_one",
            table
        );
    }
}

#[tokio::test]
async fn names_with_anything_in_them_are_found_again() {
    for kind in StoreKind::ALL {
        let party = Party::on(kind).await;
        for name in [
            "a/b",
            "ü ☎",
            "100%",
            "'; --",
            "{\"$ne\": 1}",
            "...",
            &"x".repeat(256),
        ] {
            party.made(name, &[], "video", "call").await;
            let mut path = "/api/livekit/rooms/".to_owned();
            for byte in name.bytes() {
                write!(path, "%{byte:02X}").unwrap();
            }
            let answer = party.get(&party.bob, &path).await;
            let room: Value = answer.json().await.unwrap();
            assert_eq!(room["room_name"], name);
        }
    }
}

#[tokio::test]
async fn rooms_outlive_the_server() {
    for kind in StoreKind::ALL {
        let party = Party::on(kind).await;
        party
            .made("with bob", &[&party.bob.id], "audio", "webinar")
            .await;
        let before = line(party.get(&party.bob, "/api/livekit/rooms").await).await;
        let store = party.api.store.clone();
        let next = Api::start_with(|config| config.store = store).await;
        let list = next
            .request("GET", "/api/livekit/rooms")
            .bearer_auth(&party.bob.session);
        assert_eq!(line(list.send().await.unwrap()).await, before);
    }
}
