//! Packets in a TCP stream: two bytes of length before each (RFC 4571).

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The packet as it is written; `None` if it is too long for that.
pub fn framed(packet: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(packet.len()).ok()?;
    let mut framed = length.to_be_bytes().to_vec();
    framed.extend_from_slice(packet);
    Some(framed)
}

/// The next packet. Not to be given up halfway: what was read is lost then.
pub async fn next(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let length = stream.read_u16().await?;
    let mut packet = vec![0; length.into()];
    stream.read_exact(&mut packet).await?;
    Ok(packet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn packets_come_out_of_a_stream_as_they_went_in() {
        let packets = [b"one".to_vec(), Vec::new(), vec![7; 65_535]];
        let stream = packets.iter().filter_map(|packet| framed(packet));
        let stream = stream.collect::<Vec<_>>().concat();
        let mut rest = stream.as_slice();
        for packet in packets {
            assert_eq!(next(&mut rest).await.unwrap(), packet);
        }
        assert!(next(&mut rest).await.is_err());
        assert_eq!(framed(&vec![7; 65_536]), None);
    }

    #[tokio::test]
    async fn a_packet_that_is_cut_off_is_an_error() {
        let mut cut = &framed(b"whole").unwrap()[..5];
        let error = next(&mut cut).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
