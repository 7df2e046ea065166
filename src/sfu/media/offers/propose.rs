//! Our own offers; where only the client may offer, the wish that it does.

use std::time::Instant;

use livekit_protocol as proto;
use livekit_protocol::signal_response::Message;
use str0m::change::SdpAnswer;
use str0m::media::{Direction, MediaKind};

use super::{description, ours, outlive};
use crate::sfu::media::channels::Channels;
use crate::sfu::media::down::{Down, Stage};
use crate::sfu::media::peer::Peer;
use crate::sfu::media::sdp;
use crate::sfu::media::{Link, Media, News, Role, Topology};
use crate::sfu::rooms::{TrackSid, Wanted, Who};

impl Media {
    /// Somebody is to get a track.
    pub fn subscribe(&mut self, who: Who, sid: TrackSid) {
        let Some(link) = self.downward(who) else {
            return;
        };
        let (Some(track), Some(peer)) = (self.tracks.get_mut(&sid), self.peers.get_mut(&link))
        else {
            return;
        };
        track.subscribers.insert(link);
        let down = Down {
            encoding: track.encoding.clone(),
            ..Down::new(track.is_audio, track.of.clone())
        };
        peer.downs.insert(sid, down);
        peer.has_changes = true;
    }

    /// Somebody is to get it no more.
    pub fn unsubscribe(&mut self, who: Who, sid: &str) {
        let Some(link) = self.downward(who) else {
            return;
        };
        if let Some(track) = self.tracks.get_mut(sid) {
            track.subscribers.remove(&link);
        }
        let Some(peer) = self.peers.get_mut(&link) else {
            return;
        };
        if let Some(mid) = peer.downs.remove(sid).and_then(|down| down.mid) {
            peer.closing.push(mid);
            peer.has_changes = true;
        }
    }

    /// How somebody wants a track.
    pub fn want(&mut self, who: Who, sid: &str, wanted: Wanted) {
        let Some(link) = self.downward(who) else {
            return;
        };
        let down = self
            .peers
            .get_mut(&link)
            .and_then(|peer| peer.downs.get_mut(sid));
        if let Some(down) = down {
            down.wanted = wanted;
            self.unsettled.insert(link);
        }
    }

    /// Offers to everybody what has changed for them.
    pub fn propose_all(&mut self, now: Instant) {
        let changed = self.peers.iter().filter(|(_, peer)| peer.has_changes);
        let links: Vec<_> = changed.map(|(link, _)| *link).collect();
        for link in links {
            self.propose(link, now);
        }
    }

    pub(super) fn propose(&mut self, link: Link, now: Instant) {
        let topology = self.members.get(&link.who).copied();
        let Some(peer) = self.peers.get_mut(&link).filter(|peer| peer.has_changes) else {
            return;
        };
        let message = match (topology, link.role) {
            (Some(Topology::Two), Role::Subscriber) if peer.pending.is_none() => offer(peer),
            (Some(Topology::One), Role::Publisher) if peer.may_wish(now) => {
                peer.awaited = Some(now);
                Some(wish(peer))
            }
            _ => None,
        };
        if let Some(message) = message {
            peer.has_changes = false;
            self.written.insert(link);
            self.tell(link.who, message);
        }
    }

    /// A client answers our offer.
    pub fn answered(&mut self, who: Who, answer: &proto::SessionDescription, now: Instant) {
        let link = Link {
            who,
            role: Role::Subscriber,
        };
        let Some(peer) = self.peers.get_mut(&link) else {
            return;
        };
        // An answer to an older offer is not one to the last.
        if answer.id != 0 && answer.id != peer.offers {
            return;
        }
        if sdp::is_too_much(&answer.sdp) {
            self.news
                .push_back(News::Refused(who, "an answer that is too long"));
            return;
        }
        let Some(pending) = peer.pending.take() else {
            self.news
                .push_back(News::Refused(who, "an answer that nobody asked for"));
            return;
        };
        let accepted = SdpAnswer::from_sdp_string(&answer.sdp)
            .map_err(|e| e.to_string())
            .and_then(|sdp| outlive(|| peer.rtc.sdp_api().accept_answer(pending, sdp)));
        if let Err(e) = accepted {
            tracing::debug!("an answer is refused: {e}");
            self.forget(link);
            self.news
                .push_back(News::Failed(who, "its answer cannot be accepted"));
            return;
        }
        peer.agreed();
        for down in peer.downs.values_mut().filter(|down| down.mid.is_some()) {
            down.stage = Stage::Ready;
        }
        self.written.insert(link);
        self.propose(link, now);
        self.unsettled.insert(link);
        self.drive(link, now);
    }
}

fn offer(peer: &mut Peer) -> Option<Message> {
    let is_first = peer.offers == 0;
    let mut changes = peer.rtc.sdp_api();
    if is_first {
        for (_, config) in Channels::configs() {
            changes.add_channel_with_config(config);
        }
    }
    for mid in peer.closing.drain(..) {
        changes.stop_media(mid);
    }
    for (sid, down) in peer.downs.iter_mut().filter(|(_, down)| down.mid.is_none()) {
        let kind = if down.is_audio {
            MediaKind::Audio
        } else {
            MediaKind::Video
        };
        let stream = format!("{}|{sid}", down.of);
        let mid = changes.add_media(
            kind,
            Direction::SendOnly,
            Some(stream),
            Some(sid.clone()),
            None,
        );
        down.mid = Some(mid);
    }
    let Some((offer, pending)) = changes.apply() else {
        peer.has_changes = false;
        return None;
    };
    peer.pending = Some(pending);
    peer.offers += 1;
    Some(Message::Offer(description(
        "offer",
        sdp::completed(&offer.to_sdp_string(), &ours(peer)),
        peer.offers,
    )))
}

/// Sections are asked for so many at a time: until the offer comes, there may be more tracks, and each further offer
/// costs the client much.
const AT_ONCE: u32 = 3;

/// How many sections more there must be in the client's next offer.
fn wish(peer: &Peer) -> Message {
    let free = |is_audio: bool| {
        let sections = peer.offered.iter().filter(|s| s.is_audio == is_audio);
        sections.filter(|section| peer.is_free(section)).count()
    };
    let missing = |is_audio: bool| {
        let downs = peer.downs.values().filter(|down| down.mid.is_none());
        let needed = downs.filter(|down| down.is_audio == is_audio).count();
        let missing = needed.saturating_sub(free(is_audio));
        u32::try_from(missing)
            .unwrap_or(0)
            .next_multiple_of(AT_ONCE)
    };
    Message::MediaSectionsRequirement(proto::MediaSectionsRequirement {
        num_audios: missing(true),
        num_videos: missing(false),
    })
}
