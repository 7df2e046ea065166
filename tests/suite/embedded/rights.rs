//! What a token or the config does not allow, the SFU does not do.

use serde_json::json;
use urbania::livekit::grants::{Source, VideoGrant};
use urbania::livekit::room_service::NewRoom;

use super::{Connections, page, token, token_with};
use crate::support::browser::Participant;
use crate::support::page_server::PageServer;
use crate::support::ports::Ports;
use crate::support::sfu::TestSfu;
use crate::support::sfu_kind::{Kind, on_both_sfus};
use crate::support::until::{until, until_ok};

on_both_sfus!(
    what_is_not_granted_is_not_done,
    who_is_cut_off_comes_back_and_a_second_window_takes_over,
    who_may_not_have_a_track_knows_it,
    rooms_have_the_limits_of_the_config,
);

async fn what_is_not_granted_is_not_done(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let pages = PageServer::start().await;
    let only_sound = VideoGrant {
        can_publish_sources: &[Source::Microphone],
        can_publish_data: Some(false),
        ..VideoGrant::join("daily")
    };
    let deaf = VideoGrant {
        can_subscribe: Some(false),
        hidden: true,
        ..VideoGrant::join("daily")
    };
    let anna = page(&pages, Connections::One).await;
    anna.connect(&sfu.ws, &token_with(&sfu, "anna", only_sound))
        .await;
    let ghost = page(&pages, Connections::Two).await;
    ghost
        .connect(&sfu.ws, &token_with(&sfu, "ghost", deaf))
        .await;
    let bert = page(&pages, Connections::Two).await;
    bert.connect(&sfu.ws, &token(&sfu, "bert")).await;
    assert_eq!(anna.insist("microphone").await, "published");
    until("bert gets the sound", async || {
        let known = bert.known("anna").await;
        known["tracks"][0]["subscribed"] == true
    })
    .await;
    let refused = anna.insist("camera").await;
    assert_ne!(refused, "published");
    ghost.say("boo", true, None).await;
    until("data of who is hidden comes", async || {
        !bert.heard().await.is_empty()
    })
    .await;
    assert_eq!(bert.heard().await, [(String::new(), "boo".to_owned())]);
    assert_eq!(bert.known("ghost").await, json!({}));
    let known = ghost.known("anna").await;
    assert_eq!(known["tracks"][0]["subscribed"], false, "{known}");
    let people = sfu.rooms().participants("daily").await.unwrap();
    let anna_there = people.iter().find(|p| p.identity == "anna").unwrap();
    assert_eq!(anna_there.tracks.len(), 1);
    for page in [anna, ghost, bert] {
        page.close().await;
    }
}

async fn who_may_not_have_a_track_knows_it(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let pages = PageServer::start().await;
    let anna = page(&pages, Connections::One).await;
    anna.connect(&sfu.ws, &token(&sfu, "anna")).await;
    assert_eq!(anna.insist("microphone").await, "published");
    let bert = page(&pages, Connections::Two).await;
    bert.connect(&sfu.ws, &token(&sfu, "bert")).await;
    let knows = async |page: &Participant, permission: &str, subscribed: bool| {
        until_ok(permission, async || {
            let track = page.known("anna").await["tracks"][0].take();
            let is_so = track["permission"] == permission && track["subscribed"] == subscribed;
            if is_so { Ok(()) } else { Err(track) }
        })
        .await;
    };
    knows(&bert, "allowed", true).await;
    anna.act(&json!(["audience", false, []])).await;
    knows(&bert, "not_allowed", false).await;
    let carl = page(&pages, Connections::One).await;
    carl.connect(&sfu.ws, &token(&sfu, "carl")).await;
    knows(&carl, "not_allowed", false).await;
    let only = json!([{"participantIdentity": "carl", "allowAll": true}]);
    anna.act(&json!(["audience", false, only])).await;
    knows(&carl, "allowed", true).await;
    knows(&bert, "not_allowed", false).await;
    anna.act(&json!(["audience", true, []])).await;
    knows(&bert, "allowed", true).await;
    for page in [anna, bert, carl] {
        page.close().await;
    }
}

async fn who_is_cut_off_comes_back_and_a_second_window_takes_over(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let pages = PageServer::start().await;
    let anna = page(&pages, Connections::One).await;
    anna.join(&sfu.ws, &token(&sfu, "anna"), 1, 440).await;
    let bert = page(&pages, Connections::Two).await;
    bert.join(&sfu.ws, &token(&sfu, "bert"), 2, 880).await;
    bert.sees_and_hears("anna", 1, 440).await;
    anna.act(&json!(["cutSignal"])).await;
    until("it was noticed", async || {
        !anna.report().await.events.is_empty()
    })
    .await;
    until("it is back", async || {
        anna.report().await.state == "connected"
    })
    .await;
    bert.sees_and_hears("anna", 1, 440).await;
    anna.sees_and_hears("bert", 2, 880).await;

    let again = page(&pages, Connections::One).await;
    again.join(&sfu.ws, &token(&sfu, "anna"), 4, 1320).await;
    until("the first is out", async || {
        anna.report().await.state == "disconnected"
    })
    .await;
    bert.sees_and_hears("anna", 4, 1320).await;
    for page in [anna, again, bert] {
        page.close().await;
    }
}

async fn rooms_have_the_limits_of_the_config(kind: Kind) {
    let more = "room: {auto_create: false, max_participants: 1, empty_timeout: 77}\n";
    let sfu = TestSfu::of_kind_on(kind, Ports::take(), None, more).await;
    let pages = PageServer::start().await;
    let anna = page(&pages, Connections::One).await;
    anna.knock(&sfu.ws, &token(&sfu, "anna")).await;
    assert_eq!(anna.report().await.state, "disconnected");
    let new = NewRoom {
        name: "daily".into(),
        ..NewRoom::default()
    };
    let room = sfu.rooms().create(new).await.unwrap();
    assert_eq!((room.max_participants, room.empty_timeout), (1, 77));
    anna.connect(&sfu.ws, &token(&sfu, "anna")).await;
    let bert = page(&pages, Connections::One).await;
    bert.knock(&sfu.ws, &token(&sfu, "bert")).await;
    assert_eq!(bert.report().await.state, "disconnected");
    assert_eq!(anna.report().await.state, "connected");
    for page in [anna, bert] {
        page.close().await;
    }
}
