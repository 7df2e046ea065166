//! What connections tell.

use std::time::Instant;

use livekit_protocol as proto;
use prost::Message as _;
use str0m::bwe::BweKind;
use str0m::{Event, IceConnectionState};

use super::{Link, Media, News, Role, Topology};
use crate::sfu::rooms::LONGEST_MESSAGE;

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
                self.unsettled.insert(link);
            }
            Event::IceConnectionStateChange(state) => {
                let is_lost = state == IceConnectionState::Disconnected;
                peer.lost_since = is_lost.then_some(now);
            }
            // Signalling may say so as well, or the client has kept that alone.
            Event::Closed => peer.lost_since = Some(now),
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
        let topology = self.members.get(&link.who).copied();
        let is_first = match topology {
            Some(Topology::Two) => link.role == Role::Subscriber,
            Some(Topology::One) => true,
            None => false,
        };
        if is_first {
            self.news.push_back(News::Connected(link.who));
        }
    }
}
