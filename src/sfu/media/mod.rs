//! The third floor: WebRTC connections, and the packets that go from one to others. It decides which layer of a
//! picture somebody gets, and nothing about who may have what.
//!
//! A packet of media comes in by [`network`] or [`tcp`]; [`connections`] finds whose it is, by its address ([`homes`]) or by
//! asking each [`peer`], in which str0m decrypts it. Of what has happened there ([`events`]), a packet is read
//! once ([`coming`]), noted at its [`track`], where [`holes`] watches for losses, and goes to each subscriber ([`forwarding`]):
//! [`down`] has it renumbered by the [`forwarder`], together with what it depends on ([`dependencies`]), and writes it to
//! their connection.
//!
//! What is sent at all is agreed on in [`offers`], whose text is [`sdp`]. Which [`layers`] a connection gets, the
//! [`allocation`] says by its [`budget`]: when something changes, and ten times a second ([`ticks`]). A layer begins with a
//! keyframe, which its publisher is asked for ([`keys`]). Messages go through [`channels`]; a [`brake`] holds
//! back who sends them faster than others take them.

mod allocation;
mod brake;
mod budget;
mod channels;
mod coming;
mod connections;
mod dependencies;
mod down;
mod events;
mod forwarder;
mod forwarding;
mod holes;
mod homes;
mod keys;
mod layers;
mod network;
mod offers;
mod peer;
mod sdp;
mod tcp;
mod ticks;
mod track;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use livekit_protocol as proto;
use livekit_protocol::signal_response::Message;
use str0m::config::{CryptoProvider, DtlsCert};
use str0m::crypto::from_feature_flags;

use super::rooms::{Reliability, TrackSid, Who};
use brake::Brake;
use homes::Homes;
pub use network::{Arrival, Bound, Network};
use peer::Peer;
use track::Track;

/// All connections and tracks.
pub struct Media {
    network: Network,
    crypto: Arc<CryptoProvider>,
    certificate: Arc<Certificate>,
    /// Who is there, and how.
    members: HashMap<Who, Topology>,
    peers: BTreeMap<Link, Peer>,
    /// Which connection packets from an address belong to.
    homes: Homes,
    tracks: HashMap<TrackSid, Track>,
    /// Who sends data faster than others take it.
    brakes: HashMap<Link, Brake>,
    news: VecDeque<News>,
    /// Connections that something was written to.
    written: BTreeSet<Link>,
    /// Connections whose layers are to be chosen anew.
    unsettled: BTreeSet<Link>,
    next_tick: Instant,
}

/// One for all connections: to make one is most of the work for a connection.
type Certificate = LazyLock<Option<DtlsCert>, Box<dyn FnOnce() -> Option<DtlsCert> + Send>>;

/// How a client wants to be connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topology {
    /// One connection for what it sends, another for what it gets.
    Two,
    /// One for both.
    One,
}

/// One connection of a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Link {
    who: Who,
    role: Role,
}

impl Link {
    /// The one that somebody sends on.
    fn upward(who: Who) -> Self {
        let role = Role::Publisher;
        Self { who, role }
    }
}

/// Who offers it, and what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Role {
    /// The client offers it, for what it sends; for all where there is no other.
    Publisher,
    /// We offer it, for what the client gets.
    Subscriber,
}

/// What has happened down here.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "most are messages")]
pub enum News {
    /// Say this to them.
    Tell(Who, Message),
    /// They are connected.
    Connected(Who),
    /// They send a track, in this format.
    Sent(Who, TrackSid, &'static str),
    /// Media of the track comes.
    Comes(Who, TrackSid),
    /// They send it no more.
    Gone(Who, TrackSid),
    /// They send data.
    Data(Who, Reliability, Box<proto::DataPacket>),
    /// Their connection is of no use any more.
    Failed(Who, &'static str),
    /// They send what is no message, or what nobody understands.
    Refused(Who, &'static str),
}

impl Media {
    /// No connection yet.
    pub fn new(network: Network, now: Instant) -> Self {
        let crypto = Arc::new(from_feature_flags());
        let certificate = certificate(&crypto);
        Self {
            network,
            crypto,
            certificate,
            members: HashMap::new(),
            peers: BTreeMap::new(),
            homes: Homes::default(),
            tracks: HashMap::new(),
            brakes: HashMap::new(),
            news: VecDeque::new(),
            written: BTreeSet::new(),
            unsettled: BTreeSet::new(),
            next_tick: now + ticks::EVERY,
        }
    }

    /// What has happened since this was last asked.
    pub fn news(&mut self) -> Option<News> {
        self.news.pop_front()
    }

    /// Whether nothing is kept of anybody.
    #[cfg(any(test, fuzzing))]
    pub fn is_idle(&self) -> bool {
        self.members.is_empty()
            && self.peers.is_empty()
            && self.homes.is_empty()
            && self.tracks.is_empty()
            && self.brakes.is_empty()
            && self.written.is_empty()
            && self.unsettled.is_empty()
            && self.news.is_empty()
    }

    /// The connection on which somebody gets what others send.
    fn downward(&self, who: Who) -> Option<Link> {
        let role = match self.members.get(&who)? {
            Topology::Two => Role::Subscriber,
            Topology::One => Role::Publisher,
        };
        Some(Link { who, role })
    }
}

/// Made on another thread, for it takes longer than all else of the start: the first one gathers randomness. Who comes
/// before it is done waits for it.
fn certificate(crypto: &Arc<CryptoProvider>) -> Arc<Certificate> {
    let crypto = crypto.clone();
    let make = move || crypto.dtls_provider.generate_certificate();
    let certificate: Arc<Certificate> = Arc::new(LazyLock::new(Box::new(make)));
    let first = certificate.clone();
    std::thread::spawn(move || LazyLock::force(&first).is_some());
    certificate
}
