//! Media over TCP: each packet with its length before it (RFC 4571).

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::net::Protocol;
use tokio::io::{AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::network::{Arrival, Packet};

/// Packets that wait for a slow reader; more are lost, as they would be over UDP.
const QUEUE: usize = 256;
/// Longer packets are no media.
const LONGEST: usize = 2048;
/// After a failed accept: it fails for want of descriptors, which others must give back.
const PAUSE: Duration = Duration::from_secs(1);
/// Who reads nothing for so long is not there.
const PATIENCE: Duration = Duration::from_secs(10);

/// Takes connections.
pub async fn accept(listener: TcpListener, to: SocketAddr, arrivals: mpsc::Sender<Arrival>) {
    loop {
        match listener.accept().await {
            Ok((stream, from)) => {
                tokio::spawn(serve(stream, from, to, arrivals.clone()));
            }
            Err(e) => {
                tracing::warn!("cannot accept a connection for media: {e}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn serve(
    stream: TcpStream,
    from: SocketAddr,
    to: SocketAddr,
    arrivals: mpsc::Sender<Arrival>,
) {
    let _ = stream.set_nodelay(true);
    let (reader, writer) = stream.into_split();
    let (sender, outgoing) = mpsc::channel(QUEUE);
    if arrivals.send(Arrival::Opened(from, sender)).await.is_err() {
        return;
    }
    // The first of the two to end ends both.
    tokio::select! {
        _ = read(reader, from, to, &arrivals) => {}
        _ = write(writer, outgoing, PATIENCE) => {}
    }
    let _ = arrivals.send(Arrival::Closed(from)).await;
}

async fn read(
    mut reader: OwnedReadHalf,
    from: SocketAddr,
    to: SocketAddr,
    arrivals: &mpsc::Sender<Arrival>,
) -> io::Result<()> {
    loop {
        let length = usize::from(reader.read_u16().await?);
        if length > LONGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut bytes = vec![0; length];
        reader.read_exact(&mut bytes).await?;
        let packet = Packet {
            protocol: Protocol::Tcp,
            from,
            to,
            bytes,
            at: Instant::now(),
        };
        if arrivals.send(Arrival::Packet(packet)).await.is_err() {
            return Ok(());
        }
    }
}

async fn write(
    mut writer: impl AsyncWrite + Unpin,
    mut outgoing: mpsc::Receiver<Vec<u8>>,
    patience: Duration,
) -> io::Result<()> {
    while let Some(bytes) = outgoing.recv().await {
        let Ok(length) = u16::try_from(bytes.len()) else {
            continue;
        };
        let mut frame = Vec::with_capacity(bytes.len() + 2);
        frame.extend_from_slice(&length.to_be_bytes());
        frame.extend_from_slice(&bytes);
        timeout(patience, writer.write_all(&frame)).await??;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    #[tokio::test]
    async fn who_reads_nothing_is_given_up() {
        let (writer, _reader) = duplex(16);
        let (to, outgoing) = mpsc::channel(QUEUE);
        to.try_send(vec![0; 100]).unwrap();
        let error = write(writer, outgoing, Duration::from_millis(10)).await;
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
