//! A poor line to an SFU's media: a relay of datagrams which loses some and lets no more through than it carries.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// The longest datagram of WebRTC is shorter.
const LONGEST: usize = 2048;
/// Datagrams that wait; more are lost, as at any router.
const QUEUE: usize = 32;

/// What a line is like.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Of a hundred datagrams, each way, so many are lost.
    pub lost: u32,
    /// Bits a second towards the client; 0: any.
    pub down: u64,
}

/// A line on loopback. It ends with the value.
#[derive(Debug)]
pub struct PoorLine {
    /// Where clients send to.
    pub port: u16,
    _relay: JoinSet<()>,
}

impl PoorLine {
    /// A line to the SFU's media at `port`.
    pub async fn to(port: u16, shape: Shape) -> Self {
        let near = Arc::new(bound().await);
        let line = near.local_addr().unwrap().port();
        let mut relay = JoinSet::new();
        relay.spawn(carry(
            near,
            SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            shape,
        ));
        Self {
            port: line,
            _relay: relay,
        }
    }
}

async fn bound() -> UdpSocket {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap()
}

/// From clients to the SFU; each of them has a socket of its own there, and what comes to it goes back.
async fn carry(near: Arc<UdpSocket>, sfu: SocketAddr, shape: Shape) {
    let mut luck = StdRng::seed_from_u64(1);
    let mut far: HashMap<SocketAddr, Arc<UdpSocket>> = HashMap::new();
    let mut back = JoinSet::new();
    let mut buffer = [0; LONGEST];
    loop {
        let Ok((length, client)) = near.recv_from(&mut buffer).await else {
            continue;
        };
        if !far.contains_key(&client) {
            let socket = Arc::new(bound().await);
            let (sender, waiting) = mpsc::channel(QUEUE);
            let seed = far.len() as u64;
            back.spawn(take(socket.clone(), sender, shape.lost, seed));
            back.spawn(pace(near.clone(), client, waiting, shape.down));
            far.insert(client, socket);
        }
        if luck.random_range(0..100) >= shape.lost {
            let _ = far[&client].send_to(&buffer[..length], sfu).await;
        }
    }
}

async fn take(from: Arc<UdpSocket>, queue: mpsc::Sender<Vec<u8>>, lost: u32, seed: u64) {
    let mut luck = StdRng::seed_from_u64(seed);
    let mut buffer = [0; LONGEST];
    while let Ok(length) = from.recv(&mut buffer).await {
        if luck.random_range(0..100) >= lost {
            let _ = queue.try_send(buffer[..length].to_vec());
        }
    }
}

/// One after the other, as fast as the line carries them.
async fn pace(
    near: Arc<UdpSocket>,
    client: SocketAddr,
    mut queue: mpsc::Receiver<Vec<u8>>,
    rate: u64,
) {
    let mut free = Instant::now();
    while let Some(datagram) = queue.recv().await {
        if rate > 0 {
            free = free.max(Instant::now()) + time_of(datagram.len(), rate);
            sleep_until(free).await;
        }
        let _ = near.send_to(&datagram, client).await;
    }
}

fn time_of(bytes: usize, rate: u64) -> Duration {
    Duration::from_micros(bytes as u64 * 8 * 1_000_000 / rate)
}
