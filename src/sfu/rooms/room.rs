//! One room.

use std::collections::BTreeMap;

use livekit_protocol as proto;

use super::participant::Participant;
use super::speakers::Speakers;
use super::{Millis, TrackSid, Who};

#[derive(Debug)]
pub struct Room {
    /// As clients and the room service see it; the numbers of people are filled in by [`Room::shown`].
    pub info: proto::Room,
    pub people: BTreeMap<Who, Participant>,
    /// Whose each track is that is sent.
    pub owners: BTreeMap<TrackSid, Who>,
    /// Since when nobody is there, but for dependents.
    pub empty_since: Millis,
    /// Whether somebody ever was.
    pub was_used: bool,
    pub speakers: Speakers,
    /// Whether somebody is told of it by webhooks.
    pub has_listeners: bool,
}

impl Room {
    /// The room with what is true of it now.
    pub fn shown(&self) -> proto::Room {
        let people = || self.people.values();
        proto::Room {
            num_participants: count(self.counted()),
            num_publishers: count(people().filter(|p| p.info.is_publisher)),
            active_recording: self.is_recorded(),
            ..self.info.clone()
        }
    }

    /// Whether somebody records.
    pub fn is_recorded(&self) -> bool {
        self.people.values().any(Participant::is_recorder)
    }

    /// Who counts: all but dependents, also who is hidden.
    fn counted(&self) -> impl Iterator<Item = &Participant> {
        self.people.values().filter(|p| !p.is_dependent())
    }

    /// Whether nobody is there who counts.
    pub fn is_empty(&self) -> bool {
        self.counted().next().is_none()
    }

    /// Whoever has this identity.
    pub fn of_identity(&self, identity: &str) -> Option<Who> {
        let mut people = self.people.iter();
        Some(*people.find(|(_, p)| p.info.identity == identity)?.0)
    }

    /// A track that is sent.
    pub fn track(&self, sid: &str) -> Option<&proto::TrackInfo> {
        self.people.get(self.owners.get(sid)?)?.track(sid)
    }

    /// Whether it is to be ended: nobody came for too long, or nobody came back.
    pub fn is_over(&self, now: Millis) -> bool {
        let seconds = if self.was_used {
            self.info.departure_timeout
        } else {
            self.info.empty_timeout
        };
        self.is_empty() && now - self.empty_since >= i64::from(seconds) * 1_000
    }

    /// Whether one more is too many.
    pub fn is_full(&self) -> bool {
        let most = self.info.max_participants;
        most != 0 && count(self.counted()) >= most
    }
}

fn count(of: impl Iterator) -> u32 {
    of.count().try_into().unwrap_or(u32::MAX)
}
