//! What a visit found.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use super::relay::Relayed;

/// What a visit found.
#[derive(Clone, Debug)]
pub struct Report {
    /// What the SFU says of itself.
    pub server: Server,
    /// Media over UDP.
    pub udp: Path,
    /// Media over TCP.
    pub tcp: Path,
    /// The TURN servers that the SFU names.
    pub relays: Vec<Relayed>,
}

/// What an SFU says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// Its version.
    pub version: String,
    /// Where it is, in its owner's words.
    pub region: String,
    /// Its id among others.
    pub node_id: String,
}

/// How media travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// As datagrams.
    Udp,
    /// In a stream, for networks that let nothing else through.
    Tcp,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        })
    }
}

/// One way for media, tried.
#[derive(Clone, Debug)]
pub struct Path {
    /// Every address that the SFU offers for it.
    pub tried: Vec<Tried>,
    /// What came of it.
    pub outcome: Result<Won, Failure>,
}

/// An address that the SFU offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The address.
    pub address: SocketAddr,
    /// ICE's word for where it comes from: `host`, `srflx`, `prflx` or `relay`.
    pub kind: String,
    /// Whether it can be reached.
    pub answer: Answer,
}

/// Whether an address answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It answered after this time.
    After(Duration),
    /// Nothing can be sent to it, for this reason.
    Refused(String),
    /// Nothing came back.
    Silent,
}

/// The pair of addresses that media took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Won {
    /// Ours.
    pub local: SocketAddr,
    /// The SFU's.
    pub remote: SocketAddr,
    /// How long an answer takes on it.
    pub round_trip: Option<Duration>,
    /// How long it took from the offer until data could be sent.
    pub after: Duration,
}

/// Why there is no way for media.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The SFU does not answer the offer of a connection.
    #[error("the SFU does not answer the offer of a connection")]
    NoAnswer,
    /// The SFU's answer to the offer is not one.
    #[error("the SFU's answer is not understood: {0}")]
    BadAnswer(String),
    /// The SFU ended the session.
    #[error("the SFU ended the session: {0}")]
    Ended(String),
    /// The SFU offers no address for it.
    #[error("the SFU offers no address")]
    NoCandidates,
    /// Time was up before an address had time enough to answer.
    #[error("there was not time enough to try")]
    Late,
    /// No address answers.
    #[error("no address that the SFU offers answers")]
    Unreachable,
    /// An address answers, and no key is agreed upon there.
    #[error("an address answers, but DTLS fails: {0}")]
    Dtls(String),
    /// All is agreed upon, and no data channel opens.
    #[error("the connection stands, but no data channel opens")]
    NoChannel,
}
