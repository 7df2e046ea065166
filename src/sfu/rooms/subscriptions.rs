//! Who gets which track: worked out anew whenever something that counts has changed.

use std::collections::BTreeMap;

use livekit_protocol as proto;
use livekit_protocol::signal_response::Message;
use proto::{SubscribedCodec, SubscribedQuality, VideoQuality};

use super::participant::Participant;
use super::room::Room;
use super::{Effect, Effects, TrackSid, Who, World, limits};

impl World {
    /// Somebody wants tracks, or no longer.
    pub(super) fn choose(
        &mut self,
        who: Who,
        update: &proto::UpdateSubscription,
        effects: &mut Effects,
    ) {
        let Some(room) = self.place(who) else { return };
        let more = update.participant_tracks.iter().flat_map(|p| &p.track_sids);
        let sids: Vec<_> = update.track_sids.iter().chain(more).cloned().collect();
        if let Some(participant) = room.people.get_mut(&who) {
            for sid in sids {
                let has_place = participant.choices.len() < limits::CHOICES;
                if has_place || participant.choices.contains_key(&sid) {
                    participant.choices.entry(sid).or_default().subscribe = Some(update.subscribe);
                }
            }
        }
        room.subscribe_to_all(who, effects);
    }
}

impl Room {
    /// Everybody gets what they are to get.
    pub fn subscribe_all(&mut self, effects: &mut Effects) {
        let all: Vec<_> = self.people.keys().copied().collect();
        for who in all {
            self.subscribe_to_all(who, effects);
        }
    }

    /// One of them gets what they are to get, and nothing else.
    pub fn subscribe_to_all(&mut self, who: Who, effects: &mut Effects) {
        let Some(participant) = self.people.get(&who) else {
            return;
        };
        let wanted = self.due(who, participant);
        let gone = participant
            .gets
            .keys()
            .filter(|sid| !wanted.contains_key(*sid));
        effects.extend(gone.map(|sid| Effect::Unsubscribe(who, sid.clone())));
        for sid in wanted
            .keys()
            .filter(|sid| !participant.gets.contains_key(*sid))
        {
            effects.push(Effect::Subscribe(who, sid.clone()));
            effects.push(Effect::Want(who, sid.clone(), participant.wanted(sid)));
        }
        if let Some(participant) = self.people.get_mut(&who) {
            participant.gets = wanted;
        }
        self.ask_for_less(effects);
    }

    fn due(&self, who: Who, participant: &Participant) -> BTreeMap<TrackSid, Who> {
        if !participant.permission().can_subscribe {
            return BTreeMap::new();
        }
        let others = self
            .people
            .iter()
            .filter(|(other, p)| **other != who && !p.is_hidden());
        let tracks =
            others.flat_map(|(other, p)| p.info.tracks.iter().map(move |t| (*other, p, t)));
        tracks
            .filter(|(_, owner, track)| {
                let choice = participant
                    .choices
                    .get(&track.sid)
                    .and_then(|c| c.subscribe);
                choice.unwrap_or(participant.auto_subscribe)
                    && owner.lets_have(&participant.info, &track.sid)
            })
            .map(|(other, _, track)| (track.sid.clone(), other))
            .collect()
    }

    /// Publishers need not send what nobody wants. Clients that do not do without ignore it.
    pub fn ask_for_less(&mut self, effects: &mut Effects) {
        let mut best: BTreeMap<&str, Option<u8>> = BTreeMap::new();
        for participant in self.people.values() {
            for sid in participant.gets.keys() {
                let wanted = participant.wanted(sid);
                let best = best.entry(sid).or_default();
                *best = (*best).max(wanted.enabled.then_some(wanted.quality));
            }
        }
        let mut news = Vec::new();
        for (who, participant) in &self.people {
            for track in &participant.info.tracks {
                let layers = track.codecs.first().map_or(0, |codec| codec.layers.len());
                let now = best.get(track.sid.as_str()).copied().flatten();
                let known = participant.asked.get(&track.sid);
                if layers > 1 && known != Some(&now) {
                    effects.push(Effect::Tell(*who, quality(track, now)));
                    news.push((*who, track.sid.clone(), now));
                }
            }
        }
        for (who, sid, now) in news {
            if let Some(participant) = self.people.get_mut(&who) {
                participant.asked.insert(sid, now);
            }
        }
    }
}

fn quality(track: &proto::TrackInfo, best: Option<u8>) -> Message {
    let qualities: Vec<_> = [VideoQuality::Low, VideoQuality::Medium, VideoQuality::High]
        .into_iter()
        .map(|quality| SubscribedQuality {
            quality: quality.into(),
            enabled: best.is_some_and(|best| i32::from(quality) <= i32::from(best)),
        })
        .collect();
    let codec = track.mime_type.trim_start_matches("video/").to_lowercase();
    #[expect(deprecated, reason = "older clients read them")]
    Message::SubscribedQualityUpdate(proto::SubscribedQualityUpdate {
        track_sid: track.sid.clone(),
        subscribed_qualities: qualities.clone(),
        subscribed_codecs: vec![SubscribedCodec { codec, qualities }],
    })
}
