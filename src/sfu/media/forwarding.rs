//! A packet of media on its way from its sender to everybody who gets its track.

use std::sync::Arc;
use std::time::Instant;

use str0m::format::PayloadParams;
use str0m::media::{Mid, Rid};
use str0m::rtp::RtpPacket;

use super::coming::Coming;
use super::peer::{Peer, Sends};
use super::{Link, Media, News};

impl Media {
    /// Passes a packet on to everybody who gets its track.
    pub(super) fn forward(&mut self, link: Link, packet: &RtpPacket, now: Instant) {
        let Some((sid, params, rid)) = self.origin(link, packet) else {
            return;
        };
        let Some(track) = self.tracks.get_mut(&*sid) else {
            return;
        };
        let ssrc = packet.header.ssrc;
        let layer = track.layer_of(ssrc).unwrap_or_else(|| {
            self.news.push_back(News::Comes(link.who, sid.to_string()));
            track.learn(ssrc, rid)
        });
        let coming = Coming::new(layer, params, packet);
        let begins = track.note(&coming.incoming, packet.payload.len(), now);
        // Padding says only that there is room.
        if packet.payload.is_empty() {
            return;
        }
        if let Some(level) = packet.header.ext_vals.audio_level {
            track.hear(level);
        }
        if begins && !track.is_audio {
            // At first it begins with a keyframe: who waits for one is to get that.
            for to in track.subscribers.clone() {
                self.choose_layers(to, now);
            }
        }
        self.pass_on(&sid, &coming);
    }

    /// The track that a packet is of, its format, and the name of its encoding.
    fn origin(
        &mut self,
        link: Link,
        packet: &RtpPacket,
    ) -> Option<(Arc<str>, PayloadParams, Option<Rid>)> {
        let peer = self.peers.get_mut(&link)?;
        let (mid, rid): (Mid, _) = {
            let mut direct = peer.rtc.direct_api();
            let stream = direct.stream_rx(&packet.header.ssrc)?;
            (stream.mid(), stream.rid())
        };
        let pt = packet.header.payload_type;
        let mut formats = peer.rtc.codec_config().params().iter();
        let params = *formats.find(|params| params.pt() == pt)?;
        let Sends { sid, .. } = peer.sends.get(&mid)?;
        Some((sid.clone(), params, rid))
    }

    fn pass_on(&mut self, sid: &str, coming: &Coming<'_>) {
        let Some(track) = self.tracks.get(sid) else {
            return;
        };
        for to in &track.subscribers {
            let peer = self.peers.get_mut(to).filter(|peer| peer.is_connected);
            let Some(Peer { rtc, downs, .. }) = peer else {
                continue;
            };
            let down = downs.get_mut(sid);
            if down.is_some_and(|down| down.forward(rtc, coming, track.is_muted)) {
                self.written.insert(*to);
            }
        }
    }
}
