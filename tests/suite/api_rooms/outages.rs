//! The store or the SFU does not answer.

use std::time::Duration;

use futures_util::future::join_all;
use insta::assert_snapshot;
use rusqlite::Connection;
use serde_json::json;
use tokio::time::timeout;
use urbania::api::Reach;
use urbania::config::LivekitConfig;

use super::{Party, Person};
use crate::support::store::StoreKind;
use crate::support::until::until;

/// Eight who wait for another program, each 2 s, and all at the same time.
const ALL_WAIT: Duration = Duration::from_secs(8);

/// Nobody listens there.
fn no_sfu() -> Reach {
    let config = LivekitConfig {
        port: 1,
        ..LivekitConfig::default()
    };
    Reach::new(None, &config)
}

#[tokio::test]
async fn without_the_sfu_tokens_are_answered_and_nothing_is_half_done() {
    for kind in StoreKind::ALL {
        let party = Party::on_with(kind, |config| config.reach = no_sfu()).await;
        party.made("daily", &[&party.bob.id], "video", "call").await;
        party.enter("daily", &[&party.bob.id]).await;
        let before = party.stored("daily").await;
        let room = "/api/livekit/rooms/daily";
        let join = party.post(&party.bob, &format!("{room}/join")).await;
        assert_eq!(join.status(), 200);
        assert_eq!(party.token(&party.bob, "daily").await.status(), 200);
        let left = party.post(&party.bob, &format!("{room}/leave")).await;
        assert_snapshot!("sfu_down", party.show(left).await);
        let deleted = party.delete(&party.ada, room).await;
        assert_snapshot!("sfu_down", party.show(deleted).await);
        assert_eq!(party.stored("daily").await, before);
    }
}

#[tokio::test]
async fn who_may_not_leave_or_delete_is_told_so_before_the_sfu_is_asked() {
    for kind in StoreKind::ALL {
        let party = Party::on_with(kind, |config| config.reach = no_sfu()).await;
        party.made("daily", &[&party.bob.id], "video", "call").await;
        let leave = async |who: &Person, room: &str| {
            let path = format!("/api/livekit/rooms/{room}/leave");
            party.line(party.post(who, &path).await).await
        };
        let delete = async |who: &Person, room: &str| {
            let path = format!("/api/livekit/rooms/{room}");
            party.line(party.delete(who, &path).await).await
        };
        let gone = r#"404 {"detail":"Room not found"}"#;
        assert_eq!(leave(&party.ada, "nobody's").await, gone);
        assert_eq!(delete(&party.ada, "nobody's").await, gone);
        assert_eq!(
            leave(&party.eve, "daily").await,
            r#"403 {"detail":"Not invited to this room"}"#
        );
        for who in [&party.bob, &party.eve] {
            assert_eq!(
                delete(who, "daily").await,
                r#"403 {"detail":"Only who made the room can delete it"}"#
            );
        }
    }
}

#[tokio::test]
async fn without_the_store_only_what_was_just_looked_up_is_answered_until_it_is_back() {
    for kind in StoreKind::ALL {
        let party = Party::to_go(kind).await;
        party.made("daily", &[&party.bob.id], "video", "call").await;
        assert_eq!(party.token(&party.bob, "daily").await.status(), 200);
        assert_eq!(party.token(&party.eve, "daily").await.status(), 403);
        party.api.opened.goes();

        assert_eq!(party.token(&party.bob, "daily").await.status(), 200);
        assert_eq!(party.token(&party.eve, "daily").await.status(), 403);
        let down = party.show(party.token(&party.bob, "weekly").await).await;
        assert_snapshot!("store_down", down);
        let ask = json!({"room_name": "x", "participants": [], "call_type": "video"});
        assert_eq!(party.show(party.make(&party.ada, &ask).await).await, down);
        for (who, method, path) in [
            (&party.bob, "GET", ""),
            (&party.bob, "GET", "/daily"),
            (&party.bob, "POST", "/daily/join"),
            (&party.bob, "POST", "/daily/leave"),
            (&party.ada, "DELETE", "/daily"),
        ] {
            let request = party.request(who, method, &format!("/api/livekit/rooms{path}"));
            let answer = request.send().await.unwrap();
            assert_eq!(party.show(answer).await, down, "{method} {path}");
        }

        party.api.opened.comes_back();
        until("tokens are had again", async || {
            party.token(&party.bob, "weekly").await.status() == 200
        })
        .await;
        assert_eq!(party.make(&party.ada, &ask).await.status(), 201);
        assert!(party.stored("daily").await.is_some());
    }
}

#[tokio::test]
async fn while_another_program_holds_the_file_what_writes_is_told_to_come_back() {
    let party = Party::on(StoreKind::Sqlite).await;
    party.made("daily", &[], "video", "call").await;
    let other = Connection::open(party.api.opened.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let ask = json!({"room_name": "x", "participants": [], "call_type": "video"});
    let made = join_all((0..8).map(|_| party.make(&party.ada, &ask)));
    let made = timeout(ALL_WAIT, made)
        .await
        .expect("nobody waits for another's wait");
    for held in made {
        assert_snapshot!("store_down", party.show(held).await);
        let read = party.get(&party.ada, "/api/livekit/rooms/daily").await;
        assert_eq!(read.status(), 200);
    }
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(party.make(&party.ada, &ask).await.status(), 201);
}
