//! The sockets of media: which there are to be, and their making.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rustix::net::sockopt::{set_ipv6_v6only, set_socket_recv_buffer_size};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with};
use tokio::net::{TcpListener, TcpSocket, UdpSocket};

use super::config::MediaConfig;
use super::media::Bound;
use crate::error::{Error, Result};
use crate::host::address::is_here;

/// Bytes of packets that wait in the kernel, as much as LiveKit asks for.
const RECEIVE_BUFFER: usize = 5_000_000;
/// Connections that wait in the kernel.
const BACKLOG: u32 = 1024;

/// A socket that is not to be had, and why.
type Refused = (SocketAddr, io::Error);

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
pub fn cannot_bind(address: SocketAddr, purpose: &str, e: io::Error) -> Error {
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
    let places = places(addresses, is_here);
    let bound = places.iter().map(|(ip, advertised)| {
        let socket = make(at(ip)).map_err(|e| (at(ip), e))?;
        let advertised = advertised.iter().map(at).collect();
        Ok(Bound { socket, advertised })
    });
    bound.collect()
}

/// Where to listen, and for which addresses. One that this machine does not have is that of a router before it: what it
/// passes on arrives at any of ours, and who listens at all of them leaves the port to nobody else.
fn places(addresses: &[IpAddr], is_here: impl Fn(IpAddr) -> bool) -> Vec<(IpAddr, Vec<IpAddr>)> {
    let mut places: Vec<(IpAddr, Vec<IpAddr>)> = Vec::new();
    for ip in addresses {
        let mut family = addresses
            .iter()
            .filter(|other| other.is_ipv4() == ip.is_ipv4());
        let place = match ip {
            ip if family.all(|other| is_here(*other)) => *ip,
            IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
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
    fn an_address_elsewhere_shares_the_socket_at_all_addresses_with_those_of_its_kind() {
        let all = ips(["203.0.113.5", "::1", "127.0.0.1"]);
        let [outside, six, loopback] = all;
        let [four_all, six_all] = ips(["0.0.0.0", "::"]);
        let is_here = |ip: IpAddr| ip.is_loopback();
        assert_eq!(
            places(&all, is_here),
            [(four_all, vec![outside, loopback]), (six, vec![six])]
        );
        assert_eq!(
            places(&[six, loopback], is_here),
            [(six, vec![six]), (loopback, vec![loopback])]
        );
        assert_eq!(
            places(&all, |_| false),
            [(four_all, vec![outside, loopback]), (six_all, vec![six])]
        );
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
        let advertised = udp.iter().map(|bound| bound.advertised.len());
        assert!(advertised.eq([2, 1]));
        assert_eq!(tcp.len(), 2);
    }
}
