//! A participant without a browser: it joins a room of its own at an SFU, tries every address that the SFU offers
//! for media, once over UDP and once over TCP, asks TURN servers for a relay, and leaves.
//!
//! [`call`] is the state of one connection and touches no socket; [`sockets`] are those. [`path`] brings them
//! together with [`signal`], the connection on which the two sides agree. [`relay`] is a TURN client.

mod call;
mod candidates;
mod framing;
mod path;
mod relay;
mod report;
mod signal;
mod sockets;

use std::net::IpAddr;
use std::time::Duration;

use livekit_protocol::RoomConfiguration;
use tokio::time::{Instant, timeout_at};

pub use relay::{NoRelay, Relayed};
pub use report::{Answer, Failure, Path, Report, Server, Transport, Tried, Won};
pub use signal::SignalError;

use crate::context::Clock;
use crate::livekit::grants::VideoGrant;
use crate::livekit::keys::KeyPair;
use crate::livekit::room_service::{NewRoom, RoomService, SfuError};
use crate::livekit::token::{JoinToken, Signer};
use signal::Signal;

/// What is kept of the time for leaving and for deleting the room.
const CLEANUP: Duration = Duration::from_millis(300);

/// Seconds after which the SFU deletes the room itself, should nobody be left to do it.
const EMPTY_TIMEOUT: u32 = 10;

/// How long a token lets somebody in: the visit, and the difference of two clocks.
const TOKEN_TTL: Duration = Duration::from_mins(1);

/// Where to, as whom, for how long.
#[derive(Debug)]
pub struct Visit<'a> {
    /// The SFU: `http://…` or `https://…`.
    pub base: &'a str,
    /// A pair that it knows.
    pub pair: &'a KeyPair,
    /// Tokens are valid from its time.
    pub clock: &'a Clock,
    /// The address that TURN servers must relay to; without one they are not asked.
    pub relay_to: Option<IpAddr>,
    /// All of it takes no longer.
    pub patience: Duration,
}

/// Why nobody came in.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// The SFU makes no room for it.
    #[error("the SFU at `{base}` makes no room to meet in")]
    Room {
        /// Where it was asked.
        base: String,
        /// Why.
        source: SfuError,
    },
    /// The SFU lets nobody into the room.
    #[error("the SFU at `{base}` lets nobody in")]
    Signal {
        /// Where it was asked.
        base: String,
        /// Why.
        source: SignalError,
    },
}

/// Joins, tries both ways, leaves, and deletes the room.
pub async fn visit(visit: &Visit<'_>) -> Result<Report, VisitError> {
    let until = Instant::now() + visit.patience;
    let rooms = RoomService::new(visit.base, Some(visit.pair), visit.clock.clone());
    let room = format!("urbania-doctor-{:016x}", rand::random::<u64>());
    let result = stay(visit, &rooms, &room, until - CLEANUP.min(visit.patience)).await;
    // An SFU that does not answer in time deletes it by itself.
    let _ = timeout_at(until, rooms.delete(&room)).await;
    result
}

async fn stay(
    visit: &Visit<'_>,
    rooms: &RoomService,
    room: &str,
    until: Instant,
) -> Result<Report, VisitError> {
    make(rooms, room, until)
        .await
        .map_err(|source| VisitError::Room {
            base: visit.base.to_owned(),
            source,
        })?;
    let joined = tokio::try_join!(
        join(visit, room, Transport::Udp, until),
        join(visit, room, Transport::Tcp, until)
    );
    let (udp, tcp) = joined.map_err(|source| VisitError::Signal {
        base: visit.base.to_owned(),
        source,
    })?;
    let server = udp.server.clone();
    let turn = udp.turn.clone();
    let relays = async {
        match visit.relay_to {
            Some(peer) => relay::all(&turn, peer, until).await,
            None => Vec::new(),
        }
    };
    // The state of a connection is large.
    let (udp, tcp, relays) = tokio::join!(
        Box::pin(path::attempt(udp, Transport::Udp, until)),
        Box::pin(path::attempt(tcp, Transport::Tcp, until)),
        relays
    );
    Ok(Report {
        server,
        udp,
        tcp,
        relays,
    })
}

/// Made by us and not by joining: that works where rooms are not made by joining, too.
async fn make(rooms: &RoomService, room: &str, until: Instant) -> Result<(), SfuError> {
    let wanted = NewRoom {
        name: room.to_owned(),
        empty_timeout: EMPTY_TIMEOUT,
        max_participants: 2,
        ..NewRoom::default()
    };
    match timeout_at(until, rooms.create(wanted)).await {
        Ok(made) => made.map(|_| ()),
        Err(late) => Err(SfuError::Unreachable(late.into())),
    }
}

async fn join(
    visit: &Visit<'_>,
    room: &str,
    transport: Transport,
    until: Instant,
) -> Result<Signal, SignalError> {
    let identity = format!("urbania-doctor-{transport}");
    let config = RoomConfiguration {
        empty_timeout: EMPTY_TIMEOUT,
        ..RoomConfiguration::default()
    };
    let mut request = JoinToken::new(room, &identity, TOKEN_TTL);
    request.grant = VideoGrant {
        can_publish: Some(false),
        can_subscribe: Some(false),
        hidden: true,
        ..request.grant
    };
    request.room_config = Some(&config);
    let minted = Signer::new(visit.pair)
        .mint(&request, visit.clock.unix())
        .map_err(|e| SignalError::Token(e.into()))?;
    let joined = Signal::join(visit.base, &minted.token, until);
    timeout_at(until, joined)
        .await
        .unwrap_or(Err(SignalError::Late))
}
