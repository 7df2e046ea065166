//! A packet of media as it came, read once for all who get it.

use str0m::format::{Codec, PayloadParams, detect_av1_keyframe, detect_vp9_keyframe};
use str0m::rtp::{RtpPacket, Vp8Descriptor};

use super::forwarder::{Incoming, Picture};

/// The packet.
pub struct Coming<'a> {
    pub packet: &'a RtpPacket,
    /// Its format, by the number that its sender gives to it.
    pub params: PayloadParams,
    pub vp8: Option<Vp8Descriptor>,
    pub incoming: Incoming,
}

impl<'a> Coming<'a> {
    /// A packet of this layer.
    pub fn new(layer: u8, params: PayloadParams, packet: &'a RtpPacket) -> Self {
        let payload = &packet.payload;
        let vp8 = (params.spec().codec == Codec::Vp8)
            .then(|| Vp8Descriptor::parse(payload).ok())
            .flatten();
        let is_key = match params.spec().codec {
            Codec::Vp8 => vp8.as_ref().is_some_and(|vp8| vp8.starts_keyframe(payload)),
            Codec::H264 => begins_h264(payload),
            Codec::Vp9 => detect_vp9_keyframe(payload),
            Codec::Av1 => detect_av1_keyframe(payload),
            _ => true,
        };
        let picture = vp8.as_ref().map_or(Picture::default(), |vp8| Picture {
            id: vp8.picture_id(),
            base: vp8.tl0_pic_idx(),
        });
        let incoming = Incoming {
            layer,
            source: *packet.header.ssrc,
            seq: *packet.seq_no,
            time: packet.header.timestamp,
            at: packet.timestamp,
            is_key,
            picture,
        };
        Self {
            packet,
            params,
            vp8,
            incoming,
        }
    }
}

/// Whether a picture begins with this packet that stands alone. H.264 says first what is in the picture, in a packet
/// before it if that is large (RFC 6184); without it nobody can decode it.
fn begins_h264(payload: &[u8]) -> bool {
    const WHAT_IS_IN_IT: u8 = 7;
    const SEVERAL: u8 = 24;
    let kind = |unit: &[u8]| unit.first().map(|first| first & 0x1f);
    let mut rest = match kind(payload) {
        Some(SEVERAL) => &payload[1..],
        kind => return kind == Some(WHAT_IS_IN_IT),
    };
    while let Some((length, units)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes(*length));
        if kind(units) == Some(WHAT_IS_IN_IT) {
            return true;
        }
        rest = units.get(length..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_of_h264_begins_with_what_is_in_it() {
        let alone = [&[0x67, 1, 2][..], &[24, 0, 2, 9, 9, 0, 1, 0x67, 0, 1, 0x68]];
        for payload in alone {
            assert!(begins_h264(payload), "{payload:?}");
        }
        let (slice, first_part_of_a_large_one) = ([0x65, 1], [0x7c, 0x85, 1]);
        let others = [
            &slice[..],
            &first_part_of_a_large_one,
            &[0x41, 7],
            &[24, 0, 1, 0x65, 0, 9, 0x68],
            &[24, 0, 0],
            &[24, 0],
            &[24],
            &[],
        ];
        for payload in others {
            assert!(!begins_h264(payload), "{payload:?}");
        }
    }
}
