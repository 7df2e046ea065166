//! Which of the ports that are needed are taken on this machine now, and by which sockets.
//!
//! Listeners are found in the kernel's table. Whether a connection is in the way depends on an option of its
//! socket (`SO_REUSEADDR`) that no table shows: an accepted one hardly ever is, that of a client is, and for a
//! minute after its end too. So a port without a listener is bound for a moment, as a server would; the
//! connections themselves are listed only when that is refused.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rustix::io::Errno;
use rustix::net::sockopt::{set_ipv6_v6only, set_socket_reuseaddr};
use rustix::net::{AddressFamily, SocketType, bind, socket};

use super::ports::{Conflict, PortNeed, conflicts};
use super::sockets::{self, Protocol, Socket};
use crate::error::Result;

/// The needs that clash with a socket of this machine, each with those sockets.
pub fn taken(needs: &[PortNeed]) -> Result<Vec<Conflict>> {
    let mut table = sockets::listening()?;
    let refused = refused(needs, &table);
    if !refused.is_empty() {
        let ports: BTreeSet<u16> = refused.iter().map(SocketAddr::port).collect();
        table.extend(in_the_way(sockets::others(&ports)?));
        // Asked once more: whoever had it may have left between the two looks.
        let unlisted = refused.into_iter().filter(|at| {
            let is_listed = table.iter().any(|socket| is_tcp_at(socket, at.port()));
            !is_listed && try_to_bind(*at) == Err(Errno::ADDRINUSE)
        });
        let unlisted: Vec<Socket> = unlisted.map(Socket::unlisted).collect();
        table.extend(unlisted);
    }
    Ok(conflicts(needs, &table))
}

/// Whether nothing is in the way of `need`; `listening` is the table of [`sockets::listening`].
pub fn is_free(need: &PortNeed, listening: &[Socket]) -> bool {
    let needs = std::slice::from_ref(need);
    conflicts(needs, listening).is_empty() && refused(needs, listening).is_empty()
}

/// Those at whose own addresses no server could listen. What has ended counts where nobody else is there.
fn in_the_way(mut others: Vec<Socket>) -> Vec<Socket> {
    let held: BTreeSet<SocketAddr> = others
        .iter()
        .filter(|socket| !socket.has_ended())
        .map(|socket| socket.local)
        .collect();
    others.retain(|socket| {
        let is_first = !socket.has_ended() || !held.contains(&socket.local);
        is_first && try_to_bind(socket.local) == Err(Errno::ADDRINUSE)
    });
    others
}

/// Where a server could not listen although nobody does.
fn refused(needs: &[PortNeed], listening: &[Socket]) -> Vec<SocketAddr> {
    let mut found = Vec::new();
    for need in needs.iter().filter(|need| need.protocol == Protocol::Tcp) {
        let listed = conflicts(std::slice::from_ref(need), listening);
        let listed: BTreeSet<u16> = listed.iter().flat_map(Conflict::ports).collect();
        let unlisted = (need.first..=need.last).filter(|port| !listed.contains(port));
        found.extend(unlisted.filter_map(|port| in_use(need.address, port)));
    }
    found
}

/// The place that cannot be bound because somebody has it.
fn in_use(address: Option<IpAddr>, port: u16) -> Option<SocketAddr> {
    let is_in_use = |ip: IpAddr| {
        let at = SocketAddr::new(ip, port);
        (try_to_bind(at) == Err(Errno::ADDRINUSE)).then_some(at)
    };
    match address {
        Some(ip) => is_in_use(ip),
        // `::` takes IPv4 along; some machines have no IPv6.
        None => is_in_use(Ipv6Addr::UNSPECIFIED.into())
            .or_else(|| is_in_use(Ipv4Addr::UNSPECIFIED.into())),
    }
}

/// Binds as servers do, without listening: nobody is kept from the port, and nobody can connect.
fn try_to_bind(at: SocketAddr) -> rustix::io::Result<()> {
    let family = if at.is_ipv4() {
        AddressFamily::INET
    } else {
        AddressFamily::INET6
    };
    let socket = socket(family, SocketType::STREAM, None)?;
    set_socket_reuseaddr(&socket, true)?;
    if at.ip() == Ipv6Addr::UNSPECIFIED {
        set_ipv6_v6only(&socket, false)?;
    }
    bind(&socket, &at)
}

fn is_tcp_at(socket: &Socket, port: u16) -> bool {
    socket.protocol == Protocol::Tcp && socket.local.port() == port
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    fn need(address: Option<&str>, port: u16) -> PortNeed {
        PortNeed {
            service: "livekit".into(),
            purpose: "media over TCP".into(),
            protocol: Protocol::Tcp,
            address: address.map(|a| a.parse().unwrap()),
            first: port,
            last: port,
        }
    }

    fn inodes(address: Option<&str>, port: u16) -> Vec<u32> {
        let found = taken(&[need(address, port)]).unwrap();
        let sockets = found.iter().flat_map(|conflict| &conflict.sockets);
        sockets.map(|socket| socket.inode).collect()
    }

    /// A client, and what it is connected to.
    fn connected() -> (TcpStream, TcpStream, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let accepted = listener.accept().unwrap().0;
        (client, accepted, listener)
    }

    #[test]
    fn the_port_of_a_client_is_taken_where_a_server_could_not_have_it() {
        let (client, _accepted, _listener) = connected();
        let port = client.local_addr().unwrap().port();
        for address in [None, Some("127.0.0.1"), Some("0.0.0.0"), Some("::")] {
            let found = inodes(address, port);
            assert!(found.len() == 1 && found[0] > 0, "{address:?}: {found:?}");
            assert!(!is_free(&need(address, port), &[]));
        }
        assert!(inodes(Some("127.0.0.2"), port).is_empty());
        assert!(is_free(&need(Some("127.0.0.2"), port), &[]));
    }

    #[test]
    fn the_end_of_a_connection_keeps_its_port_without_a_process() {
        let (client, accepted, _listener) = connected();
        let port = client.local_addr().unwrap().port();
        drop(client);
        drop(accepted);
        assert_eq!(inodes(None, port), [0]);
    }

    #[test]
    fn what_a_server_has_accepted_is_not_in_the_way_of_the_next() {
        let (_client, _accepted, listener) = connected();
        let port = listener.local_addr().unwrap().port();
        // The listener alone, not its connections.
        assert_eq!(inodes(None, port).len(), 1);
        drop(listener);
        assert!(inodes(None, port).is_empty());
    }

    #[test]
    fn beside_a_client_what_is_left_of_a_server_is_not_in_the_way() {
        let (gone, accepted, listener) = connected();
        let port = listener.local_addr().unwrap().port();
        drop(accepted);
        drop(gone);
        drop(listener);
        assert!(inodes(None, port).is_empty());
        // Such as a client's, on its way to somewhere.
        let idle = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&idle, &SocketAddr::from(([127, 0, 0, 9], port))).unwrap();
        let found = inodes(None, port);
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn a_socket_that_is_bound_and_idle_has_its_port() {
        let at = SocketAddr::from(([127, 0, 0, 1], 0));
        let idle = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&idle, &at).unwrap();
        let port = rustix::net::getsockname(&idle).unwrap();
        let port = SocketAddr::try_from(port).unwrap().port();
        // Older kernels do not list it.
        assert_eq!(inodes(None, port).len(), 1);
    }
}
