//! The embedded SFU. What LiveKit does as well is held by both: docs/embedded.md has what differs.

mod answers;
mod calls;
mod clients;
mod differences;
mod faults;
mod frames;
mod process;
mod rights;

use std::time::Duration;

use serde_json::json;
use urbania::context::Clock;
use urbania::livekit::grants::VideoGrant;
use urbania::livekit::token::{JoinToken, Signer};

use crate::support::browser::Participant;
use crate::support::page_server::PageServer;
use crate::support::sfu::TestSfu;

/// How a client is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connections {
    /// One for all, as the newest clients do.
    One,
    /// One for what it sends, one for what it gets.
    Two,
}

/// A page that will be connected so.
async fn page(pages: &PageServer, connections: Connections) -> Participant {
    let page = Participant::open(pages).await;
    connect_as(&page, connections).await;
    page
}

/// A page will be connected so from now on.
async fn connect_as(page: &Participant, connections: Connections) {
    let is_one = connections == Connections::One;
    page.choose(&json!({"singlePeerConnection": is_one})).await;
}

/// A token for the room `daily`.
fn token(sfu: &TestSfu, identity: &str) -> String {
    token_with(sfu, identity, VideoGrant::join("daily"))
}

/// The same with other grants.
fn token_with(sfu: &TestSfu, identity: &str, grant: VideoGrant<'_>) -> String {
    let token = JoinToken {
        grant,
        ..JoinToken::new("daily", identity, Duration::from_mins(10))
    };
    let now = Clock::system().unix();
    Signer::new(&sfu.pair).mint(&token, now).unwrap().token
}
