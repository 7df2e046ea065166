//! Which of the ports that are needed are taken. Pure: the socket table comes in as a value.

use std::fmt;
use std::net::IpAddr;

use super::sockets::{Protocol, Socket};

/// So many free ports of a range are enough for development. Shorter ranges are shared ports, all
/// of which an SFU opens when it starts.
const ENOUGH: usize = 50;

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
        self.need.count() - self.ports().len() >= ENOUGH
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

#[cfg(test)]
impl PortNeed {
    /// An SFU's media over UDP.
    pub fn media(first: u16, last: u16) -> Self {
        Self {
            service: "livekit".into(),
            purpose: "media".into(),
            protocol: Protocol::Udp,
            address: None,
            first,
            last,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(address: Option<&str>, first: u16, last: u16) -> PortNeed {
        PortNeed {
            service: "livekit".into(),
            purpose: "signalling".into(),
            protocol: Protocol::Tcp,
            address: address.map(|a| a.parse().unwrap()),
            first,
            last,
        }
    }

    fn socket(local: &str) -> Socket {
        Socket {
            protocol: Protocol::Tcp,
            local: local.parse().unwrap(),
            only_v6: None,
            inode: 1,
            uid: 0,
        }
    }

    fn clash(wanted: Option<&str>, held: &Socket) -> bool {
        !conflicts(&[need(wanted, 80, 80)], std::slice::from_ref(held)).is_empty()
    }

    #[test]
    fn addresses_clash_as_the_kernel_sees_it() {
        for (wanted, held, expected) in [
            (None, "127.0.0.1:80", true),
            (None, "0.0.0.0:80", true),
            (None, "[::1]:80", true),
            (Some("127.0.0.1"), "127.0.0.1:80", true),
            (Some("127.0.0.1"), "127.0.0.2:80", false),
            (Some("127.0.0.1"), "0.0.0.0:80", true),
            (Some("0.0.0.0"), "127.0.0.1:80", true),
            (Some("127.0.0.1"), "[::]:80", true),
            (Some("127.0.0.1"), "[::1]:80", false),
            (Some("127.0.0.1"), "[::ffff:127.0.0.1]:80", true),
            (Some("::"), "127.0.0.1:80", true),
            (Some("::1"), "127.0.0.1:80", false),
            (Some("::1"), "0.0.0.0:80", false),
            (Some("::1"), "[::]:80", true),
            (Some("::1"), "[::1]:80", true),
            (Some("127.0.0.1"), "127.0.0.1:81", false),
        ] {
            assert_eq!(clash(wanted, &socket(held)), expected, "{wanted:?} {held}");
        }
    }

    #[test]
    fn a_socket_that_says_it_is_ipv6_only_leaves_ipv4_alone() {
        let mut held = socket("[::]:80");
        held.only_v6 = Some(true);
        assert!(!clash(Some("127.0.0.1"), &held));
        assert!(clash(Some("::1"), &held));
        assert!(clash(None, &held));
        held.only_v6 = Some(false);
        assert!(clash(Some("127.0.0.1"), &held));
    }

    #[test]
    fn tcp_and_udp_do_not_meet() {
        let mut held = socket("0.0.0.0:80");
        held.protocol = Protocol::Udp;
        assert!(!clash(None, &held));
    }

    #[test]
    fn a_range_is_one_conflict_with_all_its_sockets_in_order() {
        let table = [
            "0.0.0.0:102",
            "[::]:102",
            "0.0.0.0:100",
            "0.0.0.0:110",
            "0.0.0.0:111",
        ];
        let found = conflicts(&[need(None, 100, 110)], &table.map(socket));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].ports(), [100, 102, 110]);
        assert_eq!(found[0].sockets.len(), 4);
        assert_eq!(found[0].need.to_string(), "100-110/tcp");
    }

    #[test]
    fn a_range_can_do_without_some_of_its_ports_but_not_without_all() {
        let conflict = |first, last, held: &[u16]| {
            let table: Vec<Socket> = held
                .iter()
                .map(|p| socket(&format!("0.0.0.0:{p}")))
                .collect();
            conflicts(&[need(None, first, last)], &table).remove(0)
        };
        assert!(!conflict(80, 80, &[80]).is_tolerable());
        assert!(!conflict(80, 81, &[81]).is_tolerable());
        assert!(conflict(100, 150, &[120]).is_tolerable());
        assert!(!conflict(100, 150, &[120, 121]).is_tolerable());
    }

    #[test]
    fn the_highest_port_is_in_reach() {
        assert_eq!(need(None, 1, u16::MAX).count(), 65535);
        assert_eq!(
            conflicts(&[need(None, 1, u16::MAX)], &[socket("0.0.0.0:65535")]).len(),
            1
        );
    }
}
