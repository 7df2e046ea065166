//! Ports as they are named on the command line.

use std::str::FromStr;

use crate::host::ports::PortNeed;
use crate::host::sockets::Protocol;

/// `7880`, `7882/udp`, `50000-50100/udp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    first: u16,
    last: u16,
    /// `None` is both.
    protocol: Option<Protocol>,
}

impl FromStr for Asked {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (ports, protocol) = match text.split_once('/') {
            None => (text, None),
            Some((ports, "tcp")) => (ports, Some(Protocol::Tcp)),
            Some((ports, "udp")) => (ports, Some(Protocol::Udp)),
            Some((_, other)) => return Err(format!("`{other}` is neither tcp nor udp")),
        };
        let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
        let (first, last) = (port(first)?, port(last)?);
        if first > last {
            return Err(format!("the range ends at {last}, before it starts"));
        }
        Ok(Self {
            first,
            last,
            protocol,
        })
    }
}

fn port(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err(format!("`{text}` is no port: they go from 1 to 65535")),
        Ok(port) => Ok(port),
    }
}

impl Asked {
    /// What is asked as needs; what the project needs among it keeps its purpose.
    pub fn needs(self, of_project: &[PortNeed]) -> Vec<PortNeed> {
        [Protocol::Tcp, Protocol::Udp]
            .into_iter()
            .filter(|protocol| self.protocol.is_none_or(|p| p == *protocol))
            .map(|protocol| {
                let same = of_project.iter().find(|need| {
                    need.protocol == protocol && need.first == self.first && need.last == self.last
                });
                same.cloned().unwrap_or_else(|| self.plain(protocol))
            })
            .collect()
    }

    fn plain(self, protocol: Protocol) -> PortNeed {
        PortNeed {
            service: String::new(),
            purpose: String::new(),
            protocol,
            address: None,
            first: self.first,
            last: self.last,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_with_ranges_and_protocols() {
        let read = |text: &str| text.parse::<Asked>().map(|a| (a.first, a.last, a.protocol));
        assert_eq!(read("7880"), Ok((7880, 7880, None)));
        assert_eq!(read("7882/udp"), Ok((7882, 7882, Some(Protocol::Udp))));
        assert_eq!(read("1-65535/tcp"), Ok((1, 65535, Some(Protocol::Tcp))));
        for wrong in ["0", "65536", "-1", "x", "", "9-8", "80/sctp", "1-2-3"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
