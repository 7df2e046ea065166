//! Who gets which track: worked out anew whenever something that counts has changed.

use std::collections::BTreeMap;

use livekit_protocol as proto;
use livekit_protocol::signal_response::Message;

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
        let sids = update.track_sids.iter().chain(more).take(limits::CHOICES);
        // Of what has ended, or never was, nothing is remembered.
        let sids = sids.filter(|sid| room.owners.contains_key(*sid));
        if let Some(participant) = room.people.get_mut(&who) {
            for sid in sids {
                let has_place = participant.choices.len() < limits::CHOICES;
                if has_place || participant.choices.contains_key(sid) {
                    let choice = participant.choices.entry(sid.clone()).or_default();
                    choice.subscribe = Some(update.subscribe);
                }
            }
        }
        room.resubscribe(who, effects);
    }
}

impl Room {
    /// Everybody gets what they are to get.
    pub fn resubscribe_all(&mut self, effects: &mut Effects) {
        let all: Vec<_> = self.people.keys().copied().collect();
        for who in all {
            self.give(who, effects);
        }
        self.tell_all_publishers(effects);
    }

    /// One of them gets what they are to get, and nothing else.
    pub fn resubscribe(&mut self, who: Who, effects: &mut Effects) {
        let changed = self.give(who, effects);
        self.tell_publishers(&changed, effects);
    }

    /// The same; whose tracks they have begun or ceased to get by that.
    fn give(&mut self, who: Who, effects: &mut Effects) -> Vec<(Who, TrackSid)> {
        let Some(participant) = self.people.get(&who) else {
            return Vec::new();
        };
        let (due, in_vain): (Vec<_>, Vec<_>) = self
            .wanted_by(who, participant)
            .partition(|wanted| wanted.owner.lets_have(&participant.info, &wanted.track.sid));
        let mut denied = participant.denied.clone();
        for wanted in &in_vain {
            if denied.insert(wanted.track.sid.clone()) {
                effects.push(Effect::Tell(who, wanted.permission(false)));
            }
        }
        for wanted in &due {
            if denied.remove(&wanted.track.sid) {
                effects.push(Effect::Tell(who, wanted.permission(true)));
            }
        }
        let gets: BTreeMap<_, _> = due
            .iter()
            .map(|wanted| (wanted.track.sid.clone(), wanted.of))
            .collect();
        let mut changed = Vec::new();
        for (sid, of) in (participant.gets.iter()).filter(|(sid, _)| !gets.contains_key(*sid)) {
            changed.push((*of, sid.clone()));
            effects.push(Effect::Unsubscribe(who, sid.clone()));
        }
        for (sid, of) in (gets.iter()).filter(|(sid, _)| !participant.gets.contains_key(*sid)) {
            changed.push((*of, sid.clone()));
            effects.push(Effect::Subscribe(who, sid.clone()));
            effects.push(Effect::Want(who, sid.clone(), participant.wanted(sid)));
        }
        if let Some(participant) = self.people.get_mut(&who) {
            (participant.gets, participant.denied) = (gets, denied);
        }
        changed
    }

    /// What somebody wants, whether its owner lets them have it or not.
    fn wanted_by<'a>(
        &'a self,
        who: Who,
        participant: &'a Participant,
    ) -> impl Iterator<Item = WantedTrack<'a>> {
        let may_have_any = participant.permission().can_subscribe;
        let others = (self.people.iter())
            .filter(move |(other, p)| may_have_any && **other != who && !p.is_hidden());
        let tracks = others.flat_map(|(of, owner)| {
            let tracks = owner.info.tracks.iter();
            tracks.map(|track| WantedTrack {
                of: *of,
                owner,
                track,
            })
        });
        tracks.filter(|wanted| {
            let choice = participant.choices.get(&wanted.track.sid);
            let said = choice.and_then(|choice| choice.subscribe);
            said.unwrap_or(participant.auto_subscribe)
        })
    }
}

/// A track that somebody wants.
struct WantedTrack<'a> {
    of: Who,
    owner: &'a Participant,
    track: &'a proto::TrackInfo,
}

impl WantedTrack<'_> {
    /// Whether it may be had.
    fn permission(&self, allowed: bool) -> Message {
        Message::SubscriptionPermissionUpdate(proto::SubscriptionPermissionUpdate {
            participant_sid: self.owner.info.sid.clone(),
            track_sid: self.track.sid.clone(),
            allowed,
        })
    }
}
