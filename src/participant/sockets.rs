//! The sockets of one connection. Each address of the SFU is reached from one of ours.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use tokio::io::AsyncWriteExt as _;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinSet;

use super::framing;
use super::report::Transport;

/// So much waits to be looked at before sockets are read no further.
const BACKLOG: usize = 64;

/// Datagrams of WebRTC are shorter.
const LONGEST_DATAGRAM: usize = 2048;

/// What the sockets have to tell.
pub enum Heard {
    /// `remote` is reached from `local`.
    Ready {
        /// The SFU's address.
        remote: SocketAddr,
        /// Ours.
        local: SocketAddr,
    },
    /// Nothing can be sent to `remote`.
    Refused {
        /// The SFU's address.
        remote: SocketAddr,
        /// Why.
        why: io::Error,
    },
    /// A packet.
    Packet {
        /// The SFU's address.
        from: SocketAddr,
        /// Ours.
        to: SocketAddr,
        /// What is in it.
        bytes: Vec<u8>,
    },
}

/// What the tasks of the sockets have to tell.
enum Told {
    Connected(SocketAddr, TcpStream),
    Heard(Heard),
}

/// The sockets; they close with the value.
pub struct Sockets {
    transport: Transport,
    /// By our own address.
    udp: HashMap<SocketAddr, Arc<UdpSocket>>,
    /// By our own address, with the SFU's.
    tcp: HashMap<SocketAddr, (SocketAddr, OwnedWriteHalf)>,
    told: Receiver<Told>,
    tell: Sender<Told>,
    tasks: JoinSet<()>,
}

impl Sockets {
    /// None yet.
    pub fn new(transport: Transport) -> Self {
        let (tell, told) = mpsc::channel(BACKLOG);
        Self {
            transport,
            udp: HashMap::new(),
            tcp: HashMap::new(),
            told,
            tell,
            tasks: JoinSet::new(),
        }
    }

    /// Finds a way to `remote`; `None`: that takes a while, [`Sockets::next`] will tell.
    pub async fn dial(&mut self, remote: SocketAddr) -> Option<Heard> {
        match self.transport {
            Transport::Udp => Some(match self.bind(remote).await {
                Ok(local) => Heard::Ready { remote, local },
                Err(why) => Heard::Refused { remote, why },
            }),
            Transport::Tcp => {
                let tell = self.tell.clone();
                self.tasks.spawn(async move {
                    let told = match TcpStream::connect(remote).await {
                        Ok(stream) => Told::Connected(remote, stream),
                        Err(why) => Told::Heard(Heard::Refused { remote, why }),
                    };
                    let _ = tell.send(told).await;
                });
                None
            }
        }
    }

    /// One socket for each of our addresses.
    async fn bind(&mut self, remote: SocketAddr) -> io::Result<SocketAddr> {
        let ip = source_for(remote)?;
        if let Some(bound) = self.udp.keys().find(|local| local.ip() == ip) {
            return Ok(*bound);
        }
        let socket = Arc::new(UdpSocket::bind((ip, 0)).await?);
        let local = socket.local_addr()?;
        self.tasks.spawn(read_datagrams(
            Arc::clone(&socket),
            local,
            self.tell.clone(),
        ));
        self.udp.insert(local, socket);
        Ok(local)
    }

    /// What happens next. Nothing is lost when it is given up halfway.
    pub async fn next(&mut self) -> Heard {
        loop {
            match self.told.recv().await {
                Some(Told::Heard(heard)) => return heard,
                Some(Told::Connected(remote, stream)) => match stream.local_addr() {
                    Ok(local) => {
                        self.keep(remote, local, stream);
                        return Heard::Ready { remote, local };
                    }
                    Err(why) => return Heard::Refused { remote, why },
                },
                // Not while `self.tell` is there.
                None => std::future::pending().await,
            }
        }
    }

    fn keep(&mut self, remote: SocketAddr, local: SocketAddr, stream: TcpStream) {
        // Handshakes are small packets that wait for each other.
        let _ = stream.set_nodelay(true);
        let (mut read, write) = stream.into_split();
        let tell = self.tell.clone();
        self.tasks.spawn(async move {
            while let Ok(bytes) = framing::next(&mut read).await {
                let (from, to) = (remote, local);
                let packet = Heard::Packet { from, to, bytes };
                if tell.send(Told::Heard(packet)).await.is_err() {
                    break;
                }
            }
        });
        self.tcp.insert(local, (remote, write));
    }

    /// Sends a packet; where no socket of ours reaches `to`, nothing happens.
    pub async fn send(
        &mut self,
        from: SocketAddr,
        to: SocketAddr,
        packet: &[u8],
    ) -> io::Result<()> {
        if let Some(socket) = self.udp.get(&from) {
            socket.send_to(packet, to).await?;
        }
        if let Some((remote, stream)) = self.tcp.get_mut(&from)
            && *remote == to
            && let Some(framed) = framing::framed(packet)
        {
            stream.write_all(&framed).await?;
        }
        Ok(())
    }
}

async fn read_datagrams(socket: Arc<UdpSocket>, to: SocketAddr, tell: Sender<Told>) {
    let mut buffer = [0; LONGEST_DATAGRAM];
    loop {
        match socket.recv_from(&mut buffer).await {
            Ok((length, from)) => {
                let bytes = buffer[..length].to_vec();
                let packet = Heard::Packet { from, to, bytes };
                if tell.send(Told::Heard(packet)).await.is_err() {
                    return;
                }
            }
            // Windows tells this way that nobody listens where something was sent to.
            Err(e) if e.kind() == io::ErrorKind::ConnectionReset => {}
            Err(_) => return,
        }
    }
}

/// Which of our addresses the kernel would send from; nothing is sent.
fn source_for(remote: SocketAddr) -> io::Result<IpAddr> {
    let any: IpAddr = match remote {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let probe = std::net::UdpSocket::bind((any, 0))?;
    probe.connect(remote)?;
    Ok(probe.local_addr()?.ip())
}
