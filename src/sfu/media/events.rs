//! What connections tell.

use std::time::Instant;

use livekit_protocol as proto;
use prost::Message as _;
use str0m::bwe::BweKind;
use str0m::media::{KeyframeRequestKind, Mid};
use str0m::rtp::RtpPacket;
use str0m::{Event, IceConnectionState};

use super::peer::{Peer, Sends};
use super::sdp::LONGEST_MESSAGE;
use super::{Link, Media, News, Role, Topology};

impl Media {
    pub(super) fn happened(&mut self, link: Link, event: Event, now: Instant) {
        let Some(peer) = self.peers.get_mut(&link) else {
            return;
        };
        match event {
            Event::RtpPacket(packet) => self.forward(link, &packet, now),
            Event::KeyframeRequest(request) => self.key_wanted(link, request.mid, now),
            Event::Connected => {
                peer.is_connected = true;
                self.connected(link);
                self.choose_layers(link, now);
            }
            Event::IceConnectionStateChange(state) => {
                let is_lost = state == IceConnectionState::Disconnected;
                peer.lost_since = is_lost.then_some(now);
            }
            Event::ChannelOpen(id, label) => {
                peer.channels.opened(&mut peer.rtc, id, &label);
                self.send_waiting(link);
                self.written.insert(link);
            }
            Event::ChannelBufferedAmountLow(_) => self.send_waiting(link),
            Event::ChannelData(data) => {
                let reliability = peer.channels.reliability(data.id);
                let (Some(reliability), Role::Publisher) = (reliability, link.role) else {
                    return;
                };
                let message = (data.data.len() <= LONGEST_MESSAGE)
                    .then(|| proto::DataPacket::decode(data.data.as_slice()).ok())
                    .flatten();
                self.news.push_back(match message {
                    Some(packet) => News::Data(link.who, reliability, Box::new(packet)),
                    None => News::Refused(link.who, "data that is no message"),
                });
            }
            Event::EgressBitrateEstimate(
                BweKind::Twcc { estimate, .. } | BweKind::Remb { estimate, .. },
            ) => peer.budget.measured(estimate.as_u64()),
            Event::PeerStats(stats) => {
                let lost = [stats.egress_loss_fraction, stats.ingress_loss_fraction];
                let lost = lost.into_iter().flatten().fold(0.0, f32::max);
                peer.arrived = 1.0 - lost.clamp(0.0, 1.0);
            }
            _ => {}
        }
    }

    fn connected(&mut self, link: Link) {
        let topology = self.members.get(&link.who).map(|member| member.topology);
        let is_first = match topology {
            Some(Topology::Two) => link.role == Role::Subscriber,
            Some(Topology::One) => true,
            None => false,
        };
        if is_first {
            self.news.push_back(News::Connected(link.who));
        }
    }

    /// Passes a packet on to everybody who gets its track.
    fn forward(&mut self, link: Link, packet: &RtpPacket, now: Instant) {
        let Some(peer) = self.peers.get_mut(&link) else {
            return;
        };
        let ssrc = packet.header.ssrc;
        let (mid, rid) = {
            let mut direct = peer.rtc.direct_api();
            let Some(stream) = direct.stream_rx(&ssrc) else {
                return;
            };
            (stream.mid(), stream.rid())
        };
        let pt = packet.header.payload_type;
        let params = peer
            .rtc
            .codec_config()
            .find(|params| params.pt() == pt)
            .copied();
        let (Some(params), Some(Sends { sid, .. })) = (params, peer.sends.get(&mid)) else {
            return;
        };
        let Some(track) = self.tracks.get_mut(sid) else {
            return;
        };
        let known = track.layer_of(ssrc);
        let layer = known.unwrap_or_else(|| {
            self.news.push_back(News::Comes(link.who, sid.clone()));
            track.learn(ssrc, rid)
        });
        track.note(layer, *packet.seq_no, packet.payload.len(), now);
        // Padding says only that there is room.
        if packet.payload.is_empty() {
            return;
        }
        if let Some(level) = packet.header.ext_vals.audio_level {
            track.hear(level);
        }
        let sid = sid.clone();
        for to in &track.subscribers {
            let peer = self.peers.get_mut(to).filter(|peer| peer.is_connected);
            let Some(Peer { rtc, downs, .. }) = peer else {
                continue;
            };
            let down = downs.get_mut(&sid);
            if down.is_some_and(|down| down.forward(rtc, layer, params, packet, track.is_muted)) {
                self.written.insert(*to);
            }
        }
    }

    /// A subscriber cannot go on without a picture that stands alone.
    fn key_wanted(&mut self, link: Link, mid: Mid, now: Instant) {
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
