//! Sessions outlive users, their roles and their passwords: what the store says of a caller now.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::refusal::Refusal;
use crate::auth::{Caller, Denied};
use crate::store::{Store, StoreError, User};

/// How long an answer of the store is believed: not every token needs a question.
const BELIEVED: Duration = Duration::from_secs(5);

/// The callers whom the store knew when it was last asked; never more than there are users.
#[derive(Debug, Default)]
pub struct KnownCallers(Mutex<HashMap<String, Known>>);

/// What the store said of a user.
#[derive(Clone, Debug)]
struct Known {
    asked: Instant,
    roles: Vec<String>,
    password_mark: String,
}

impl KnownCallers {
    /// Gives a caller the roles of now, and refuses one who was removed or has another password
    /// since. While the store does not answer, what it said before is believed.
    pub async fn check(&self, store: &dyn Store, caller: &mut Caller) -> Result<(), Refusal> {
        let now = Instant::now();
        let known = self.with(|known| known.get(&caller.id).cloned());
        // Who comes with another password than was known may have just changed it.
        let known = match known {
            Some(known) if known.is_fresh(now) && known.is_of(caller) => known,
            known => self.ask(store, &caller.id, known, now).await?,
        };
        if !known.is_of(caller) {
            return Err(Denied::Invalid.into());
        }
        caller.roles = known.roles;
        Ok(())
    }

    async fn ask(
        &self,
        store: &dyn Store,
        id: &str,
        before: Option<Known>,
        now: Instant,
    ) -> Result<Known, Refusal> {
        let known = match (store.user_by_id(id).await, before) {
            (Ok(Some(user)), _) => Known::of(user, now),
            (Err(StoreError::Unavailable(_) | StoreError::Busy(_)), Some(before)) => Known {
                asked: now,
                ..before
            },
            (Ok(None), _) => {
                self.with(|known| known.remove(id));
                return Err(Denied::Invalid.into());
            }
            (Err(e), _) => return Err(e.into()),
        };
        self.with(|all| all.insert(id.to_owned(), known.clone()));
        Ok(known)
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<String, Known>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes all answers as old as they are believed.
    #[cfg(test)]
    fn age(&self) {
        self.with(|known| {
            for known in known.values_mut() {
                known.asked -= BELIEVED;
            }
        });
    }
}

impl Known {
    fn of(user: User, asked: Instant) -> Self {
        Self {
            asked,
            password_mark: user.password_mark(),
            roles: user.roles,
        }
    }

    fn is_fresh(&self, now: Instant) -> bool {
        now.duration_since(self.asked) < BELIEVED
    }

    /// Whether the caller has logged in with the password of now.
    fn is_of(&self, caller: &Caller) -> bool {
        let mark = caller.password_mark.as_ref();
        mark.is_none_or(|mark| *mark == self.password_mark)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use secrecy::SecretString;

    use super::*;
    use crate::auth::Provider;
    use crate::store::{Change, Sqlite};

    fn ada() -> User {
        User {
            id: "1".into(),
            username: "ada".into(),
            roles: vec!["admin".into()],
            password_hash: "none".into(),
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn session(user: &User) -> Caller {
        Caller {
            id: user.id.clone(),
            username: user.username.clone(),
            roles: user.roles.clone(),
            provider: Provider::Local,
            expires_at: None,
            password_mark: Some(user.password_mark()),
        }
    }

    async fn store(dir: &tempfile::TempDir) -> Sqlite {
        let store = Sqlite::new(dir.path().join("urbania.db"));
        store.add_user(&ada()).await.unwrap();
        store
    }

    /// The roles of Ada, whose session it is.
    async fn roles(
        callers: &KnownCallers,
        store: &dyn Store,
        session: &Caller,
    ) -> Result<Vec<String>, Refusal> {
        let mut caller = session.clone();
        callers.check(store, &mut caller).await?;
        Ok(caller.roles)
    }

    #[tokio::test]
    async fn a_removed_user_is_refused_when_the_last_answer_is_old() {
        let dir = tempfile::tempdir().unwrap();
        let (store, callers) = (store(&dir).await, KnownCallers::default());
        let session = session(&ada());
        assert!(roles(&callers, &store, &session).await.is_ok());
        assert!(store.remove_user("ada").await.unwrap());
        assert!(roles(&callers, &store, &session).await.is_ok());
        callers.age();
        for _ in 0..2 {
            let refused = roles(&callers, &store, &session).await;
            assert!(matches!(refused, Err(Refusal::Denied(Denied::Invalid))));
        }
    }

    #[tokio::test]
    async fn roles_are_those_of_now_and_not_those_of_the_login() {
        let dir = tempfile::tempdir().unwrap();
        let (store, callers) = (store(&dir).await, KnownCallers::default());
        let session = session(&ada());
        assert_eq!(roles(&callers, &store, &session).await.unwrap(), ["admin"]);
        let plain = User {
            roles: Vec::new(),
            ..ada()
        };
        store.apply(&[Change::User(plain)]).await.unwrap();
        callers.age();
        assert_eq!(roles(&callers, &store, &session).await.unwrap(), [""; 0]);
    }

    #[tokio::test]
    async fn a_session_ends_with_its_password() {
        let dir = tempfile::tempdir().unwrap();
        let (store, callers) = (store(&dir).await, KnownCallers::default());
        let old = session(&ada());
        assert!(roles(&callers, &store, &old).await.is_ok());
        let hash = SecretString::from("other");
        assert!(store.set_password("ada", &hash).await.unwrap());
        let new = session(&User {
            password_hash: hash,
            ..ada()
        });
        // Known at once, although the last answer is not old.
        assert!(roles(&callers, &store, &new).await.is_ok());
        let refused = roles(&callers, &store, &old).await;
        assert!(matches!(refused, Err(Refusal::Denied(Denied::Invalid))));
        assert!(roles(&callers, &store, &new).await.is_ok());
    }

    #[tokio::test]
    async fn known_callers_are_believed_while_the_store_does_not_answer() {
        let dir = tempfile::tempdir().unwrap();
        let (store, callers) = (store(&dir).await, KnownCallers::default());
        let down = Sqlite::new(dir.path().to_path_buf());
        let session = session(&ada());
        assert!(roles(&callers, &store, &session).await.is_ok());
        callers.age();
        assert_eq!(roles(&callers, &down, &session).await.unwrap(), ["admin"]);
        let other = Caller {
            id: "2".into(),
            ..session
        };
        let refused = roles(&callers, &down, &other).await;
        assert!(matches!(refused, Err(Refusal::Unavailable(_))));
    }
}
