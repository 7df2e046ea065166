//! A relay of a TURN server, asked for as a browser would that has no other way.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant as StdInstant};

use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket, lookup_host};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use turn_client_proto::api::{Transmit, TurnClientApi, TurnConfig, TurnEvent, TurnPollRet};
use turn_client_proto::stun::Instant as TurnInstant;
use turn_client_proto::tcp::TurnClientTcp;
use turn_client_proto::types::TurnCredentials;
use turn_client_proto::udp::TurnClientUdp;

use crate::tls::{Terms, agree};

/// A TURN server that the SFU names to who joins.
#[derive(Clone, Debug)]
pub struct TurnServer {
    /// `turn:192.0.2.7:3478?transport=udp`
    pub url: String,
    pub username: String,
    pub credential: SecretString,
}

/// What came of asking one for a relay.
#[derive(Clone, Debug)]
pub struct Relayed {
    /// The server, as the SFU names it.
    pub url: String,
    /// The address that it relays from.
    pub outcome: Result<SocketAddr, NoRelay>,
}

/// Why there is no relay.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRelay {
    /// It is to be reached in a way that is not known here.
    #[error("it is not asked over DTLS")]
    NotAsked,
    /// Its name has no address.
    #[error("its name has no address")]
    NoAddress,
    /// It cannot be sent to.
    #[error("nothing can be sent there: {0}")]
    Unreachable(String),
    /// No keys can be agreed upon with it.
    #[error("TLS fails: {0}")]
    NoTls(String),
    /// It does not answer.
    #[error("no answer")]
    Silent,
    /// It answers, and gives no relay.
    #[error("it refuses a relay to the credentials that the SFU gave out")]
    Refused,
    /// It gives a relay, but not to the SFU.
    #[error("it gives a relay, but lets nothing through to the SFU at {0}")]
    NotToPeer(IpAddr),
}

/// The longest packet that is read.
const LONGEST: usize = 1500;
/// So long it may take to say that a relay is needed no more.
const GOODBYE: Duration = Duration::from_millis(100);

/// Asks each server for a relay to `peer`, all at once.
pub async fn all(servers: &[TurnServer], peer: IpAddr, until: Instant) -> Vec<Relayed> {
    let asked = servers.iter().map(|server| async move {
        Relayed {
            url: server.url.clone(),
            outcome: one(server, peer, until).await,
        }
    });
    futures_util::future::join_all(asked).await
}

async fn one(server: &TurnServer, peer: IpAddr, until: Instant) -> Result<SocketAddr, NoRelay> {
    let place = Place::of(&server.url).ok_or(NoRelay::NotAsked)?;
    let found = timeout_at(until, lookup_host((place.host, place.port))).await;
    let found = found.map_err(|_| NoRelay::NoAddress)?;
    let found: Vec<_> = found.map_err(|_| NoRelay::NoAddress)?.collect();
    // A relay over IPv4 is asked for.
    let to = found.iter().find(|to| to.is_ipv4()).or(found.first());
    let to = *to.ok_or(NoRelay::NoAddress)?;
    let config = TurnConfig::new(TurnCredentials::new(
        &server.username,
        server.credential.expose_secret(),
    ));
    if place.way == Way::Udp {
        let socket = bound(to).await.map_err(unreachable)?;
        let local = socket.local_addr().map_err(unreachable)?;
        let client = TurnClientUdp::allocate(local, to, config);
        return Relay::new(client, socket).asked(peer, until).await;
    }
    let stream = timeout_at(until, TcpStream::connect(to)).await;
    let stream = stream.map_err(|_| NoRelay::Silent)?.map_err(unreachable)?;
    let local = stream.local_addr().map_err(unreachable)?;
    let client = TurnClientTcp::allocate(local, to, config);
    if place.way == Way::Tcp {
        return Relay::new(client, Stream(stream)).asked(peer, until).await;
    }
    let terms = Terms::default();
    let agreed = timeout_at(until, agree(stream, place.host, &terms)).await;
    let stream = agreed.map_err(|_| NoRelay::NoTls("no answer".to_owned()))?;
    let stream = stream.map_err(|e| NoRelay::NoTls(e.to_string()))?;
    Relay::new(client, Stream(stream)).asked(peer, until).await
}

async fn bound(to: SocketAddr) -> io::Result<UdpSocket> {
    let any: IpAddr = match to {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(to).await?;
    Ok(socket)
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn unreachable(e: io::Error) -> NoRelay {
    NoRelay::Unreachable(e.to_string())
}

/// How a server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Udp,
    Tcp,
    Tls,
}

/// Where a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place<'a> {
    way: Way,
    host: &'a str,
    port: u16,
}

impl<'a> Place<'a> {
    /// `turn:host:port?transport=udp`, of which the last two may be missing.
    fn of(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once(':')?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (way, usual) = match (scheme, query) {
            ("turn", "" | "transport=udp") => (Way::Udp, 3478),
            ("turn", "transport=tcp") => (Way::Tcp, 3478),
            ("turns", "" | "transport=tcp") => (Way::Tls, 5349),
            _ => return None,
        };
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
            _ => (place, usual),
        };
        let host = host.trim_matches(['[', ']']);
        Some(Self { way, host, port })
    }
}

