//! The API beside a real LiveKit: what the SFU tells, what it is asked, what callers hear of it.

mod admin;
mod command;
mod events;
pub mod followed;
mod hostile;
pub mod listen;
pub mod signed;
mod twice;
mod up;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use urbania::api::{ApiConfig, Reach};
use urbania::store::{Call, CallType, Mode, Room, Status, Store};

use crate::support::api::Api;
use crate::support::ports::Ports;
use crate::support::sfu::TestSfu;
use crate::support::sfu_kind::Kind;
use crate::support::store::{StoreKind, TestStore};
use crate::support::until::until_some;

/// An API and a LiveKit that know each other.
pub struct Pair {
    /// The API.
    pub api: Api,
    /// The SFU.
    pub sfu: TestSfu,
}

impl Pair {
    /// The SFU of a kind reports to an API with a store of its own.
    pub async fn of(kind: Kind) -> Self {
        Self::of_in(kind, kind.store().open().await, |_| {}).await
    }

    /// The same with this store and other settings.
    async fn of_in(kind: Kind, opened: TestStore, change: impl FnOnce(&mut ApiConfig)) -> Self {
        let ports = Ports::take();
        let api = api_in(opened, &ports, change).await;
        let webhook = format!("{}/api/livekit/webhook", api.base);
        let sfu = TestSfu::of_kind_on(kind, ports, Some(webhook), "").await;
        Self { api, sfu }
    }

    /// LiveKit tells nobody; the API asks it often.
    pub async fn without_webhooks(kind: Kind) -> Self {
        let sfu = TestSfu::of(kind, None).await;
        let api = api_in(kind.store().open().await, &sfu.ports, |config| {
            config.reconcile_every = Duration::from_millis(200);
        })
        .await;
        Self { api, sfu }
    }
}

/// An API for the SFU on these ports.
pub async fn api_for(ports: &Ports, change: impl FnOnce(&mut ApiConfig)) -> Api {
    api_in(StoreKind::Sqlite.open().await, ports, change).await
}

/// The same in this store.
pub async fn api_in(opened: TestStore, ports: &Ports, change: impl FnOnce(&mut ApiConfig)) -> Api {
    let livekit = urbania::config::LivekitConfig {
        port: ports.livekit(),
        ..Default::default()
    };
    Api::start_in(opened, |config| {
        config.reach = Reach::new(None, &livekit);
        change(config);
    })
    .await
}

/// The store behind an API.
pub fn store(api: &Api) -> Arc<dyn Store> {
    api.opened.again()
}

/// Stores a room of `creator` with these invited.
pub async fn made(api: &Api, name: &str, creator: &str, participants: &[&str]) {
    made_in(&*store(api), name, creator, participants).await;
}

/// The same in any store.
pub async fn made_in(store: &dyn Store, name: &str, creator: &str, participants: &[&str]) {
    let room = Room {
        name: name.into(),
        created_by: creator.into(),
        created_at: Timestamp::UNIX_EPOCH,
        call_type: CallType::Video,
        mode: Mode::Call,
        participants: participants.iter().map(ToString::to_string).collect(),
        max_participants: 0,
        lobby: None,
        call: Call::default(),
        revision: 0,
    };
    store.add_room(&room).await.unwrap();
}

/// Waits until the record of a room has this status and these people.
pub async fn until(api: &Api, room: &str, status: Status, present: &[&str]) -> Call {
    until_in(&*store(api), room, status, present).await
}

/// The same in any store.
pub async fn until_in(store: &dyn Store, room: &str, status: Status, present: &[&str]) -> Call {
    let what = format!("{room} is {status:?} with {present:?}");
    until_some(&what, async || {
        // One that has just come back may need another moment.
        let call = store.room(room).await.ok()?.expect("a record").call;
        let there = call.present.iter().map(|p| p.identity.as_str());
        (call.status == status && there.eq(present.iter().copied())).then_some(call)
    })
    .await
}
