//! The process: binds everything, says so, serves until it is told to end.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Instant;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rustix::net::sockopt::set_socket_recv_buffer_size;
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::{mpsc, watch};

use super::command::Handle;
use super::config::{MediaConfig, SfuConfig};
use super::hub::Hub;
use super::media::{Bound, Media, Network};
use super::refusals::Refusals;
use super::rooms::World;
use super::signalling::{self, Floor, Keys};
use super::webhooks::Webhooks;
use crate::context::Clock;
use crate::error::{Error, Result};

/// Bytes of packets that wait in the kernel, as much as LiveKit asks for.
const RECEIVE_BUFFER: usize = 5_000_000;
/// Requests that wait for the hub; more wait with those who make them.
const COMMANDS: usize = 256;

/// Serves until `ending` is true.
pub async fn run(clock: Clock, config: SfuConfig, ending: watch::Receiver<bool>) -> Result<()> {
    let mut listeners = Vec::new();
    for ip in &config.addresses {
        listeners.push(listen(SocketAddr::new(*ip, config.port), "signalling").await?);
    }
    let (port, udp) = bind_udp(&config.media).await?;
    let tcp = bind_tcp(&config.media).await?;
    tracing::info!(
        "starting embedded SFU: signalling on {}, media on {port}/udp and {}/tcp at {}",
        config.port,
        config
            .media
            .tcp
            .map_or("no".into(), |port| port.to_string()),
        list(&config.media.addresses),
    );
    let (network, arrivals) = Network::start(udp, tcp);
    let world = World::new(config.rooms, StdRng::from_rng(&mut rand::rng()));
    let webhooks = config
        .webhook
        .map(|webhook| Webhooks::start(&webhook, clock.clone()));
    let media = Media::new(network, Instant::now());
    let refusals = Refusals::new();
    let hub = Hub::new(
        world,
        media,
        refusals.clone(),
        webhooks,
        clock.clone(),
        config.region,
    );
    let (commands, received) = mpsc::channel(COMMANDS);
    let floor = Floor {
        keys: Keys::new(&config.keys, clock),
        hub: Handle(commands),
        refusals,
    };
    let serving = signalling::serve(listeners, signalling::router(floor), ending.clone());
    tokio::join!(serving, hub.run(received, arrivals, ending));
    Ok(())
}

/// The first port of the range that is free at all addresses.
async fn bind_udp(config: &MediaConfig) -> Result<(u16, Vec<Bound<UdpSocket>>)> {
    let (first, last) = config.udp;
    let mut refused = Ok(());
    for port in first..=last {
        match bind_all(&config.addresses, port).await {
            Ok(sockets) => return Ok((port, sockets)),
            Err((address, e)) => refused = Err(cannot_bind(address, "media", e)),
        }
    }
    refused?;
    Err(Error::usage("no UDP port for media: `rtc.udp_port`"))
}

type Refused = (SocketAddr, io::Error);

async fn bind_all(addresses: &[IpAddr], port: u16) -> Result<Vec<Bound<UdpSocket>>, Refused> {
    let mut sockets = Vec::new();
    for ip in addresses {
        let (address, advertised) = (
            SocketAddr::new(local(*ip), port),
            SocketAddr::new(*ip, port),
        );
        let socket = UdpSocket::bind(address).await.map_err(|e| (address, e))?;
        // The kernel gives what it allows. Without more of it, it loses packets whenever we are kept from running.
        if let Err(e) = set_socket_recv_buffer_size(&socket, RECEIVE_BUFFER) {
            tracing::debug!("the receive buffer of `{address}` stays as it is: {e}");
        }
        sockets.push(Bound { socket, advertised });
    }
    Ok(sockets)
}

async fn bind_tcp(config: &MediaConfig) -> Result<Vec<Bound<TcpListener>>> {
    let mut listeners = Vec::new();
    let Some(port) = config.tcp else {
        return Ok(listeners);
    };
    for ip in &config.addresses {
        let socket = listen(SocketAddr::new(local(*ip), port), "media over TCP").await?;
        let advertised = SocketAddr::new(*ip, port);
        listeners.push(Bound { socket, advertised });
    }
    Ok(listeners)
}

/// An address that this machine does not have is that of a router before it: what it passes on arrives
/// at any of ours.
fn local(ip: IpAddr) -> IpAddr {
    match ip {
        ip if crate::host::address::is_here(ip) => ip,
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
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
