//! Which of the ports that are needed are taken. Pure: the socket table comes in as a value.

use std::fmt;
use std::net::IpAddr;

use super::sockets::{Protocol, Socket};

/// One port, or a range of them, that a service is about to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortNeed {
    /// `livekit`, `mongodb`, `api`.
    pub service: String,
    /// What the service does with it, such as `signalling`.
    pub purpose: String,
    /// Its protocol.
    pub protocol: Protocol,
    /// The address it will be bound to; `None` is every address.
    pub address: Option<IpAddr>,
    /// The port, or the first of the range.
    pub first: u16,
    /// The same port, or the last of the range.
    pub last: u16,
}

impl PortNeed {
    /// How many ports these are.
    pub fn count(&self) -> usize {
        usize::from(self.last.saturating_sub(self.first)) + 1
    }

    fn wants(&self, socket: &Socket) -> bool {
        socket.protocol == self.protocol
            && (self.first..=self.last).contains(&socket.local.port())
            && overlap(self.address, socket)
    }
}

impl fmt::Display for PortNeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}/{}", self.first, self.protocol)
        } else {
            write!(f, "{}-{}/{}", self.first, self.last, self.protocol)
        }
    }
}

/// A need and the sockets that are in its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// What is needed.
    pub need: PortNeed,
    /// Who is there already, in the order of the ports.
    pub sockets: Vec<Socket>,
}

impl Conflict {
    /// Whether the service gets by with what is left of its range. An SFU takes whichever ports of
    /// its range are free, and ports of browsers and resolvers come and go in there all the time.
    pub fn is_tolerable(&self) -> bool {
        self.ports().len() * 2 < self.need.count()
    }

    /// The ports that are taken, each once.
    pub fn ports(&self) -> Vec<u16> {
        let mut ports: Vec<u16> = self.sockets.iter().map(|s| s.local.port()).collect();
        ports.dedup();
        ports
    }
}

/// The needs that clash with a socket of the table, each with those sockets.
pub fn conflicts(needs: &[PortNeed], table: &[Socket]) -> Vec<Conflict> {
    needs
        .iter()
        .filter_map(|need| {
            let mut sockets: Vec<Socket> =
                table.iter().filter(|s| need.wants(s)).cloned().collect();
            sockets.sort_by_key(|s| (s.local.port(), s.local.ip(), s.inode));
            (!sockets.is_empty()).then(|| Conflict {
                need: need.clone(),
                sockets,
            })
        })
        .collect()
}

/// Whether binding to `wanted` would fail because of `socket`, the ports being equal.
fn overlap(wanted: Option<IpAddr>, socket: &Socket) -> bool {
    let held = socket.local.ip();
    let Some(wanted) = wanted else {
        return true;
    };
    match (wanted.to_canonical(), held.to_canonical()) {
        (IpAddr::V4(a), IpAddr::V4(b)) => a == b || a.is_unspecified() || b.is_unspecified(),
        (IpAddr::V6(a), IpAddr::V6(b)) => a == b || a.is_unspecified() || b.is_unspecified(),
        // `::` takes IPv4 along unless it says otherwise; when in doubt it does.
        (IpAddr::V4(_), IpAddr::V6(b)) => b.is_unspecified() && socket.only_v6 != Some(true),
        (IpAddr::V6(a), IpAddr::V4(_)) => a.is_unspecified(),
    }
}
