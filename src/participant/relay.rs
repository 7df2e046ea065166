//! A relay of a TURN server, asked for as a browser would that has no other way.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant as StdInstant;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::net::{UdpSocket, lookup_host};
use tokio::time::{Instant, sleep_until, timeout_at};
use turn_client_proto::api::{Transmit, TurnClientApi as _, TurnConfig, TurnEvent, TurnPollRet};
use turn_client_proto::stun::Instant as TurnInstant;
use turn_client_proto::types::{TransportType, TurnCredentials};
use turn_client_proto::udp::TurnClientUdp;

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
    /// It is to be reached over TCP or TLS.
    #[error("it is not asked over TCP or TLS")]
    NotAsked,
    /// Its name has no address.
    #[error("its name has no address")]
    NoAddress,
    /// It cannot be sent to.
    #[error("nothing can be sent there: {0}")]
    Unreachable(String),
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
    let place = udp_place(&server.url).ok_or(NoRelay::NotAsked)?;
    let found = timeout_at(until, lookup_host(place)).await;
    let found = found.map_err(|_| NoRelay::NoAddress)?;
    let mut found = found.map_err(|_| NoRelay::NoAddress)?;
    // A relay over IPv4 is asked for.
    let to = found.find(SocketAddr::is_ipv4).ok_or(NoRelay::NoAddress)?;
    let unreachable = |e: io::Error| NoRelay::Unreachable(e.to_string());
    let mut relay = Relay::new(server, to).await.map_err(unreachable)?;
    let outcome = timeout_at(until, relay.allocate(peer)).await;
    relay.give_back().await;
    outcome.unwrap_or(Err(relay.silent_or(NoRelay::Refused)))
}

/// `host:port` of a server that is reached over UDP.
fn udp_place(url: &str) -> Option<&str> {
    let (place, query) = url.strip_prefix("turn:")?.split_once('?')?;
    (query == "transport=udp").then_some(place)
}

/// The state of the exchange, and its socket.
struct Relay {
    client: TurnClientUdp,
    socket: UdpSocket,
    began: StdInstant,
    has_answered: bool,
}

impl Relay {
    async fn new(server: &TurnServer, to: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind(("0.0.0.0", 0)).await?;
        socket.connect(to).await?;
        let credentials = TurnCredentials::new(&server.username, server.credential.expose_secret());
        let config = TurnConfig::new(credentials);
        Ok(Self {
            client: TurnClientUdp::allocate(socket.local_addr()?, to, config),
            socket,
            began: StdInstant::now(),
            has_answered: false,
        })
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
            self.send()
                .await
                .map_err(|e| NoRelay::Unreachable(e.to_string()))?;
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
            self.socket.send(&transmit.data).await?;
        }
        Ok(())
    }

    async fn wait(&mut self, until: TurnInstant) -> Result<(), NoRelay> {
        let mut packet = [0; LONGEST];
        let until = until.to_std(self.began);
        tokio::select! {
            received = self.socket.recv(&mut packet) => {
                let length = received.map_err(|e| NoRelay::Unreachable(e.to_string()))?;
                self.has_answered = true;
                let (from, to) = (self.client.remote_addr(), self.client.local_addr());
                let bytes = &packet[..length];
                let transmit = Transmit::new(bytes, TransportType::Udp, from, to);
                // What is not for the exchange is of no interest.
                let _ = self.client.recv(transmit, self.now());
            }
            () = sleep_until(until.into()) => {}
        }
        Ok(())
    }

    /// Nobody waits for the answer: what is not given back runs out.
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
    fn servers_over_udp_are_told_from_others() {
        let place = "192.0.2.7:3478";
        assert_eq!(udp_place("turn:192.0.2.7:3478?transport=udp"), Some(place));
        assert_eq!(udp_place("turn:192.0.2.7:3478?transport=tcp"), None);
        assert_eq!(udp_place("turns:turn.example:443?transport=tcp"), None);
    }
}
