//! A track on its way to one subscriber.

use str0m::Rtc;
use str0m::format::{Codec, PayloadParams, detect_av1_keyframe, detect_vp9_keyframe};
use str0m::media::{ExtensionValues, Mid};
use str0m::rtp::{RtpPacket, RtpWrite, SeqNo, Vp8Descriptor, Vp8Patch};

use super::forwarder::{Forwarder, Incoming, Picture};
use crate::sfu::rooms::{Encoding, Wanted};

/// Ticks a second of pictures and of sound.
const CLOCKS: (u32, u32) = (90_000, 48_000);

/// The track on its way.
pub struct Down {
    pub is_audio: bool,
    /// Whose it is: the name of its stream.
    pub of: String,
    pub encoding: Encoding,
    /// The section that it goes out in.
    pub mid: Option<Mid>,
    pub stage: Stage,
    pub wanted: Wanted,
    /// The layer that they are to get.
    pub target: Option<u8>,
    pub forwarder: Forwarder,
}

/// Whether the subscriber knows what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It was not offered yet, or the offer is not answered.
    Waiting,
    /// They know.
    Ready,
}

impl Down {
    pub fn new(is_audio: bool, of: String) -> Self {
        let (video, audio) = CLOCKS;
        Self {
            is_audio,
            of,
            encoding: Encoding::default(),
            mid: None,
            stage: Stage::Waiting,
            wanted: Wanted::default(),
            target: is_audio.then_some(0),
            forwarder: Forwarder::new(if is_audio { audio } else { video }),
        }
    }

    /// Writes a packet of a layer to the subscriber's connection; whether something was written.
    pub fn forward(
        &mut self,
        rtc: &mut Rtc,
        layer: u8,
        params: PayloadParams,
        packet: &RtpPacket,
        is_muted: bool,
    ) -> bool {
        let Some(mid) = self.mid.filter(|_| self.stage == Stage::Ready) else {
            return false;
        };
        let is_on = self.wanted.enabled && !is_muted;
        let target = self.target.filter(|_| is_on);
        let vp8 = (params.spec().codec == Codec::Vp8)
            .then(|| Vp8Descriptor::parse(&packet.payload).ok())
            .flatten();
        let incoming = incoming(layer, params, packet, vp8.as_ref());
        let Some(out) = self.forwarder.pass(target, &incoming) else {
            return false;
        };
        let Some(pt) = rtc
            .codec_config()
            .match_params(params)
            .map(PayloadParams::pt)
        else {
            return false;
        };
        let mut direct = rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(mid, None) else {
            return false;
        };
        let extensions = ExtensionValues {
            audio_level: packet.header.ext_vals.audio_level,
            voice_activity: packet.header.ext_vals.voice_activity,
            video_orientation: packet.header.ext_vals.video_orientation,
            user_values: packet.header.ext_vals.user_values.clone(),
            ..Default::default()
        };
        let seq = SeqNo::from(out.seq);
        let mut write = RtpWrite::new(pt, seq, out.time, packet.timestamp, packet.payload.clone())
            .marker(packet.header.marker)
            .ext_vals(extensions)
            .nackable(!self.is_audio);
        if let Some(patch) = vp8.and_then(|vp8| renumbered(&vp8, out.picture)) {
            write = write.vp8_patch(patch);
        }
        // Its sender has paced it. Held back once more, pictures would be up to two seconds late where the estimate is low.
        stream.set_unpaced(true);
        stream.write_rtp(write);
        true
    }
}

/// VP8's own numbers, where the packet has them.
fn renumbered(vp8: &Vp8Descriptor, picture: Picture) -> Option<Vp8Patch> {
    let mut patch = vp8.patch();
    if let Some(id) = picture.id {
        let bits = if has_long_id(vp8) { 0x7fff } else { 0x7f };
        patch = patch.picture_id(id & bits);
    }
    if let Some(base) = picture.base {
        patch = patch.tl0_pic_idx(base);
    }
    patch.build().ok()
}

/// Whether the picture's number has 15 bits; the short form has seven.
fn has_long_id(vp8: &Vp8Descriptor) -> bool {
    vp8.patch().picture_id(0x7fff).build().is_ok()
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

fn incoming(
    layer: u8,
    params: PayloadParams,
    packet: &RtpPacket,
    vp8: Option<&Vp8Descriptor>,
) -> Incoming {
    let payload = &packet.payload;
    let is_key = match params.spec().codec {
        Codec::Vp8 => vp8.is_some_and(|vp8| vp8.starts_keyframe(payload)),
        Codec::H264 => begins_h264(payload),
        Codec::Vp9 => detect_vp9_keyframe(payload),
        Codec::Av1 => detect_av1_keyframe(payload),
        _ => true,
    };
    Incoming {
        layer,
        source: *packet.header.ssrc,
        seq: *packet.seq_no,
        time: packet.header.timestamp,
        at: packet.timestamp,
        is_key,
        picture: vp8.map_or(Picture::default(), |vp8| Picture {
            id: vp8.picture_id(),
            base: vp8.tl0_pic_idx(),
        }),
    }
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
