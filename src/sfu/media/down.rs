//! A track on its way to one subscriber.

use str0m::Rtc;
use str0m::format::PayloadParams;
use str0m::media::{ExtensionValues, Mid, Pt};
use str0m::rtp::{RtpPacket, RtpWrite, SeqNo, Vp8Descriptor, Vp8Patch};

use super::coming::Coming;
use super::forwarder::{Forwarder, Outgoing, Picture};
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
    /// The number of the format that comes, there and here, as long as both sides agree on what they did.
    pub format: Option<(Pt, Pt)>,
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
            format: None,
        }
    }

    /// Writes a packet to the subscriber's connection; whether something was written.
    pub fn forward(&mut self, rtc: &mut Rtc, coming: &Coming<'_>, is_muted: bool) -> bool {
        let Some(mid) = self.mid.filter(|_| self.stage == Stage::Ready) else {
            return false;
        };
        let is_on = self.wanted.enabled && !is_muted;
        let target = self.target.filter(|_| is_on);
        let Some(out) = self.forwarder.pass(target, &coming.incoming) else {
            return false;
        };
        let Some(pt) = self.number_of(coming.params, rtc) else {
            return false;
        };
        let mut direct = rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(mid, None) else {
            return false;
        };
        // Its sender has paced it. Held back once more, pictures would be up to two seconds late where the estimate is low.
        stream.set_unpaced(true);
        stream.write_rtp(written(coming, pt, &out, !self.is_audio));
        true
    }

    /// The number that the subscriber gives to a format.
    fn number_of(&mut self, params: PayloadParams, rtc: &Rtc) -> Option<Pt> {
        let theirs = params.pt();
        if let Some((of, ours)) = self.format
            && of == theirs
        {
            return Some(ours);
        }
        let ours = rtc.codec_config().match_params(params)?.pt();
        self.format = Some((theirs, ours));
        Some(ours)
    }
}

/// A packet as it goes.
fn written(coming: &Coming<'_>, pt: Pt, out: &Outgoing, is_nackable: bool) -> RtpWrite {
    let RtpPacket {
        header,
        payload,
        timestamp,
        ..
    } = coming.packet;
    let extensions = ExtensionValues {
        audio_level: header.ext_vals.audio_level,
        voice_activity: header.ext_vals.voice_activity,
        video_orientation: header.ext_vals.video_orientation,
        user_values: header.ext_vals.user_values.clone(),
        ..Default::default()
    };
    let seq = SeqNo::from(out.seq);
    let write = RtpWrite::new(pt, seq, out.time, *timestamp, payload.clone())
        .marker(header.marker)
        .ext_vals(extensions)
        .nackable(is_nackable);
    let patch = (coming.vp8.as_ref()).and_then(|vp8| renumbered(vp8, out.picture));
    match patch {
        Some(patch) => write.vp8_patch(patch),
        None => write,
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
