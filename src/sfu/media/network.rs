//! Sockets: packets come from them into one bounded queue and go out without waiting.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::Candidate;
use str0m::net::{Protocol, Receive, TcpType, Transmit};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::mpsc;

use super::tcp;

/// Packets that wait for us; more wait in the kernel, or are lost there.
const QUEUE: usize = 1024;
/// The longest packet of WebRTC is shorter.
const LONGEST: usize = 2048;
/// A connection that nobody knows is closed after this time.
const STRANGER: Duration = Duration::from_secs(10);
/// Most connections that nobody knows.
const STRANGERS: usize = 256;

/// A socket, and the address that clients reach it at.
#[derive(Debug)]
pub struct Bound<T> {
    pub socket: T,
    pub advertised: SocketAddr,
}

/// Something has come.
#[derive(Debug)]
pub enum Arrival {
    Packet(Packet),
    /// A TCP connection, and where to write to it.
    Opened(SocketAddr, mpsc::Sender<Vec<u8>>),
    Closed(SocketAddr),
}

#[derive(Debug)]
pub struct Packet {
    pub protocol: Protocol,
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub bytes: Vec<u8>,
    pub at: Instant,
}

impl Packet {
    /// As str0m takes it, if it is anything of WebRTC.
    pub fn receive(&self) -> Option<Receive<'_>> {
        Receive::new(self.protocol, self.from, self.to, &self.bytes).ok()
    }
}

/// All sockets of media.
pub struct Network {
    udp: Vec<Bound<Arc<UdpSocket>>>,
    candidates: Vec<Candidate>,
    streams: HashMap<SocketAddr, Stream>,
}

struct Stream {
    to: mpsc::Sender<Vec<u8>>,
    since: Instant,
    is_known: bool,
}

impl Network {
    /// Reads from these sockets from now on.
    pub fn start(
        udp: Vec<Bound<UdpSocket>>,
        tcp: Vec<Bound<TcpListener>>,
    ) -> (Self, mpsc::Receiver<Arrival>) {
        let (arrivals, received) = mpsc::channel(QUEUE);
        let mut network = Self {
            udp: Vec::new(),
            candidates: Vec::new(),
            streams: HashMap::new(),
        };
        for Bound { socket, advertised } in udp {
            let socket = Arc::new(socket);
            tokio::spawn(read(socket.clone(), advertised, arrivals.clone()));
            let candidate = Candidate::builder().udp().host(advertised).build();
            network.candidates.extend(candidate.ok());
            network.udp.push(Bound { socket, advertised });
        }
        for Bound { socket, advertised } in tcp {
            tokio::spawn(tcp::accept(socket, advertised, arrivals.clone()));
            let candidate = Candidate::builder().tcp().host(advertised);
            network
                .candidates
                .extend(candidate.tcptype(TcpType::Passive).build().ok());
        }
        (network, received)
    }

    /// Where clients reach us.
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// Sends a packet, or loses it: nobody is waited for.
    pub fn send(&self, packet: &Transmit) {
        let (to, bytes) = (packet.destination, &packet.contents);
        if packet.proto == Protocol::Udp {
            let socket = self
                .udp
                .iter()
                .find(|bound| bound.advertised == packet.source);
            if let Some(bound) = socket
                && let Err(e) = bound.socket.try_send_to(bytes, to)
            {
                tracing::trace!("a packet to {to} is lost: {e}");
            }
        } else if let Some(stream) = self.streams.get(&to) {
            let _ = stream.to.try_send(bytes.to_vec());
        }
    }

    /// A TCP connection has come.
    pub fn opened(&mut self, from: SocketAddr, to: mpsc::Sender<Vec<u8>>, now: Instant) {
        let strangers = self
            .streams
            .values()
            .filter(|stream| !stream.is_known)
            .count();
        if strangers < STRANGERS {
            let stream = Stream {
                to,
                since: now,
                is_known: false,
            };
            self.streams.insert(from, stream);
        }
    }

    /// It is somebody's.
    pub fn known(&mut self, from: SocketAddr) {
        if let Some(stream) = self.streams.get_mut(&from) {
            stream.is_known = true;
        }
    }

    /// It has ended, or is to.
    pub fn closed(&mut self, from: SocketAddr) {
        self.streams.remove(&from);
    }

    /// Closes what nobody knows.
    pub fn tick(&mut self, now: Instant) {
        self.streams
            .retain(|_, stream| stream.is_known || now < stream.since + STRANGER);
    }
}

async fn read(socket: Arc<UdpSocket>, to: SocketAddr, arrivals: mpsc::Sender<Arrival>) {
    let mut buffer = vec![0; LONGEST];
    loop {
        match socket.recv_from(&mut buffer).await {
            Ok((length, from)) => {
                let packet = Packet {
                    protocol: Protocol::Udp,
                    from,
                    to,
                    bytes: buffer[..length].to_vec(),
                    at: Instant::now(),
                };
                if arrivals.send(Arrival::Packet(packet)).await.is_err() {
                    return;
                }
            }
            // Somebody whom we sent to is no more.
            Err(e) => tracing::trace!("nothing received: {e}"),
        }
    }
}
