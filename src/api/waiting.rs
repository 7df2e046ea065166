//! Who waits to be let into rooms. In memory alone: whoever waits asks again and again, so that a restart
//! loses nobody, and whoever stops asking waits no longer.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

/// Whoever has not asked for so long has gone away.
const PATIENCE: Duration = Duration::from_secs(15);

/// Whoever was turned away may ask again after so long.
const TURNED_AWAY: Duration = Duration::from_mins(1);

/// More do not wait for one room, and not for more rooms.
const MOST: usize = 100;
const MOST_ROOMS: usize = 10_000;

/// Those who wait, by room.
#[derive(Debug, Default)]
pub struct WaitingRooms(Mutex<HashMap<String, Vec<Entry>>>);

/// Somebody who waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = UrbaniaWaiting)]
pub struct Waiting {
    id: String,
    username: String,
}

#[derive(Debug)]
struct Entry {
    who: Waiting,
    asked: Instant,
    turned_away: bool,
}

/// What comes of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Among those who wait.
    Waits,
    /// Not for a while.
    TurnedAway,
    /// Too many wait already.
    Full,
}

impl WaitingRooms {
    /// A user asks to be let in.
    pub fn ask(&self, room: &str, id: &str, username: &str) -> Place {
        self.with(|rooms| {
            if rooms.len() >= MOST_ROOMS {
                rooms.values_mut().for_each(forget_the_gone);
                rooms.retain(|_, entries| !entries.is_empty());
            }
            if !rooms.contains_key(room) && rooms.len() >= MOST_ROOMS {
                return Place::Full;
            }
            let entries = rooms.entry(room.to_owned()).or_default();
            forget_the_gone(entries);
            if let Some(entry) = entries.iter_mut().find(|entry| entry.who.id == id) {
                if entry.turned_away {
                    return Place::TurnedAway;
                }
                entry.asked = Instant::now();
                return Place::Waits;
            }
            if entries.len() >= MOST {
                return Place::Full;
            }
            entries.push(Entry {
                who: Waiting {
                    id: id.to_owned(),
                    username: username.to_owned(),
                },
                asked: Instant::now(),
                turned_away: false,
            });
            Place::Waits
        })
    }

    /// Who waits for a room, in the order in which they came.
    pub fn list(&self, room: &str) -> Vec<Waiting> {
        self.with(|rooms| {
            let Some(entries) = rooms.get_mut(room) else {
                return Vec::new();
            };
            forget_the_gone(entries);
            let waiting = entries.iter().filter(|entry| !entry.turned_away);
            waiting.map(|entry| entry.who.clone()).collect()
        })
    }

    /// Turns somebody away; `false` when they do not wait.
    pub fn turn_away(&self, room: &str, id: &str) -> bool {
        self.with(|rooms| {
            let entries = rooms.get_mut(room).into_iter().flatten();
            let entry = entries.into_iter().find(|entry| entry.who.id == id);
            entry.is_some_and(|entry| {
                entry.asked = Instant::now();
                entry.turned_away = true;
                true
            })
        })
    }

    /// Somebody waits no longer.
    pub fn remove(&self, room: &str, id: &str) {
        self.with(|rooms| {
            let Some(entries) = rooms.get_mut(room) else {
                return;
            };
            entries.retain(|entry| entry.who.id != id);
            if entries.is_empty() {
                rooms.remove(room);
            }
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<String, Vec<Entry>>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn forget_the_gone(entries: &mut Vec<Entry>) {
    entries.retain(|entry| {
        let stays = if entry.turned_away {
            TURNED_AWAY
        } else {
            PATIENCE
        };
        entry.asked.elapsed() < stays
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So much time goes by.
    fn pass(rooms: &WaitingRooms, time: Duration) {
        rooms.with(|rooms| {
            let entries = rooms.values_mut().flatten();
            entries.for_each(|entry| entry.asked -= time);
        });
    }

    fn names(rooms: &WaitingRooms) -> Vec<String> {
        let waiting = rooms.list("daily").into_iter();
        waiting.map(|who| who.username).collect()
    }

    #[test]
    fn who_goes_on_asking_waits_and_who_stops_has_gone() {
        let rooms = WaitingRooms::default();
        assert_eq!(rooms.ask("daily", "1", "bob"), Place::Waits);
        assert_eq!(rooms.ask("daily", "2", "eve"), Place::Waits);
        pass(&rooms, PATIENCE / 2);
        assert_eq!(rooms.ask("daily", "2", "eve"), Place::Waits);
        assert_eq!(names(&rooms), ["bob", "eve"]);
        pass(&rooms, PATIENCE / 2);
        assert_eq!(names(&rooms), ["eve"]);
        rooms.remove("daily", "2");
        assert_eq!(names(&rooms), [""; 0]);
        assert!(rooms.with(|rooms| rooms.is_empty()));
    }

    #[test]
    fn who_was_turned_away_may_ask_again_later() {
        let rooms = WaitingRooms::default();
        assert!(!rooms.turn_away("daily", "1"));
        rooms.ask("daily", "1", "bob");
        assert!(rooms.turn_away("daily", "1"));
        assert_eq!(names(&rooms), [""; 0]);
        pass(&rooms, TURNED_AWAY / 2);
        assert_eq!(rooms.ask("daily", "1", "bob"), Place::TurnedAway);
        pass(&rooms, TURNED_AWAY / 2);
        assert_eq!(rooms.ask("daily", "1", "bob"), Place::Waits);
    }

    #[test]
    fn a_crowd_does_not_fill_the_memory() {
        let rooms = WaitingRooms::default();
        for n in 0..MOST {
            assert_eq!(rooms.ask("daily", &n.to_string(), "x"), Place::Waits);
        }
        assert_eq!(rooms.ask("daily", "one more", "x"), Place::Full);
        assert_eq!(rooms.ask("daily", "0", "x"), Place::Waits);
        for n in 1..MOST_ROOMS {
            assert_eq!(rooms.ask(&n.to_string(), "1", "x"), Place::Waits);
        }
        assert_eq!(rooms.ask("another", "1", "x"), Place::Full);
        pass(&rooms, PATIENCE);
        assert_eq!(rooms.ask("another", "1", "x"), Place::Waits);
    }
}
