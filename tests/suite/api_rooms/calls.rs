//! What the SFU itself makes of the tokens, of `leave` and of `DELETE`, with real browsers in the calls.

use insta::assert_snapshot;
use livekit_protocol::{TrackInfo, TrackSource};
use serde_json::Value;

use super::{Party, Person};
use crate::support::browser::Participant;
use crate::support::page_server::PageServer;
use crate::support::ports::Ports;
use crate::support::sfu::TestSfu;
use crate::support::sfu_kind::{Kind, on_every_sfu};
use crate::support::until::until;

on_every_sfu!(
    the_sfu_refuses_a_camera_in_an_audio_call_and_any_track_of_a_listener,
    leave_takes_one_out_of_the_call_and_delete_everybody,
    a_room_can_be_joined_also_when_the_sfu_makes_none_by_itself,
);

impl Party {
    async fn with(sfu: &TestSfu, kind: Kind) -> Self {
        let reach = sfu.reach();
        Self::on_with(kind.store(), |config| config.reach = reach).await
    }

    /// Comes into a room, in a browser.
    async fn join(&self, pages: &PageServer, who: &Person, room: &str) -> Participant {
        let answer = self
            .post(who, &format!("/api/livekit/rooms/{room}/join"))
            .await;
        assert_eq!(answer.status(), 200);
        let answer: Value = answer.json().await.unwrap();
        let [url, token] = ["url", "token"].map(|key| answer[key].as_str().unwrap());
        let page = Participant::open(pages).await;
        assert_eq!(page.connect(url, token).await, who.id);
        page
    }
}

/// The sources that somebody publishes, as the SFU says.
async fn published(sfu: &TestSfu, room: &str, who: &Person) -> Vec<TrackSource> {
    let participant = sfu.rooms().participant(room, &who.id).await.unwrap();
    let mut sources: Vec<_> = participant.tracks.iter().map(TrackInfo::source).collect();
    // The SFU tells them in any order.
    sources.sort_by_key(TrackSource::as_str_name);
    sources
}

/// Waits until those are the sources that somebody publishes: the SFU tells a moment later.
async fn until_published(sfu: &TestSfu, room: &str, who: &Person, sources: &[TrackSource]) {
    until("the tracks are there", async || {
        published(sfu, room, who).await == sources
    })
    .await;
}

/// Who is in a room, as the SFU says.
pub async fn who_is_in(sfu: &TestSfu, room: &str) -> Vec<String> {
    let there = sfu.rooms().participants(room).await.unwrap();
    there.into_iter().map(|who| who.identity).collect()
}

/// Waits until somebody's connection is over.
pub async fn until_disconnected(page: &Participant) {
    until("the connection is over", async || {
        page.report().await.state == "disconnected"
    })
    .await;
}

async fn the_sfu_refuses_a_camera_in_an_audio_call_and_any_track_of_a_listener(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let party = Party::with(&sfu, kind).await;
    let pages = PageServer::start().await;
    party.made("audio", &[], "audio", "call").await;
    party.made("webinar", &[], "video", "webinar").await;

    let bob = party.join(&pages, &party.bob, "audio").await;
    assert_eq!(bob.insist("microphone").await, "published");
    let (camera, screen) = tokio::join!(bob.insist("camera"), bob.insist("screen_share"));
    assert_ne!(camera, "published");
    assert_ne!(screen, "published");
    until_published(&sfu, "audio", &party.bob, &[TrackSource::Microphone]).await;
    bob.close().await;

    let bob = party.join(&pages, &party.bob, "webinar").await;
    let (voice, camera) = tokio::join!(bob.insist("microphone"), bob.insist("camera"));
    assert_ne!(voice, "published");
    assert_ne!(camera, "published");
    assert_eq!(published(&sfu, "webinar", &party.bob).await, []);
    let ada = party.join(&pages, &party.ada, "webinar").await;
    for source in ["microphone", "camera"] {
        assert_eq!(ada.insist(source).await, "published");
    }
    let both = [TrackSource::Camera, TrackSource::Microphone];
    until_published(&sfu, "webinar", &party.ada, &both).await;
    ada.close().await;
    bob.close().await;
}

async fn leave_takes_one_out_of_the_call_and_delete_everybody(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let pages = PageServer::start().await;
    let party = Party::with(&sfu, kind).await;
    party.made("daily", &[&party.bob.id], "video", "call").await;
    let ada = party.join(&pages, &party.ada, "daily").await;
    let bob = party.join(&pages, &party.bob, "daily").await;
    party.enter("daily", &[&party.ada.id, &party.bob.id]).await;

    for _ in 0..2 {
        let left = party
            .post(&party.bob, "/api/livekit/rooms/daily/leave")
            .await;
        assert_snapshot!("left", party.show(left).await);
    }
    until_disconnected(&bob).await;
    assert_eq!(who_is_in(&sfu, "daily").await, [party.ada.id.as_str()]);
    bob.close().await;

    // They may come back.
    let bob = party.join(&pages, &party.bob, "daily").await;
    let deleted = party.delete(&party.ada, "/api/livekit/rooms/daily").await;
    assert_eq!(deleted.status(), 204);
    assert_eq!(deleted.text().await.unwrap(), "");
    until_disconnected(&ada).await;
    until_disconnected(&bob).await;
    assert!(sfu.rooms().get("daily").await.unwrap().is_none());
    assert!(party.stored("daily").await.is_none());
    let again = party.delete(&party.ada, "/api/livekit/rooms/daily").await;
    assert_eq!(again.status(), 404);
    ada.close().await;
    bob.close().await;
}

async fn a_room_can_be_joined_also_when_the_sfu_makes_none_by_itself(kind: Kind) {
    let more = "room: {auto_create: false, empty_timeout: 300, max_participants: 100}\n";
    let sfu = TestSfu::of_kind_on(kind, Ports::take(), None, more).await;
    let pages = PageServer::start().await;
    let reach = sfu.reach();
    let party = Party::on_with(kind.store(), |config| {
        config.reach = reach;
        config.rooms.auto_create = false;
        config.rooms.max_participants = 5;
    })
    .await;
    party.made("daily", &[], "video", "call").await;
    let bob = party.join(&pages, &party.bob, "daily").await;
    let room = sfu.rooms().get("daily").await.unwrap().unwrap();
    assert_eq!((room.empty_timeout, room.max_participants), (300, 5));
    bob.close().await;
}
