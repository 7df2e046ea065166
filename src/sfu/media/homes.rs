//! Which connection packets from an address belong to. A client comes from few addresses; more than a bound are not
//! remembered, whoever proves that they are theirs.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use str0m::net::Protocol;

use super::Link;

/// Ports that one connection sends from: a router may give it new ones.
const PORTS: usize = 32;
/// TCP connections for one connection: each holds a file descriptor.
const STREAMS: usize = 8;

/// Where packets come from.
pub type Source = (Protocol, SocketAddr);

/// The connections that addresses belong to.
#[derive(Default)]
pub struct Homes {
    links: HashMap<Source, Link>,
    /// The addresses of each, the oldest first.
    sources: HashMap<Link, VecDeque<Source>>,
}

impl Homes {
    /// The connection that packets from there belong to, if that is known.
    pub fn get(&self, source: Source) -> Option<Link> {
        self.links.get(&source).copied()
    }

    /// From now on it is known. The address that is forgotten for it, if any.
    pub fn insert(&mut self, source: Source, link: Link) -> Option<Source> {
        self.remove(source);
        self.links.insert(source, link);
        let sources = self.sources.entry(link).or_default();
        sources.push_back(source);
        let is_same = |(protocol, _): &&Source| is_stream(*protocol) == is_stream(source.0);
        let most = if is_stream(source.0) { STREAMS } else { PORTS };
        if sources.iter().filter(is_same).count() <= most {
            return None;
        }
        let oldest = *sources.iter().find(is_same)?;
        self.remove(oldest);
        Some(oldest)
    }

    /// Nothing comes from there any more.
    pub fn remove(&mut self, source: Source) {
        if let Some(link) = self.links.remove(&source)
            && let Some(sources) = self.sources.get_mut(&link)
        {
            sources.retain(|other| *other != source);
        }
    }

    /// A connection is no more. The addresses that were its own.
    pub fn forget(&mut self, link: Link) -> impl Iterator<Item = Source> {
        let sources = self.sources.remove(&link).unwrap_or_default();
        for source in &sources {
            self.links.remove(source);
        }
        sources.into_iter()
    }

    /// Whether nothing is known.
    #[cfg(any(test, fuzzing))]
    pub fn is_empty(&self) -> bool {
        self.links.is_empty() && self.sources.is_empty()
    }
}

fn is_stream(protocol: Protocol) -> bool {
    protocol != Protocol::Udp
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::super::Role;
    use super::*;
    use crate::sfu::rooms::Who;

    fn link(who: u64) -> Link {
        Link {
            who: Who(who),
            role: Role::Publisher,
        }
    }

    fn source(protocol: Protocol, port: usize) -> Source {
        let port = u16::try_from(port).unwrap();
        (protocol, (Ipv4Addr::LOCALHOST, port).into())
    }

    #[test]
    fn the_oldest_address_of_a_connection_is_forgotten_for_one_too_many() {
        for (protocol, most) in [(Protocol::Udp, PORTS), (Protocol::Tcp, STREAMS)] {
            let mut homes = Homes::default();
            let other = source(Protocol::Udp, 9_999);
            assert_eq!(homes.insert(other, link(1)), None);
            let all: Vec<_> = (0..=most).map(|port| source(protocol, port)).collect();
            for source in &all[..most] {
                assert_eq!(homes.insert(*source, link(2)), None);
            }
            assert_eq!(homes.insert(all[most], link(2)), Some(all[0]));
            assert_eq!(homes.get(all[0]), None);
            assert_eq!(homes.get(all[1]), Some(link(2)));
            // Nobody else's, and none of the other kind.
            assert_eq!(homes.get(other), Some(link(1)));
            assert_eq!(homes.insert(source(Protocol::SslTcp, 7_777), link(1)), None);
        }
    }

    #[test]
    fn what_a_connection_had_is_forgotten_with_it() {
        let mut homes = Homes::default();
        let (one, two) = (source(Protocol::Udp, 1), source(Protocol::Tcp, 2));
        homes.insert(one, link(1));
        homes.insert(two, link(1));
        // It is somebody else's now.
        homes.insert(one, link(2));
        assert!(homes.forget(link(1)).eq([two]));
        homes.remove(one);
        assert!(homes.forget(link(2)).eq([]));
        assert!(homes.is_empty());
    }
}
