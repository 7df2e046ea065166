//! Sessions outlive users: whether a caller is still in the store.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::refusal::Refusal;
use crate::auth::Denied;
use crate::store::{Store, StoreError};

/// How long an answer of the store is believed: not every token needs a question.
const BELIEVED: Duration = Duration::from_secs(5);

/// The callers whom the store knew when it was last asked; never more than there are users.
#[derive(Debug, Default)]
pub struct KnownCallers(Mutex<HashMap<String, Instant>>);

impl KnownCallers {
    /// Refuses a user who was removed. While the store does not answer, those it knew before are
    /// believed.
    pub async fn check(&self, store: &dyn Store, id: &str) -> Result<(), Refusal> {
        let now = Instant::now();
        let asked = self.with(|known| known.get(id).copied());
        if asked.is_some_and(|asked| now.duration_since(asked) < BELIEVED) {
            return Ok(());
        }
        match store.user_by_id(id).await {
            Ok(Some(_)) => {}
            Err(StoreError::Unavailable(_)) if asked.is_some() => {}
            Ok(None) => {
                self.with(|known| known.remove(id));
                return Err(Denied::Invalid.into());
            }
            Err(e) => return Err(e.into()),
        }
        self.with(|known| known.insert(id.to_owned(), now));
        Ok(())
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<String, Instant>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes all answers as old as they are believed.
    #[cfg(test)]
    fn age(&self) {
        self.with(|known| known.values_mut().for_each(|asked| *asked -= BELIEVED));
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::store::{Sqlite, User};

    async fn store(dir: &tempfile::TempDir) -> Sqlite {
        let store = Sqlite::new(dir.path().join("urbania.db"));
        let ada = User {
            id: "1".into(),
            username: "ada".into(),
            roles: Vec::new(),
            password_hash: "none".into(),
            created_at: Timestamp::UNIX_EPOCH,
        };
        store.add_user(&ada).await.unwrap();
        store
    }

    #[tokio::test]
    async fn a_removed_user_is_refused_when_the_last_answer_is_old() {
        let dir = tempfile::tempdir().unwrap();
        let (store, callers) = (store(&dir).await, KnownCallers::default());
        assert!(callers.check(&store, "1").await.is_ok());
        assert!(store.remove_user("ada").await.unwrap());
        assert!(callers.check(&store, "1").await.is_ok());
        callers.age();
        for _ in 0..2 {
            let refused = callers.check(&store, "1").await;
            assert!(matches!(refused, Err(Refusal::Denied(Denied::Invalid))));
        }
    }

    #[tokio::test]
    async fn known_callers_are_believed_while_the_store_does_not_answer() {
        let dir = tempfile::tempdir().unwrap();
        let (store, callers) = (store(&dir).await, KnownCallers::default());
        let down = Sqlite::new(dir.path().to_path_buf());
        assert!(callers.check(&store, "1").await.is_ok());
        callers.age();
        assert!(callers.check(&down, "1").await.is_ok());
        let refused = callers.check(&down, "2").await;
        assert!(matches!(refused, Err(Refusal::Unavailable(_))));
    }
}
