//! Keyframes: pictures that stand alone, which decoding can begin with. Their publisher is asked for them.

use std::time::Instant;

use str0m::media::{KeyframeRequestKind, Mid};

use super::{Link, Media};

impl Media {
    /// Asks for pictures that stand alone where somebody gets a layer that has lost something.
    pub(super) fn mend(&mut self, now: Instant) {
        let mut keys = Vec::new();
        for (sid, track) in self.tracks.iter_mut().filter(|(_, track)| !track.is_audio) {
            let broken = track.broken(now);
            let broken = (0..3u8).zip(broken).filter(|(_, is_broken)| *is_broken);
            for (layer, _) in broken {
                let gets = |link: &Link| {
                    let down = self.peers.get(link).and_then(|peer| peer.downs.get(sid));
                    down.is_some_and(|down| down.forwarder.layer() == Some(layer))
                };
                if track.subscribers.iter().any(gets) {
                    keys.push((sid.clone(), layer));
                }
            }
        }
        for (sid, layer) in keys {
            self.ask_for_key(&sid, layer, now);
        }
    }

    /// A subscriber cannot go on without a picture that stands alone.
    pub(super) fn key_wanted(&mut self, link: Link, mid: Mid, now: Instant) {
        let Some(peer) = self.peers.get(&link) else {
            return;
        };
        let mut downs = peer.downs.iter();
        let Some((sid, down)) = downs.find(|(_, down)| down.mid == Some(mid)) else {
            return;
        };
        if let Some(layer) = down.forwarder.layer().or(down.target) {
            self.ask_for_key(&sid.clone(), layer, now);
        }
    }

    /// Asks a publisher for a picture that stands alone.
    pub(super) fn ask_for_key(&mut self, sid: &str, layer: u8, now: Instant) {
        let Some(track) = self.tracks.get_mut(sid).filter(|track| !track.is_audio) else {
            return;
        };
        let Some(ssrc) = track.key_to_ask(layer, now) else {
            return;
        };
        let link = track.link;
        if let Some(peer) = self.peers.get_mut(&link)
            && let Some(stream) = peer.rtc.direct_api().stream_rx(&ssrc)
        {
            stream.request_keyframe(KeyframeRequestKind::Pli);
            self.written.insert(link);
        }
    }
}
