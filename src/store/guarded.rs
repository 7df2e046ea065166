//! A store that has fallen silent is asked by a probe alone: everybody else is refused at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::time::{Instant, sleep};

use super::{Change, Channel, Club, Known, Meeting, Room, Store, StoreError, User};

/// A failure that comes sooner costs nobody anything: the next one may ask by themselves.
const SLOW: Duration = Duration::from_millis(500);
/// Between two probes.
const PAUSE: Duration = Duration::from_millis(250);

/// A store that nobody waits for twice.
#[derive(Debug)]
pub struct Guarded(Arc<State>);

#[derive(Debug)]
struct State {
    store: Arc<dyn Store>,
    is_silent: AtomicBool,
    /// Whether why it fails has been told.
    is_told: AtomicBool,
}

impl Guarded {
    /// Guards the store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self(Arc::new(State {
            store,
            is_silent: AtomicBool::default(),
            is_told: AtomicBool::default(),
        }))
    }

    /// Makes the call, unless others have waited for the store in vain.
    async fn ask<T>(
        &self,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        if self.0.is_silent.load(Ordering::Relaxed) {
            let why = "it did not answer a moment ago";
            return Err(StoreError::Unavailable(why.into()));
        }
        let began = Instant::now();
        let answer = call.await;
        self.tell(&answer);
        if let Err(e) = &answer
            && is_silence(e, began.elapsed())
            && !self.0.is_silent.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                "the store does not answer: calls that need it are refused until it does"
            );
            self.probe();
        }
        answer
    }

    /// Says why it fails, once until it answers again.
    fn tell<T>(&self, answer: &Result<T, StoreError>) {
        match answer {
            Err(
                e
                @ (StoreError::Unavailable(why) | StoreError::Busy(why) | StoreError::Broken(why)),
            ) => {
                if !self.0.is_told.swap(true, Ordering::Relaxed) {
                    tracing::warn!("{e}: {why}");
                }
            }
            Ok(_) | Err(StoreError::Taken) => self.0.is_told.store(false, Ordering::Relaxed),
        }
    }

    /// Asks until there is an answer or nobody is left who wants one.
    fn probe(&self) {
        let state = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            while let Some(state) = state.upgrade() {
                let answer = state.store.ping().await;
                if !matches!(answer, Err(StoreError::Unavailable(_))) {
                    state.is_silent.store(false, Ordering::Relaxed);
                    tracing::info!("the store answers again");
                    return;
                }
                drop(state);
                sleep(PAUSE).await;
            }
        });
    }
}

/// Whether this is a store that keeps its callers waiting, rather than one that says no.
fn is_silence(e: &StoreError, waited: Duration) -> bool {
    matches!(e, StoreError::Unavailable(_)) && waited >= SLOW
}

#[async_trait]
impl Store for Guarded {
    async fn ping(&self) -> Result<(), StoreError> {
        self.ask(self.0.store.ping()).await
    }

    async fn add_user(&self, user: &User) -> Result<(), StoreError> {
        self.ask(self.0.store.add_user(user)).await
    }

    async fn user_by_name(&self, username: &str) -> Result<Option<User>, StoreError> {
        self.ask(self.0.store.user_by_name(username)).await
    }

    async fn user_by_id(&self, id: &str) -> Result<Option<User>, StoreError> {
        self.ask(self.0.store.user_by_id(id)).await
    }

    async fn users(&self) -> Result<Vec<User>, StoreError> {
        self.ask(self.0.store.users()).await
    }

    async fn set_password(&self, username: &str, hash: &SecretString) -> Result<bool, StoreError> {
        self.ask(self.0.store.set_password(username, hash)).await
    }

    async fn remove_user(&self, username: &str) -> Result<bool, StoreError> {
        self.ask(self.0.store.remove_user(username)).await
    }

    async fn add_room(&self, room: &Room) -> Result<(), StoreError> {
        self.ask(self.0.store.add_room(room)).await
    }

    async fn room(&self, name: &str) -> Result<Option<Room>, StoreError> {
        self.ask(self.0.store.room(name)).await
    }

    async fn rooms_of(&self, user: &str) -> Result<Vec<Room>, StoreError> {
        self.ask(self.0.store.rooms_of(user)).await
    }

    async fn active_rooms(&self) -> Result<Vec<Room>, StoreError> {
        self.ask(self.0.store.active_rooms()).await
    }

    async fn replace_room(&self, room: &Room) -> Result<bool, StoreError> {
        self.ask(self.0.store.replace_room(room)).await
    }

    async fn remove_room(&self, name: &str) -> Result<bool, StoreError> {
        self.ask(self.0.store.remove_room(name)).await
    }

    async fn channel(&self, id: &str) -> Result<Option<Channel>, StoreError> {
        self.ask(self.0.store.channel(id)).await
    }

    async fn put_channel(&self, channel: &Channel) -> Result<(), StoreError> {
        self.ask(self.0.store.put_channel(channel)).await
    }

    async fn club(&self, id: &str) -> Result<Option<Club>, StoreError> {
        self.ask(self.0.store.club(id)).await
    }

    async fn set_meeting(&self, club: &str, meeting: &Meeting) -> Result<bool, StoreError> {
        self.ask(self.0.store.set_meeting(club, meeting)).await
    }

    async fn put_club(&self, club: &Club) -> Result<(), StoreError> {
        self.ask(self.0.store.put_club(club)).await
    }

    async fn known(&self, room: &str) -> Result<Known, StoreError> {
        self.ask(self.0.store.known(room)).await
    }

    async fn apply(&self, changes: &[Change]) -> Result<(), StoreError> {
        self.ask(self.0.store.apply(changes)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_what_callers_wait_for() {
        let unavailable = || StoreError::Unavailable("down".into());
        assert!(is_silence(&unavailable(), SLOW));
        assert!(!is_silence(&unavailable(), Duration::ZERO));
        assert!(!is_silence(&StoreError::Taken, SLOW * 6));
        assert!(!is_silence(&StoreError::Busy("held".into()), SLOW * 6));
        assert!(!is_silence(&StoreError::Broken("odd".into()), SLOW * 6));
    }
}
