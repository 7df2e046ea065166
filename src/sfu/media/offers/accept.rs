//! Offers of clients: what they send, and where they have no other connection, the sections that they want to get
//! something in.

use std::time::Instant;

use livekit_protocol as proto;
use livekit_protocol::signal_response::Message;
use str0m::change::SdpOffer;
use str0m::media::Mid;

use super::{by_name_or_kind, description, ours, outlive};
use crate::sfu::media::down::{Down, Stage};
use crate::sfu::media::peer::Peer;
use crate::sfu::media::sdp::{self, Section};
use crate::sfu::media::{Link, Media, News};
use crate::sfu::rooms::{TrackSid, Who};

impl Media {
    /// A client offers.
    pub fn offered(&mut self, who: Who, offer: &proto::SessionDescription, now: Instant) {
        let link = Link::upward(who);
        if sdp::is_too_much(&offer.sdp) {
            self.news
                .push_back(News::Refused(who, "an offer that is too long"));
            return;
        }
        let Some(peer) = self.peers.get_mut(&link) else {
            return;
        };
        let Ok(parsed) = SdpOffer::from_sdp_string(&offer.sdp) else {
            self.news
                .push_back(News::Refused(who, "an offer that is no SDP"));
            return;
        };
        let sections = sdp::sections(&offer.sdp);
        close(peer, &sections);
        assign(peer, &sections);
        let accepted = outlive(|| peer.rtc.sdp_api().accept_offer(parsed));
        let answer = match accepted {
            Ok(answer) => answer.to_sdp_string(),
            Err(e) => {
                tracing::debug!("an offer is refused: {e}");
                self.forget(link);
                self.news
                    .push_back(News::Failed(who, "its offer cannot be accepted"));
                return;
            }
        };
        peer.offered = sections;
        peer.has_offered = true;
        peer.awaited = None;
        peer.agreed();
        // What had no place asks for one: the offer may be older than our last wish.
        peer.has_changes = peer.downs.values().any(|down| down.mid.is_none());
        let mut news: Vec<_> = (ended(peer).into_iter())
            .map(|sid| News::Gone(who, sid))
            .collect();
        news.extend(self.match_sections(link, by_name_or_kind));
        self.tell_answer(link, &answer, offer.id);
        self.news.extend(news);
        self.written.insert(link);
        self.propose(link, now);
        self.unsettled.insert(link);
        self.drive(link, now);
    }

    fn tell_answer(&mut self, link: Link, answer: &str, id: u32) {
        let Some(peer) = self.peers.get(&link) else {
            return;
        };
        let answer = sdp::completed(answer, &ours(peer));
        let mut message = description("answer", answer, id);
        let downs = peer.downs.iter();
        message.mid_to_track_id = downs
            .filter_map(|(sid, down)| Some((down.mid?.to_string(), sid.clone())))
            .collect();
        self.tell(link.who, Message::Answer(message));
    }
}

/// Gives up the sections of tracks that are gone. A client ends the track of a section for good when nobody sends it any
/// more, so another one would not be shown there; it makes a new section in the place of one that is given up.
fn close(peer: &mut Peer, sections: &[Section]) {
    let first = sections.first().map(|s| Mid::from(s.mid.as_str()));
    let mut changes = peer.rtc.sdp_api();
    for mid in peer.closing.drain(..) {
        if Some(mid) == first {
            peer.spent = first;
        } else {
            changes.stop_media(mid);
        }
    }
}

/// Gives free sections to tracks that have none.
fn assign(peer: &mut Peer, sections: &[Section]) {
    for section in sections {
        if !peer.is_free(section) {
            continue;
        }
        let mut downs = peer.downs.values_mut();
        let fits = |down: &&mut Down| down.mid.is_none() && down.is_audio == section.is_audio;
        if let Some(down) = downs.find(fits) {
            down.mid = Some(Mid::from(section.mid.as_str()));
            down.stage = Stage::Ready;
        }
    }
}

/// Tracks whose sections are closed.
fn ended(peer: &mut Peer) -> Vec<TrackSid> {
    let sends = |mid: Mid| {
        peer.offered
            .iter()
            .any(|s| s.sends && Mid::from(s.mid.as_str()) == mid)
    };
    let ended: Vec<_> = peer
        .sends
        .keys()
        .copied()
        .filter(|mid| !sends(*mid))
        .collect();
    ended
        .into_iter()
        .filter_map(|mid| Some(peer.sends.remove(&mid)?.sid.to_string()))
        .collect()
}
