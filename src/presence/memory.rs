//! The calls of all rooms, as far as this process has heard of them.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::changes::{Change, changes};
use super::follow;
use super::look::Seen;
use crate::livekit::webhook::{MAX_AGE, RoomEvent};
use crate::store::{Call, Status};

/// More rooms are not remembered: those that have ended go first.
const MOST_ROOMS: usize = 10_000;
/// Ids of events that were done with; those before them are too old to come again.
const MOST_EVENTS: usize = 20_000;
/// A call that has ended is remembered for as long as news of it can come.
const REMEMBERED: Duration = Duration::from_secs(2 * MAX_AGE.unsigned_abs());

/// Who is where.
#[derive(Debug, Default)]
pub struct Presence(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    rooms: HashMap<String, Entry>,
    /// Grows with every change.
    clock: u64,
    done: HashSet<String>,
    done_in_order: VecDeque<String>,
}

#[derive(Debug)]
struct Entry {
    call: Call,
    changed: u64,
    ended: Option<Instant>,
}

/// A moment before the SFU was asked: what changed later is newer than its answer.
#[derive(Clone, Copy, Debug)]
pub struct Moment(u64);

impl Presence {
    /// Takes in an event; what happened by it.
    pub fn apply(&self, event: &RoomEvent) -> Vec<Change> {
        let mut inner = self.lock();
        let before = inner.call(&event.room.name);
        match follow::apply(&before, event) {
            Some(after) => inner.replace(&event.room.name, &before, after),
            None => Vec::new(),
        }
    }

    /// Whether the event was done with before.
    pub fn is_done(&self, id: &str) -> bool {
        self.lock().done.contains(id)
    }

    /// The event needs not be looked at again. One without an id cannot be told from the next.
    pub fn done(&self, id: &str) {
        if id.is_empty() {
            return;
        }
        let mut inner = self.lock();
        if inner.done.insert(id.to_owned()) {
            inner.done_in_order.push_back(id.to_owned());
        }
        if inner.done_in_order.len() > MOST_EVENTS
            && let Some(oldest) = inner.done_in_order.pop_front()
        {
            inner.done.remove(&oldest);
        }
    }

    /// Now, before asking the SFU.
    pub fn moment(&self) -> Moment {
        Moment(self.lock().clock)
    }

    /// Takes in the SFU's own list, which is not older than `asked`; what happened, room by room.
    pub fn reconcile(
        &self,
        asked: Moment,
        seen: &HashMap<String, Seen>,
    ) -> Vec<(String, Vec<Change>)> {
        let mut inner = self.lock();
        inner.forget(Instant::now());
        let names: HashSet<_> = inner.rooms.keys().chain(seen.keys()).cloned().collect();
        let mut happened = Vec::new();
        for name in names {
            if inner.rooms.get(&name).is_some_and(|e| e.changed > asked.0) {
                continue;
            }
            let before = inner.call(&name);
            if let Some(after) = follow::reconcile(&before, seen.get(&name)) {
                let changes = inner.replace(&name, &before, after);
                happened.push((name, changes));
            }
        }
        happened
    }

    /// The call in a room, if anything was heard of it.
    pub fn call(&self, room: &str) -> Option<Call> {
        self.lock().rooms.get(room).map(|entry| entry.call.clone())
    }

    /// Whether somebody with this identity is in the room.
    pub fn is_in(&self, room: &str, identity: &str) -> bool {
        let inner = self.lock();
        (inner.rooms.get(room)).is_some_and(|entry| entry.call.has(identity))
    }

