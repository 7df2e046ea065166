//! What follows from what a real SFU reports by its webhooks.

use serde_json::Value;
use urbania::api::{ApiConfig, Reach};
use urbania::config::{DuplicateIdentity, LivekitConfig};

use super::calls::{until_disconnected, who_is_in};
use super::{Party, Person};
use crate::support::api::livekit_claims;
use crate::support::browser::Participant;
use crate::support::page_server::PageServer;
use crate::support::ports::Ports;
use crate::support::sfu::TestSfu;
use crate::support::sfu_kind::{Kind, on_every_sfu};
use crate::support::until::{until, until_some};

on_every_sfu!(
    a_token_ends_with_the_room_that_it_was_issued_for,
    a_token_ends_with_its_room_also_where_no_webhook_arrives,
    leave_takes_out_also_who_is_there_beside_themselves,
);

/// An API and an SFU that reports to it.
async fn reported(
    kind: Kind,
    webhooks: bool,
    change: impl FnOnce(&mut ApiConfig),
) -> (Party, TestSfu) {
    let ports = Ports::take();
    let livekit = LivekitConfig {
        port: ports.livekit(),
        ..LivekitConfig::default()
    };
    let party = Party::on_with(kind.store(), |config| {
        config.reach = Reach::new(None, &livekit);
        change(config);
    })
    .await;
    let webhook = format!("{}/api/livekit/webhook", party.api.base);
    let sfu = TestSfu::of_kind_on(kind, ports, webhooks.then_some(webhook), "").await;
    (party, sfu)
}

impl Party {
    async fn ticket(&self, who: &Person, room: &str) -> String {
        let answer: Value = self.token(who, room).await.json().await.unwrap();
        answer["token"].as_str().expect("a token").to_owned()
    }
}

/// A browser with this token comes to be outside, whether or not it was let in for a moment.
async fn is_sent_away(pages: &PageServer, sfu: &TestSfu, token: &str) {
    let page = Participant::open(pages).await;
    page.knock(&sfu.ws, token).await;
    until_disconnected(&page).await;
    page.close().await;
}

async fn a_token_ends_with_the_room_that_it_was_issued_for(kind: Kind) {
    let pages = PageServer::start().await;
    let (party, sfu) = reported(kind, true, |_| {}).await;
    party.made("daily", &[&party.bob.id], "video", "call").await;
    let old = party.ticket(&party.bob, "daily").await;
    let deleted = party.delete(&party.ada, "/api/livekit/rooms/daily").await;
    assert_eq!(deleted.status(), 204);
    is_sent_away(&pages, &sfu, &old).await;
    until("nobody is there", async || {
        who_is_in(&sfu, "daily").await.is_empty()
    })
    .await;

    // The name is nobody's now: whoever asks for it anew comes in, and the old token does not.
    let eve = Participant::open(&pages).await;
    let new = party.ticket(&party.eve, "daily").await;
    assert_eq!(eve.connect(&sfu.ws, &new).await, party.eve.id);
    is_sent_away(&pages, &sfu, &old).await;
    assert_eq!(who_is_in(&sfu, "daily").await, [party.eve.id.as_str()]);
    eve.close().await;

    // Nor into another room of the same name.
    party.made("daily", &[&party.eve.id], "video", "call").await;
    let eve = Participant::open(&pages).await;
    let new = party.ticket(&party.eve, "daily").await;
    eve.connect(&sfu.ws, &new).await;
    is_sent_away(&pages, &sfu, &old).await;
    until("Eve alone is there", async || {
        who_is_in(&sfu, "daily").await == [party.eve.id.as_str()]
    })
    .await;
    assert_eq!(eve.report().await.state, "connected");
    eve.close().await;
}

async fn a_token_ends_with_its_room_also_where_no_webhook_arrives(kind: Kind) {
    let pages = PageServer::start().await;
    let (party, sfu) = reported(kind, false, |config| {
        config.reconcile_every = std::time::Duration::from_millis(200);
    })
    .await;
    party.made("daily", &[&party.bob.id], "video", "call").await;
    let old = party.ticket(&party.bob, "daily").await;
    let bob = Participant::open(&pages).await;
    bob.connect(&sfu.ws, &old).await;
    until("Bob is known to be there", async || {
        let room = party.stored("daily").await.unwrap();
        room.call.has(&party.bob.id)
    })
    .await;
    assert_eq!(bob.report().await.state, "connected");
    let deleted = party.delete(&party.ada, "/api/livekit/rooms/daily").await;
    assert_eq!(deleted.status(), 204);
    until_disconnected(&bob).await;
    bob.close().await;
    is_sent_away(&pages, &sfu, &old).await;
}

async fn leave_takes_out_also_who_is_there_beside_themselves(kind: Kind) {
    let pages = PageServer::start().await;
    let suffix = |config: &mut ApiConfig| {
        config.duplicate_identity = DuplicateIdentity::Suffix;
    };
    let (party, sfu) = reported(kind, true, suffix).await;
    party.made("daily", &[], "video", "call").await;
    let ada = Participant::open(&pages).await;
    let token = party.ticket(&party.ada, "daily").await;
    ada.connect(&sfu.ws, &token).await;
    let first = Participant::open(&pages).await;
    let token = party.ticket(&party.bob, "daily").await;
    first.connect(&sfu.ws, &token).await;
    let beside = format!("{}~2", party.bob.id);
    let token = until_some("Bob is known to be there", async || {
        let token = party.ticket(&party.bob, "daily").await;
        (livekit_claims(&token)["sub"] == *beside).then_some(token)
    })
    .await;
    let second = Participant::open(&pages).await;
    assert_eq!(second.connect(&sfu.ws, &token).await, beside);
    until("both are in the record", async || {
        let room = party.stored("daily").await.unwrap();
        room.call.has(&beside) && room.call.has(&party.bob.id)
    })
    .await;

    let path = "/api/livekit/rooms/daily/leave";
    for _ in 0..2 {
        let left: Value = party.post(&party.bob, path).await.json().await.unwrap();
        assert_eq!(
            left["active_participants"],
            serde_json::json!([party.ada.id])
        );
    }
    until_disconnected(&first).await;
    until_disconnected(&second).await;
    assert_eq!(who_is_in(&sfu, "daily").await, [party.ada.id.as_str()]);
    for page in [ada, first, second] {
        page.close().await;
    }
}
