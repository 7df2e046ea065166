//! Records of rooms follow what happens in a real LiveKit.

use std::time::Duration;

use insta::{allow_duplicates, assert_snapshot};
use serde_json::json;
use urbania::livekit::room_service::NewRoom;
use urbania::livekit::token::{JoinToken, Signer};
use urbania::store::Status;

use super::listen::Listening;
use super::signed::{event, now, tell};
use super::{Pair, api_for, made, made_in, store, until, until_in};
use crate::support::api::{Api, line};
use crate::support::browser::Participant;
use crate::support::page_server::PageServer;
use crate::support::sfu::TestSfu;
use crate::support::sfu_kind::{Kind, on_every_sfu};
use crate::support::store::StoreKind;

/// A browser in a room.
pub async fn join(sfu: &TestSfu, pages: &PageServer, room: &str, identity: &str) -> Participant {
    let page = Participant::open(pages).await;
    let token = token(sfu, room, identity);
    page.join(&sfu.ws, &token, 1, 440).await;
    page
}

/// Waits until somebody publishes a picture and a voice.
pub async fn until_published(sfu: &TestSfu, room: &str, identity: &str) {
    crate::support::until::until("two tracks", async || {
        let who = sfu.rooms().participant(room, identity).await;
        who.is_ok_and(|who| who.tracks.len() == 2)
    })
    .await;
}

/// A token for a room.
pub fn token(sfu: &TestSfu, room: &str, identity: &str) -> String {
    let token = JoinToken::new(room, identity, Duration::from_mins(10));
    let now = urbania::context::Clock::system().unix();
    Signer::new(&sfu.pair).mint(&token, now).unwrap().token
}

fn room(name: &str) -> NewRoom {
    NewRoom {
        name: name.into(),
        empty_timeout: 300,
        ..NewRoom::default()
    }
}

/// A room as the API answers with it.
async fn shown(api: &Api, session: &str, room: &str) -> String {
    let path = format!("/api/livekit/rooms/{room}");
    let request = api.request("GET", &path).bearer_auth(session);
    let answer = line(request.send().await.unwrap()).await;
    answer.replace(&api.ada, "[ada]")
}

on_every_sfu!(
    a_record_follows_who_comes_and_goes_by_webhooks,
    lost_webhooks_are_made_good_by_asking,
    what_happened_while_the_api_was_down_is_made_good_at_its_start,
    what_happens_while_the_store_is_down_is_known_at_once_and_stored_when_it_is_back,
);

async fn a_record_follows_who_comes_and_goes_by_webhooks(kind: Kind) {
    let Pair { api, sfu } = Pair::of(kind).await;
    let pages = PageServer::start().await;
    made(&api, "daily", &api.ada, &[]).await;
    let ada = join(&sfu, &pages, "daily", "ada").await;
    let first = until(&api, "daily", Status::Active, &["ada"]).await;
    assert!(first.began > 0 && first.present[0].since >= first.began);
    let bob = join(&sfu, &pages, "daily", "bob").await;
    until(&api, "daily", Status::Active, &["ada", "bob"]).await;
    ada.close().await;
    until(&api, "daily", Status::Active, &["bob"]).await;

    // The same identity from another window: the first one is put out.
    let again = join(&sfu, &pages, "daily", "bob").await;
    let call = until(&api, "daily", Status::Active, &["bob"]).await;
    assert_eq!(call.sid, first.sid);
    assert!(sfu.rooms().delete("daily").await.unwrap());
    until(&api, "daily", Status::Ended, &[]).await;

    sfu.rooms().create(room("daily")).await.unwrap();
    let second = until(&api, "daily", Status::Active, &[]).await;
    assert_ne!(second.sid, first.sid);
    bob.close().await;
    again.close().await;
}

async fn lost_webhooks_are_made_good_by_asking(kind: Kind) {
    let pages = PageServer::start().await;
    let Pair { api, sfu } = Pair::without_webhooks(kind).await;
    made(&api, "daily", &api.ada, &[]).await;
    let ada = join(&sfu, &pages, "daily", "ada").await;
    until(&api, "daily", Status::Active, &["ada"]).await;
    assert!(sfu.rooms().remove("daily", "ada").await.unwrap());
    until(&api, "daily", Status::Active, &[]).await;
    ada.close().await;

    // No `room_finished` is ever sent for this one.
    sfu.kill();
    sfu.start_again().await;
    until(&api, "daily", Status::Ended, &[]).await;
}

