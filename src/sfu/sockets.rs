//! The sockets of signalling and of media: which there are to be, and their making.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::{io, iter};

use rustix::net::sockopt::{set_ipv6_v6only, set_socket_recv_buffer_size};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with};
use tokio::net::{TcpListener, TcpSocket, UdpSocket};

use super::config::MediaConfig;
use super::media::Bound;
use crate::error::{Error, Result};
use crate::host::address::{is_here, node_ip};

/// Bytes of packets that wait in the kernel, as much as LiveKit asks for.
const RECEIVE_BUFFER: usize = 5_000_000;
/// Connections that wait in the kernel.
const BACKLOG: u32 = 1024;

/// A socket that is not to be had, and why.
type Refused = (SocketAddr, io::Error);

/// What listens for signalling: at these addresses; if there are none at all of them, those of IPv6 too where this machine
/// has any.
pub fn bind_signalling(addresses: &[IpAddr], port: u16) -> Result<Vec<TcpListener>> {
    let listen = |ip| {
        let address = SocketAddr::new(ip, port);
        tcp(address).map_err(|e| (address, e))
    };
    let listeners: Result<_, Refused> = if addresses.is_empty() {
        let four = listen(Ipv4Addr::UNSPECIFIED.into());
        let six = match listen(Ipv6Addr::UNSPECIFIED.into()) {
            Err((_, e)) if e.kind() != io::ErrorKind::AddrInUse => None,
            six => Some(six),
        };
        iter::once(four).chain(six).collect()
    } else {
        addresses.iter().map(|ip| listen(*ip)).collect()
    };
    listeners.map_err(|(address, e)| cannot_bind(address, "signalling", e))
}

/// The first port of the range that is free at all addresses.
pub fn bind_udp(config: &MediaConfig) -> Result<(u16, Vec<Bound<UdpSocket>>)> {
    let (first, last) = config.udp;
    let mut refused = Ok(());
    for port in first..=last {
        match bind_all(&config.addresses, port, udp) {
            Ok(sockets) => return Ok((port, sockets)),
            Err((address, e)) => refused = Err(cannot_bind(address, "media", e)),
        }
    }
    refused?;
    Err(Error::usage("no UDP port for media: `rtc.udp_port`"))
}

/// What listens for media over TCP.
pub fn bind_tcp(config: &MediaConfig) -> Result<Vec<Bound<TcpListener>>> {
    let Some(port) = config.tcp else {
        return Ok(Vec::new());
    };
    bind_all(&config.addresses, port, tcp)
        .map_err(|(address, e)| cannot_bind(address, "media over TCP", e))
}

/// Why there is no socket.
fn cannot_bind(address: SocketAddr, purpose: &str, e: io::Error) -> Error {
    let port = address.port();
    let message = format!("cannot listen on `{address}` for {purpose}");
    if e.kind() == io::ErrorKind::AddrInUse {
        Error::problem(format!("port {port} is taken: {message}"))
            .hint(format!("urbania ports {port}   shows who holds it"))
    } else {
        Error::failed(message).because(e)
    }
}

fn bind_all<T>(
    addresses: &[IpAddr],
    port: u16,
    make: impl Fn(SocketAddr) -> io::Result<T>,
) -> Result<Vec<Bound<T>>, Refused> {
    let at = |ip: &IpAddr| SocketAddr::new(*ip, port);
    let places = places(addresses, is_here, node_ip());
    let bound = places.iter().map(|(ip, advertised)| {
        let socket = make(at(ip)).map_err(|e| (at(ip), e))?;
        let advertised = advertised.iter().map(at).collect();
        Ok(Bound { socket, advertised })
    });
    bound.collect()
}

