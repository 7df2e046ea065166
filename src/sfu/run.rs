//! The process: binds everything, says so, serves until it is told to end.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::watch;

use super::config::{MediaConfig, SfuConfig};
use super::signalling::{self, Keys};
use crate::context::Clock;
use crate::error::{Error, Result};
use crate::output::Output;

/// What clients are told of the server's version: what a client may do depends on it.
pub const VERSION: &str = "1.9.0";

/// Serves until `ending` is true.
pub async fn run(
    out: &Output,
    clock: Clock,
    config: SfuConfig,
    ending: watch::Receiver<bool>,
) -> Result<()> {
    let mut listeners = Vec::new();
    for ip in &config.addresses {
        listeners.push(listen(SocketAddr::new(*ip, config.port), "signalling").await?);
    }
    let sockets = Sockets::bind(&config.media).await?;
    let tcp = config
        .media
        .tcp
        .map_or("none".into(), |port| port.to_string());
    out.say(format_args!(
        "starting embedded SFU: signalling on {}, media on {}/udp and {tcp}/tcp at {}",
        config.port,
        sockets.port,
        list(&config.media.addresses),
    ));
    let keys = Keys::new(&config.keys, clock);
    signalling::serve(listeners, signalling::router(keys), ending).await;
    Ok(())
}

/// The sockets of media.
struct Sockets {
    port: u16,
    _udp: Vec<UdpSocket>,
    _tcp: Vec<TcpListener>,
}

impl Sockets {
    async fn bind(config: &MediaConfig) -> Result<Self> {
        let (port, udp) = bind_udp(config).await?;
        let mut tcp = Vec::new();
        if let Some(port) = config.tcp {
            for ip in local(&config.addresses) {
                tcp.push(listen(SocketAddr::new(ip, port), "media over TCP").await?);
            }
        }
        Ok(Self {
            port,
            _udp: udp,
            _tcp: tcp,
        })
    }
}

/// The first port of the range that is free at all addresses.
async fn bind_udp(config: &MediaConfig) -> Result<(u16, Vec<UdpSocket>)> {
    let (first, last) = config.udp;
    let mut refused = None;
    for port in first..=last {
        match bind_all(&config.addresses, port).await {
            Ok(sockets) => return Ok((port, sockets)),
            Err(e) => refused = Some(e),
        }
    }
    let (address, e) = refused.unwrap_or_else(|| {
        (
            SocketAddr::new(config.addresses[0], first),
            io::ErrorKind::AddrInUse.into(),
        )
    });
    Err(cannot_bind(address, "media", e))
}

async fn bind_all(
    addresses: &[IpAddr],
    port: u16,
) -> Result<Vec<UdpSocket>, (SocketAddr, io::Error)> {
    let mut sockets = Vec::new();
    for ip in local(addresses) {
        let address = SocketAddr::new(ip, port);
        sockets.push(UdpSocket::bind(address).await.map_err(|e| (address, e))?);
    }
    Ok(sockets)
}

/// An address that this machine does not have is that of a router before it: what it passes on arrives
/// anywhere.
fn local(addresses: &[IpAddr]) -> Vec<IpAddr> {
    let is_here = |ip: &IpAddr| crate::host::address::is_here(*ip);
    addresses.iter().copied().filter(is_here).collect()
}

async fn listen(address: SocketAddr, purpose: &str) -> Result<TcpListener> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|e| cannot_bind(address, purpose, e))
}

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

fn list(addresses: &[IpAddr]) -> String {
    let texts: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    texts.join(", ")
}
