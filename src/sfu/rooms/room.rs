//! One room.

use std::collections::BTreeMap;

use livekit_protocol as proto;

use super::participant::Participant;
use super::speakers::Speakers;
use super::{Millis, Who};

#[derive(Debug)]
pub struct Room {
    /// As clients and the room service see it; the numbers of people are filled in by [`Room::shown`].
    pub info: proto::Room,
    pub people: BTreeMap<Who, Participant>,
    /// Since when nobody is there.
    pub empty_since: Millis,
    /// Whether somebody ever was.
    pub was_used: bool,
    pub speakers: Speakers,
}

impl Room {
    /// The room with what is true of it now. Who is hidden does not count.
    pub fn shown(&self) -> proto::Room {
        let seen = || self.people.values().filter(|p| !p.is_hidden());
        let publishers = seen().filter(|p| p.info.is_publisher);
        proto::Room {
            num_participants: count(seen()),
            num_publishers: count(publishers),
            ..self.info.clone()
        }
    }

    /// Whoever has this identity.
    pub fn of_identity(&self, identity: &str) -> Option<Who> {
        let mut people = self.people.iter();
        Some(*people.find(|(_, p)| p.info.identity == identity)?.0)
    }

    /// Whether it is to be ended: nobody came for too long, or nobody came back.
    pub fn is_over(&self, now: Millis) -> bool {
        let seconds = if self.was_used {
            self.info.departure_timeout
        } else {
            self.info.empty_timeout
        };
        self.people.is_empty() && now - self.empty_since >= i64::from(seconds) * 1_000
    }

    /// Whether one more is too many.
    pub fn is_full(&self) -> bool {
        let most = self.info.max_participants;
        let counted = self.people.values().filter(|p| !p.is_hidden());
        most != 0 && count(counted) >= most
    }
}

fn count(of: impl Iterator) -> u32 {
    of.count().try_into().unwrap_or(u32::MAX)
}
