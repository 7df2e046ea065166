//! Sockets: packets come from them into one bounded queue and go out without waiting.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::net::{Protocol, Receive, TcpType, Transmit};
use str0m::{Candidate, Input};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::mpsc;

use super::homes::Source;
use super::tcp;

/// Packets that wait for us; more wait in the kernel, or are lost there.
const QUEUE: usize = 1024;
/// The longest packet of WebRTC is shorter.
const LONGEST: usize = 2048;
/// A connection that nobody knows is closed after this time.
const STRANGER: Duration = Duration::from_secs(10);
/// Most connections that nobody knows; the oldest is closed for one more. Who is somebody says so at once.
const STRANGERS: usize = 256;

/// A socket, and the addresses that clients reach it at: one at least.
#[derive(Debug)]
pub struct Bound<T> {
    pub socket: T,
    pub advertised: Vec<SocketAddr>,
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
    /// As str0m takes it at a time, if it is anything of WebRTC.
    pub fn input(&self, now: Instant) -> Option<Input<'_>> {
        let received = Receive::new(self.protocol, self.from, self.to, &self.bytes);
        Some(Input::Receive(now, received.ok()?))
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
            tokio::spawn(read(socket.clone(), advertised[0], arrivals.clone()));
            let candidates = advertised
                .iter()
                .map(|at| Candidate::builder().udp().host(*at));
            let candidates = candidates.filter_map(|candidate| candidate.build().ok());
            network.candidates.extend(candidates);
            network.udp.push(Bound { socket, advertised });
        }
        for Bound { socket, advertised } in tcp {
            tokio::spawn(tcp::accept(socket, advertised[0], arrivals.clone()));
            let candidates = advertised
                .iter()
                .map(|at| Candidate::builder().tcp().host(*at));
            let candidates =
                candidates.filter_map(|candidate| candidate.tcptype(TcpType::Passive).build().ok());
            network.candidates.extend(candidates);
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
                .find(|bound| bound.advertised.contains(&packet.source));
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
        let strangers = self.streams.iter().filter(|(_, stream)| !stream.is_known);
        if strangers.clone().count() >= STRANGERS
            && let Some((oldest, _)) = strangers.min_by_key(|(_, stream)| stream.since)
        {
            let oldest = *oldest;
            self.streams.remove(&oldest);
        }
        let stream = Stream {
            to,
            since: now,
            is_known: false,
        };
        self.streams.insert(from, stream);
    }

    /// It is somebody's.
    pub fn known(&mut self, from: SocketAddr) {
        if let Some(stream) = self.streams.get_mut(&from) {
            stream.is_known = true;
        }
    }

    /// It has ended, or is to. Where there is no connection, there is nothing to be done.
    pub fn close(&mut self, (protocol, from): Source) {
        if protocol == Protocol::Tcp {
            self.streams.remove(&from);
        }
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

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn silent_connections_do_not_keep_others_out() {
        let (mut network, _) = Network::start(Vec::new(), Vec::new());
        let start = Instant::now();
        let mut ends = Vec::new();
        for port in 0..=u16::try_from(STRANGERS).unwrap() {
            let (to, end) = mpsc::channel(1);
            let from = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            network.opened(from, to, start + Duration::from_millis(port.into()));
            if port == 0 {
                network.known(from);
            }
            ends.push(end);
        }
        assert!(ends.iter().all(|end| !end.is_closed()));
        let (to, newest) = mpsc::channel(1);
        network.opened((Ipv4Addr::LOCALHOST, 60_000).into(), to, start + STRANGER);
        let closed: Vec<_> = (0..ends.len()).filter(|at| ends[*at].is_closed()).collect();
        assert_eq!((closed, newest.is_closed()), (vec![1], false));
    }
}