    /// The calls that go on, by the room's name.
    pub fn active(&self) -> Vec<(String, Call)> {
        let inner = self.lock();
        let active = (inner.rooms.iter()).filter(|(_, e)| e.call.status == Status::Active);
        let mut active: Vec<_> = active
            .map(|(name, entry)| (name.clone(), entry.call.clone()))
            .collect();
        active.sort_by(|(a, _), (b, _)| a.cmp(b));
        active
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn call(&self, room: &str) -> Call {
        (self.rooms.get(room)).map_or_else(Call::default, |entry| entry.call.clone())
    }

    fn replace(&mut self, room: &str, before: &Call, after: Call) -> Vec<Change> {
        if !self.rooms.contains_key(room) && self.rooms.len() >= MOST_ROOMS {
            self.rooms.retain(|_, entry| entry.ended.is_none());
            if self.rooms.len() >= MOST_ROOMS {
                tracing::warn!("more than {MOST_ROOMS} rooms: `{room}` is not followed");
                return Vec::new();
            }
        }
        self.clock += 1;
        let happened = changes(before, &after);
        let entry = Entry {
            changed: self.clock,
            ended: (after.status == Status::Ended).then(Instant::now),
            call: after,
        };
        self.rooms.insert(room.to_owned(), entry);
        happened
    }

    /// Forgets calls that ended long ago.
    fn forget(&mut self, now: Instant) {
        let remembered = |at: Instant| now.duration_since(at) < REMEMBERED;
        self.rooms
            .retain(|_, entry| entry.ended.is_none_or(remembered));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::livekit::webhook::{Kind, RoomRef};

    fn event(kind: Kind, room: &str) -> RoomEvent {
        RoomEvent {
            id: "EV".into(),
            kind,
            at: jiff::Timestamp::UNIX_EPOCH,
            room: RoomRef {
                name: room.into(),
                sid: format!("RM_{room}"),
                began: 1,
            },
            participant: None,
            track: None,
        }
    }

    fn seen(room: &str) -> HashMap<String, Seen> {
        let seen = Seen {
            room: event(Kind::Other, room).room,
            stays: Vec::new(),
            made: Vec::new(),
        };
        HashMap::from([(room.to_owned(), seen)])
    }

    #[test]
    fn a_list_that_is_older_than_the_news_does_not_undo_them() {
        let presence = Presence::default();
        let asked = presence.moment();
        assert_eq!(
            presence.apply(&event(Kind::RoomStarted, "daily")),
            [Change::Started]
        );
        assert_eq!(presence.reconcile(asked, &HashMap::new()), []);
        assert_eq!(presence.active().len(), 1);
        let asked = presence.moment();
        let happened = presence.reconcile(asked, &HashMap::new());
        assert_eq!(happened, [("daily".to_owned(), vec![Change::Finished])]);

        let asked = presence.moment();
        assert_eq!(
            presence.reconcile(asked, &seen("weekly")),
            [("weekly".to_owned(), vec![Change::Started])]
        );
        let asked = presence.moment();
        assert_eq!(
            presence.apply(&event(Kind::RoomFinished, "weekly")),
            [Change::Finished]
        );
        assert_eq!(presence.reconcile(asked, &seen("weekly")), []);
        assert_eq!(presence.active(), []);
    }

    #[test]
    fn neither_rooms_nor_events_are_remembered_without_bound() {
        let presence = Presence::default();
        for n in 0..MOST_ROOMS {
            presence.apply(&event(Kind::RoomStarted, &n.to_string()));
        }
        assert_eq!(presence.apply(&event(Kind::RoomStarted, "more")), []);
        presence.apply(&event(Kind::RoomFinished, "7"));
        assert_eq!(
            presence.apply(&event(Kind::RoomStarted, "more")),
            [Change::Started]
        );
        assert_eq!(presence.call("7"), None);
        for n in 0..=MOST_EVENTS {
            presence.done(&n.to_string());
        }
        assert!(!presence.is_done("0") && presence.is_done("1"));
        assert_eq!(presence.0.lock().unwrap().done.len(), MOST_EVENTS);
    }

    #[test]
    fn an_event_without_an_id_is_never_done_with() {
        let presence = Presence::default();
        presence.done("");
        assert!(!presence.is_done(""));
    }

    #[test]
    fn a_call_that_has_ended_is_forgotten_when_no_news_of_it_can_come() {
        let presence = Presence::default();
        presence.apply(&event(Kind::RoomStarted, "daily"));
        presence.apply(&event(Kind::RoomStarted, "weekly"));
        presence.apply(&event(Kind::RoomFinished, "daily"));
        presence.lock().forget(Instant::now());
        assert!(presence.call("daily").is_some());
        presence.lock().forget(Instant::now() + REMEMBERED);
        assert_eq!(presence.call("daily"), None);
        assert!(presence.call("weekly").is_some());
    }
}