/// Where to listen, and for which addresses. One that this machine does not have is that of a router before it: what it
/// passes on arrives at any of ours. But whoever listens at all of them leaves the port to nobody else, and answers from
/// whichever the kernel likes: where there are others of its kind, it shares the socket of one that a router reaches.
fn places(
    addresses: &[IpAddr],
    is_here: impl Fn(IpAddr) -> bool,
    own: IpAddr,
) -> Vec<(IpAddr, Vec<IpAddr>)> {
    let mut places: Vec<(IpAddr, Vec<IpAddr>)> = Vec::new();
    for ip in addresses {
        let is_kin = |other: &IpAddr| other.is_ipv4() == ip.is_ipv4();
        let mut kin = addresses.iter().copied().filter(is_kin);
        let place = if is_here(*ip) {
            *ip
        } else if let Some(first) = kin.clone().find(|kin| is_here(*kin)) {
            let reached = kin.find(|kin| is_here(*kin) && !kin.is_loopback());
            reached.or(Some(own).filter(is_kin)).unwrap_or(first)
        } else if ip.is_ipv4() {
            Ipv4Addr::UNSPECIFIED.into()
        } else {
            Ipv6Addr::UNSPECIFIED.into()
        };
        match places.iter_mut().find(|(other, _)| *other == place) {
            Some((_, advertised)) => advertised.push(*ip),
            None => places.push((place, vec![*ip])),
        }
    }
    places
}

fn udp(address: SocketAddr) -> io::Result<UdpSocket> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(family, SocketType::DGRAM, flags, None)?;
    if address.is_ipv6() {
        // IPv4 has a socket of its own.
        set_ipv6_v6only(&socket, true)?;
    }
    bind(&socket, &address)?;
    // The kernel gives what it allows. Without more of it, it loses packets whenever we are kept from running.
    if let Err(e) = set_socket_recv_buffer_size(&socket, RECEIVE_BUFFER) {
        tracing::debug!("the receive buffer of `{address}` stays as it is: {e}");
    }
    UdpSocket::from_std(socket.into())
}

fn tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    if address.is_ipv6() {
        set_ipv6_v6only(&socket, true)?;
    }
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ips<const N: usize>(texts: [&str; N]) -> [IpAddr; N] {
        texts.map(|text| text.parse().unwrap())
    }

    #[test]
    fn an_address_elsewhere_takes_no_port_from_those_of_this_machine() {
        let [outside, loopback, lan, other_lan] =
            ips(["203.0.113.5", "127.0.0.1", "192.168.1.5", "192.168.2.5"]);
        let [outside_six, loopback_six] = ips(["2001:db8::5", "::1"]);
        let [all, all_six] = ips(["0.0.0.0", "::"]);
        let places = |addresses: &[IpAddr]| {
            let is_here = |ip: IpAddr| ![outside, outside_six].contains(&ip);
            places(addresses, is_here, lan)
        };
        let alone = |ip| (ip, vec![ip]);
        assert_eq!(
            places(&[loopback_six, loopback]),
            [loopback_six, loopback].map(alone)
        );
        assert_eq!(
            places(&[outside, outside_six]),
            [(all, vec![outside]), (all_six, vec![outside_six])]
        );
        assert_eq!(
            places(&[outside, loopback]),
            [(lan, vec![outside]), alone(loopback)]
        );
        assert_eq!(
            places(&[outside, loopback, other_lan]),
            [(other_lan, vec![outside, other_lan]), alone(loopback)]
        );
        assert_eq!(
            places(&[outside_six, loopback_six]),
            [(loopback_six, vec![outside_six, loopback_six])]
        );
    }

    #[tokio::test]
    async fn signalling_is_at_every_address_where_none_is_named() {
        let [four, six] = ips(["127.0.0.1", "::1"]);
        let listeners = bind_signalling(&[], 0).unwrap();
        let at = |listener: &TcpListener| listener.local_addr().unwrap();
        let alone = bind_signalling(&[four], at(&listeners[0]).port());
        assert!(alone.unwrap_err().to_string().contains("is taken"));
        let has_six = std::net::TcpListener::bind((six, 0)).is_ok();
        assert_eq!(listeners.iter().any(|l| at(l).is_ipv6()), has_six);
    }

    #[tokio::test]
    async fn all_addresses_of_both_kinds_are_bound_at_one_port() {
        let [outside, outside_six, loopback] = ips(["203.0.113.5", "2001:db8::5", "127.0.0.1"]);
        let addresses = vec![outside, outside_six, loopback];
        let free = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let config = MediaConfig {
            udp: (port, port),
            tcp: Some(port),
            addresses,
        };
        let (_, udp) = bind_udp(&config).unwrap();
        let tcp = bind_tcp(&config).unwrap();
        let at_udp: usize = udp.iter().map(|bound| bound.advertised.len()).sum();
        let at_tcp: usize = tcp.iter().map(|bound| bound.advertised.len()).sum();
        assert_eq!((at_udp, at_tcp), (3, 3));
    }
}
