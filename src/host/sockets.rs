//! Every socket of this machine that occupies a port.
//!
//! Linux answers one query of its socket tables (`NETLINK_SOCK_DIAG`) in a fraction of a
//! millisecond; where a sandbox forbids that, `/proc/net` says the same more slowly.

#[cfg(target_os = "linux")]
mod netlink;
#[cfg(target_os = "linux")]
mod proc_net;

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::error::Result;

/// A transport protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

/// A socket and its port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Socket {
    /// Its protocol.
    pub protocol: Protocol,
    /// Where it is bound.
    pub local: SocketAddr,
    /// Whether an IPv6 socket leaves IPv4 alone; `None` where the kernel does not say.
    pub only_v6: Option<bool>,
    /// The inode by which `/proc/<pid>/fd` refers to it; 0 where no process has it any more.
    pub inode: u32,
    /// The user that opened it.
    pub uid: u32,
}

impl Socket {
    /// Whatever has this place and is in no table.
    pub fn unlisted(local: SocketAddr) -> Self {
        Self {
            protocol: Protocol::Tcp,
            local,
            only_v6: None,
            inode: 0,
            uid: 0,
        }
    }

    /// Whether it is what is left of a connection that has ended.
    pub fn has_ended(&self) -> bool {
        self.protocol == Protocol::Tcp && self.inode == 0
    }
}

/// All listening TCP and all bound UDP sockets, IPv4 and IPv6.
#[cfg(target_os = "linux")]
pub fn listening() -> Result<Vec<Socket>> {
    netlink::listening().or_else(|e| {
        tracing::debug!("no NETLINK_SOCK_DIAG ({e}), reading /proc/net instead");
        proc_net::listening(std::path::Path::new("/proc/net"))
    })
}

/// All TCP sockets at these ports that do not listen, such as those of connections.
#[cfg(target_os = "linux")]
pub fn others(ports: &BTreeSet<u16>) -> Result<Vec<Socket>> {
    let mut found = netlink::others(ports).or_else(|e| {
        tracing::debug!("no NETLINK_SOCK_DIAG ({e}), reading /proc/net instead");
        proc_net::others(std::path::Path::new("/proc/net"))
    })?;
    found.retain(|socket| ports.contains(&socket.local.port()));
    Ok(found)
}

/// All TCP sockets at these ports that do not listen, such as those of connections.
#[cfg(not(target_os = "linux"))]
pub fn others(_: &BTreeSet<u16>) -> Result<Vec<Socket>> {
    listening()
}

/// All listening TCP and all bound UDP sockets, IPv4 and IPv6.
#[cfg(not(target_os = "linux"))]
pub fn listening() -> Result<Vec<Socket>> {
    Err(
        crate::error::Error::failed("cannot list the sockets of this operating system")
            .hint("see who holds a port: `lsof -nP -i :7880`"),
    )
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{TcpListener, UdpSocket};
    use std::path::Path;

    use super::*;

    fn find(table: &[Socket], protocol: Protocol, local: SocketAddr) -> Option<&Socket> {
        table
            .iter()
            .find(|s| s.protocol == protocol && s.local == local)
    }

    #[test]
    fn every_kind_of_socket_is_in_the_table_both_ways() {
        let tcp = ["127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"]
            .map(|a| TcpListener::bind(a).unwrap());
        let udp =
            ["127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"].map(|a| UdpSocket::bind(a).unwrap());
        let connected = UdpSocket::bind("127.0.0.1:0").unwrap();
        connected.connect(udp[0].local_addr().unwrap()).unwrap();

        for table in [
            netlink::listening().unwrap(),
            proc_net::listening(Path::new("/proc/net")).unwrap(),
        ] {
            for local in tcp.iter().map(|s| s.local_addr().unwrap()) {
                let found = find(&table, Protocol::Tcp, local).unwrap();
                assert!(found.inode > 0);
                assert_eq!(found.uid, rustix::process::getuid().as_raw());
            }
            for local in udp
                .iter()
                .chain([&connected])
                .map(|s| s.local_addr().unwrap())
            {
                assert!(find(&table, Protocol::Udp, local).is_some(), "{local}");
            }
        }
        // Rust's listeners on `::` take IPv4 along.
        let table = listening().unwrap();
        let dual = find(&table, Protocol::Tcp, tcp[3].local_addr().unwrap()).unwrap();
        assert_eq!(dual.only_v6, Some(false));
    }

    #[test]
    fn an_established_connection_is_not_in_the_table() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let table = listening().unwrap();
        assert!(find(&table, Protocol::Tcp, client.local_addr().unwrap()).is_none());
    }

    #[test]
    fn connections_are_found_by_their_port_both_ways() {
        for at in ["127.0.0.1:0", "[::1]:0"] {
            let listener = TcpListener::bind(at).unwrap();
            let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let local = client.local_addr().unwrap();
            let ports = BTreeSet::from([local.port()]);
            let found = others(&ports).unwrap();
            assert_eq!(found.len(), 1, "{found:?}");
            for table in [
                found,
                netlink::others(&ports).unwrap(),
                proc_net::others(Path::new("/proc/net")).unwrap(),
            ] {
                let found = find(&table, Protocol::Tcp, local).unwrap();
                assert!(found.inode > 0);
                assert_eq!(found.uid, rustix::process::getuid().as_raw());
            }
        }
    }

    #[test]
    fn the_kernel_leaves_out_other_ports() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let port = client.local_addr().unwrap().port();
        for (ports, expected) in [
            (BTreeSet::from([port]), true),
            (BTreeSet::from([port - 1, port + 1]), true),
            (BTreeSet::from([port + 1]), false),
            (BTreeSet::from([port - 1]), false),
        ] {
            let table = netlink::others(&ports).unwrap();
            let found = table.iter().any(|s| s.local.port() == port);
            assert_eq!(found, expected, "{ports:?}");
        }
    }

    #[test]
    fn more_sockets_than_one_message_holds_are_all_there() {
        let held: Vec<UdpSocket> = (0..800)
            .map(|_| UdpSocket::bind("127.0.0.1:0").unwrap())
            .collect();
        let table = netlink::listening().unwrap();
        for socket in &held {
            let local = socket.local_addr().unwrap();
            assert!(find(&table, Protocol::Udp, local).is_some(), "{local}");
        }
    }
}
