//! Who a room belongs to: looked up by its name, and believed for a moment.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::store::{Known, Store, StoreError};

/// How long an answer of the store is believed: not every token needs a question.
const BELIEVED: Duration = Duration::from_secs(5);

/// More rooms are not kept: names can be made up.
const MOST: usize = 10_000;

/// What the store said of rooms when it was last asked.
#[derive(Debug, Default)]
pub struct KnownRooms {
    kept: Mutex<Kept>,
    /// Most names are nobody's yet: they share this.
    nothing: Arc<Known>,
}

#[derive(Debug, Default)]
struct Kept {
    rooms: HashMap<Box<str>, (Instant, Arc<Known>)>,
    /// Grows with every room that is forgotten: an answer from before is not kept.
    forgotten: u64,
}

impl KnownRooms {
    /// What is known of a room, as of a moment ago.
    pub async fn get(&self, store: &dyn Store, name: &str) -> Result<Arc<Known>, StoreError> {
        let kept = self.with(|kept| {
            let (at, known) = kept.rooms.get(name)?;
            (at.elapsed() < BELIEVED).then(|| known.clone())
        });
        match kept {
            Some(known) => Ok(known),
            None => self.fresh(store, name).await,
        }
    }

    /// The same, and as of now where that would keep somebody out.
    pub async fn admitting(
        &self,
        store: &dyn Store,
        name: &str,
        admits: impl Fn(&Known) -> bool,
    ) -> Result<Arc<Known>, StoreError> {
        let known = self.get(store, name).await?;
        if admits(&known) {
            return Ok(known);
        }
        self.fresh(store, name).await
    }

    /// What is known of a room, as of now.
    pub async fn fresh(&self, store: &dyn Store, name: &str) -> Result<Arc<Known>, StoreError> {
        let (asked, forgotten) = (Instant::now(), self.with(|kept| kept.forgotten));
        let known = store.known(name).await?;
        let known = if known.is_nothing() {
            self.nothing.clone()
        } else {
            Arc::new(known)
        };
        self.with(|kept| {
            if kept.forgotten == forgotten {
                kept.keep(name, asked, known.clone());
            }
        });
        Ok(known)
    }

    /// Forgets a room that was changed.
    pub fn forget(&self, name: &str) {
        self.with(|kept| {
            kept.forgotten += 1;
            kept.rooms.remove(name);
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut Kept) -> T) -> T {
        act(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Kept {
    fn keep(&mut self, name: &str, asked: Instant, known: Arc<Known>) {
        if self.rooms.len() >= MOST {
            self.rooms.retain(|_, (at, _)| at.elapsed() < BELIEVED);
        }
        if self.rooms.len() >= MOST {
            self.rooms.clear();
        }
        self.rooms.insert(name.into(), (asked, known));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Call, CallType, Mode, Room, Sqlite};
    use jiff::Timestamp;

    fn room(name: &str) -> Room {
        Room {
            name: name.into(),
            created_by: "ada".into(),
            created_at: Timestamp::UNIX_EPOCH,
            call_type: CallType::Video,
            mode: Mode::Call,
            participants: Vec::new(),
            max_participants: 0,
            lobby: None,
            call: Call::default(),
            revision: 0,
        }
    }

    #[tokio::test]
    async fn an_answer_is_believed_for_a_while_or_until_the_room_is_changed() {
        let dir = tempfile::tempdir().unwrap();
        let store = Sqlite::new(dir.path().join("urbania.db"));
        let rooms = KnownRooms::default();
        assert!(rooms.get(&store, "daily").await.unwrap().is_nothing());
        store.add_room(&room("daily")).await.unwrap();
        assert!(rooms.get(&store, "daily").await.unwrap().is_nothing());
        rooms.forget("daily");
        assert!(rooms.get(&store, "daily").await.unwrap().room.is_some());
        let down = Sqlite::new(dir.path().to_path_buf());
        assert!(rooms.get(&down, "daily").await.unwrap().room.is_some());
        assert!(rooms.get(&down, "weekly").await.is_err());
        assert!(rooms.fresh(&down, "daily").await.is_err());
        rooms.with(|kept| kept.rooms.values_mut().for_each(|(at, _)| *at -= BELIEVED));
        assert!(rooms.get(&down, "daily").await.is_err());
    }

    #[tokio::test]
    async fn an_answer_from_before_a_change_is_not_kept() {
        let dir = tempfile::tempdir().unwrap();
        let store = Sqlite::new(dir.path().join("urbania.db"));
        let rooms = KnownRooms::default();
        let asked = rooms.fresh(&store, "daily");
        let changed = async { rooms.forget("another") };
        let (known, ()) = tokio::join!(asked, changed);
        assert!(known.unwrap().is_nothing());
        assert!(rooms.with(|kept| kept.rooms.is_empty()));
    }

    #[test]
    fn made_up_names_do_not_fill_the_memory() {
        let rooms = KnownRooms::default();
        let now = Instant::now();
        rooms.with(|kept| {
            for n in 0..=MOST * 2 {
                kept.keep(&n.to_string(), now, Arc::default());
            }
            assert!(kept.rooms.len() <= MOST);
        });
    }
}