#[tokio::test]
async fn late_news_of_a_room_that_was_deleted_say_nothing_of_the_next_one_of_its_name() {
    for kind in StoreKind::ALL {
        let api = Api::start_on(kind).await;
        let session = api.session().await;
        let body = json!({"room_name": "daily", "participants": [], "call_type": "video"});
        let request = api.request("POST", "/api/livekit/rooms").json(&body);
        let before = now() - 1;
        let made = request.bearer_auth(&session).send().await.unwrap();
        assert_eq!(made.status(), 201);
        let status = async || {
            let room = store(&api).room("daily").await.unwrap().unwrap();
            room.call.status
        };
        for (id, news, who) in [
            ("1", "participant_left", Some(("bob", 1))),
            ("2", "room_finished", None),
        ] {
            let mut late = event(id, news, "daily", 1, who);
            late["createdAt"] = before.to_string().into();
            tell(&api, &late).await;
            assert_eq!(status().await, Status::Created, "{news}");
        }
        let joined = event("3", "participant_joined", "daily", 2, Some(("bob", 2)));
        tell(&api, &joined).await;
        assert_eq!(status().await, Status::Active);
        tell(&api, &event("4", "room_finished", "daily", 2, None)).await;
        assert_eq!(status().await, Status::Ended);
    }
}

async fn what_happened_while_the_api_was_down_is_made_good_at_its_start(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let pages = PageServer::start().await;
    let opened = kind.store().open().await;
    let shared = || opened.again();
    let before = Api::start_with(|config| config.store = shared()).await;
    for name in ["daily", "weekly"] {
        made_in(&*shared(), name, "ada", &[]).await;
    }
    let joined = event("1", "participant_joined", "weekly", 1, Some(("bob", 1)));
    tell(&before, &joined).await;
    before.end().await;
    let ada = join(&sfu, &pages, "daily", "ada").await;

    let after = api_for(&sfu.ports, |config| config.store = shared()).await;
    until_in(&*shared(), "daily", Status::Active, &["ada"]).await;
    until_in(&*shared(), "weekly", Status::Ended, &[]).await;
    ada.close().await;
    after.end().await;
}

async fn what_happens_while_the_store_is_down_is_known_at_once_and_stored_when_it_is_back(
    kind: Kind,
) {
    let pages = PageServer::start().await;
    let Pair { api, sfu } = Pair::of_in(kind, kind.store().open_to_go().await, |_| {}).await;
    for name in ["daily", "weekly", "monthly"] {
        made(&api, name, &api.ada, &[]).await;
    }
    sfu.rooms().create(room("weekly")).await.unwrap();
    let ada = join(&sfu, &pages, "daily", "ada").await;
    until(&api, "daily", Status::Active, &["ada"]).await;
    until(&api, "weekly", Status::Active, &[]).await;
    let session = api.session().await;
    let mut all = Listening::to(&api, &session, "").await;
    assert_eq!(all.heard().await.rooms(), ["daily", "weekly"]);

    api.opened.goes();
    let bob = join(&sfu, &pages, "daily", "bob").await;
    all.until(|heard| heard.short() == ("participant_joined", "bob"))
        .await;
    ada.close().await;
    all.until(|heard| heard.short() == ("participant_left", "ada"))
        .await;
    assert!(sfu.rooms().delete("weekly").await.unwrap());
    all.until(|heard| heard.name == "room_finished").await;
    sfu.rooms().create(room("monthly")).await.unwrap();
    all.until(|heard| heard.name == "room_started").await;
    api.opened.comes_back();

    until(&api, "daily", Status::Active, &["bob"]).await;
    until(&api, "weekly", Status::Ended, &[]).await;
    until(&api, "monthly", Status::Active, &[]).await;
    let answer = async |room: &str| shown(&api, &session, room).await;
    let (daily, weekly) = (answer("daily").await, answer("weekly").await);
    let monthly = answer("monthly").await;
    allow_duplicates! {
        assert_snapshot!(daily, @r#"200 {"room_name":"daily","created_by":"[ada]","created_at":"1970-01-01T00:00:00.000Z","call_type":"video","mode":"call","participants":[],"active_participants":["bob"],"status":"active","max_participants":0}"#);
        assert_snapshot!(weekly, @r#"200 {"room_name":"weekly","created_by":"[ada]","created_at":"1970-01-01T00:00:00.000Z","call_type":"video","mode":"call","participants":[],"active_participants":[],"status":"ended","max_participants":0}"#);
        assert_snapshot!(monthly, @r#"200 {"room_name":"monthly","created_by":"[ada]","created_at":"1970-01-01T00:00:00.000Z","call_type":"video","mode":"call","participants":[],"active_participants":[],"status":"active","max_participants":0}"#);
    }
    let mut again = Listening::to(&api, &session, "").await;
    let now = again.heard().await;
    assert_eq!(now.rooms(), ["daily", "monthly"]);
    let there = &now.data["rooms"][0]["participants"];
    assert_eq!(there.as_array().unwrap().len(), 1, "{there}");
    assert_eq!(there[0]["identity"], "bob");
    bob.close().await;
}