/// What the exchange goes over.
trait Line {
    async fn send(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Nothing is lost when it is given up halfway.
    async fn receive(&mut self, into: &mut [u8]) -> io::Result<usize>;
}

impl Line for UdpSocket {
    async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        Self::send(self, bytes).await.map(|_| ())
    }

    async fn receive(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.recv(into).await
    }
}

struct Stream<S>(S);

impl<S: AsyncRead + AsyncWrite + Unpin> Line for Stream<S> {
    async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await?;
        self.0.flush().await
    }

    async fn receive(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.0.read(into).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            length => Ok(length),
        }
    }
}

/// The state of the exchange, and what it goes over.
struct Relay<C, L> {
    client: C,
    line: L,
    began: StdInstant,
    has_answered: bool,
}

impl<C: TurnClientApi, L: Line> Relay<C, L> {
    fn new(client: C, line: L) -> Self {
        Self {
            client,
            line,
            began: StdInstant::now(),
            has_answered: false,
        }
    }

    /// Asks, and gives back what it got.
    async fn asked(mut self, peer: IpAddr, until: Instant) -> Result<SocketAddr, NoRelay> {
        let outcome = timeout_at(until, self.allocate(peer)).await;
        // Nobody waits for long: what is not given back runs out.
        let _ = timeout(GOODBYE, self.give_back()).await;
        outcome.unwrap_or(Err(self.silent_or(NoRelay::Refused)))
    }

    fn now(&self) -> TurnInstant {
        TurnInstant::from_std(self.began)
    }

    fn silent_or(&self, failure: NoRelay) -> NoRelay {
        if self.has_answered {
            failure
        } else {
            NoRelay::Silent
        }
    }

    /// A relay, and leave to send to `peer` through it.
    async fn allocate(&mut self, peer: IpAddr) -> Result<SocketAddr, NoRelay> {
        let mut relayed = None;
        loop {
            self.send().await.map_err(unreachable)?;
            while let Some(event) = self.client.poll_event() {
                match (event, relayed) {
                    (TurnEvent::AllocationCreated(transport, at), _) => {
                        relayed = Some(at);
                        let now = self.now();
                        let asked = self.client.create_permission(transport, peer, now);
                        asked.map_err(|_| NoRelay::NotToPeer(peer))?;
                    }
                    (TurnEvent::PermissionCreated(..), Some(at)) => return Ok(at),
                    (TurnEvent::PermissionCreateFailed(..), _) => {
                        return Err(NoRelay::NotToPeer(peer));
                    }
                    (TurnEvent::AllocationCreateFailed(_), _) => {
                        return Err(self.silent_or(NoRelay::Refused));
                    }
                    _ => {}
                }
            }
            match self.client.poll(self.now()) {
                TurnPollRet::WaitUntil(at) => self.wait(at).await?,
                _ => return Err(self.silent_or(NoRelay::Refused)),
            }
        }
    }

    async fn send(&mut self) -> io::Result<()> {
        while let Some(transmit) = self.client.poll_transmit(self.now()) {
            self.line.send(&transmit.data).await?;
        }
        Ok(())
    }

    async fn wait(&mut self, until: TurnInstant) -> Result<(), NoRelay> {
        let mut packet = [0; LONGEST];
        let until = until.to_std(self.began);
        tokio::select! {
            received = self.line.receive(&mut packet) => {
                let length = received.map_err(unreachable)?;
                self.has_answered = true;
                let (from, to) = (self.client.remote_addr(), self.client.local_addr());
                let way = self.client.transport();
                let now = self.now();
                let transmit = Transmit::new(&packet[..length], way, from, to);
                // What is not for the exchange is of no interest.
                let _ = self.client.recv(transmit, now);
                while self.client.poll_recv(now).is_some() {}
            }
            () = sleep_until(until.into()) => {}
        }
        Ok(())
    }

    /// Nobody waits for the answer.
    async fn give_back(&mut self) {
        if self.client.delete(self.now()).is_ok() {
            let _ = self.send().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_with_the_way_to_them() {
        let at = |way, host, port| Some(Place { way, host, port });
        for (url, expected) in [
            (
                "turn:192.0.2.7:3479?transport=udp",
                at(Way::Udp, "192.0.2.7", 3479),
            ),
            (
                "turn:192.0.2.7:80?transport=tcp",
                at(Way::Tcp, "192.0.2.7", 80),
            ),
            (
                "turns:turn.example:443?transport=tcp",
                at(Way::Tls, "turn.example", 443),
            ),
            ("turns:turn.example", at(Way::Tls, "turn.example", 5349)),
            ("turn:[fd00::1]", at(Way::Udp, "fd00::1", 3478)),
            ("turn:[fd00::1]:5", at(Way::Udp, "fd00::1", 5)),
            ("turns:turn.example:443?transport=udp", None),
            ("turn:turn.example:port", None),
            ("stun:turn.example", None),
        ] {
            assert_eq!(Place::of(url), expected, "{url}");
        }
    }
}
