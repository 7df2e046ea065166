//! A sender is not to send faster than those who get it take it. SCTP slows down by itself where its packets are not
//! acknowledged; so those of a sender who is too fast are kept until the slowest has caught up.

use std::collections::{BTreeSet, VecDeque};

use super::Link;
use super::network::Packet;

/// Packets that are kept; more are lost, which slows a sender down as well.
const MOST: usize = 512;
/// Shorter packets are acknowledgements: two who send to each other would wait for each other without them.
const SHORT: usize = 250;

/// What holds a sender back.
#[derive(Default)]
pub struct Brake {
    behind: BTreeSet<Link>,
    held: VecDeque<Packet>,
}

impl Brake {
    /// They have too much waiting.
    pub fn pull(&mut self, link: Link) {
        self.behind.insert(link);
    }

    /// Keeps a packet of data, or gives back what is none.
    pub fn hold(&mut self, packet: Packet) -> Option<Packet> {
        if !is_data(&packet.bytes) {
            return Some(packet);
        }
        if self.held.len() < MOST {
            self.held.push_back(packet);
        }
        None
    }

    /// Whether they all have caught up.
    pub fn is_over(&mut self, is_behind: impl Fn(&Link) -> bool) -> bool {
        self.behind.retain(is_behind);
        self.behind.is_empty()
    }

    /// What was kept.
    pub fn release(self) -> impl Iterator<Item = Packet> {
        self.held.into_iter()
    }
}

/// Whether it is DTLS with what applications send, 1.2 or 1.3 (RFC 7983, RFC 9147), and more than an acknowledgement.
fn is_data(bytes: &[u8]) -> bool {
    bytes.len() >= SHORT && matches!(bytes[0], 23 | 32..=63)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};
    use std::time::Instant;

    use str0m::net::Protocol;

    use super::super::Role;
    use super::*;
    use crate::sfu::rooms::Who;

    fn packet(first: u8, length: usize) -> Packet {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let mut bytes = vec![0; length];
        bytes[0] = first;
        Packet {
            protocol: Protocol::Udp,
            from: address,
            to: address,
            bytes,
            at: Instant::now(),
        }
    }

    #[test]
    fn data_waits_and_all_else_goes_on() {
        let mut brake = Brake::default();
        // STUN, a handshake, media, an acknowledgement.
        for (first, length) in [(1, 500), (22, 1_200), (128, 1_200), (23, 120), (45, 120)] {
            assert!(brake.hold(packet(first, length)).is_some(), "{first}");
        }
        for (first, length) in [(23, 1_200), (45, 1_200)] {
            assert!(brake.hold(packet(first, length)).is_none(), "{first}");
        }
        assert_eq!(brake.release().count(), 2);
    }

    #[test]
    fn no_more_is_kept_than_a_bound() {
        let mut brake = Brake::default();
        for _ in 0..=MOST {
            assert!(brake.hold(packet(23, 1_200)).is_none());
        }
        assert_eq!(brake.release().count(), MOST);
    }

    #[test]
    fn it_is_over_when_nobody_is_behind() {
        let [one, other] = [1, 2].map(|who| Link {
            who: Who(who),
            role: Role::Subscriber,
        });
        let mut brake = Brake::default();
        brake.pull(one);
        brake.pull(other);
        assert!(!brake.is_over(|link| *link == other));
        // Who was behind once does not count.
        assert!(brake.is_over(|link| *link == one));
    }
}
