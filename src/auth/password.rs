//! Passwords: argon2id in PHC format, off the async threads, so many at a time and no more.

use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, PasswordHash};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::error::{Context as _, Error, Result};

/// A hash with the usual costs that no password has: it is verified for users who do not exist,
/// so that they cannot be told apart by the time it takes.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LW5vYm9keQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// How long a login may wait for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// Hashes and verifies passwords.
#[derive(Clone, Debug)]
pub struct Passwords {
    turns: Arc<Semaphore>,
}

/// Too many logins at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many logins at once")]
pub struct Busy;

impl Default for Passwords {
    /// One at a time for each core: a hash takes 19 MiB and all of a core.
    fn default() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self {
            turns: Arc::new(Semaphore::new(cores)),
        }
    }
}

impl Passwords {
    /// The hash of a new password.
    pub async fn hash(&self, password: SecretString) -> Result<SecretString> {
        self.in_turn(move || {
            Argon2::default()
                .hash_password(password.expose_secret().as_bytes())
                .map(|hash| SecretString::from(hash.to_string()))
                .or_fail(|| "cannot hash a password".into())
        })
        .await
        .map_err(|e| Error::failed("cannot hash a password").because(e))?
    }

    /// Whether the password has this hash. Takes the same time for the hash of nobody.
    pub async fn verify(
        &self,
        password: SecretString,
        hash: Option<SecretString>,
    ) -> Result<bool, Busy> {
        self.in_turn(move || {
            let expected = hash.as_ref().map_or(NOBODY, |hash| hash.expose_secret());
            let matches = PasswordHash::new(expected).is_ok_and(|expected| {
                Argon2::default()
                    .verify_password(password.expose_secret().as_bytes(), &expected)
                    .is_ok()
            });
            matches && hash.is_some()
        })
        .await
    }

    /// Runs `f` on a thread for blocking work. It keeps its turn when the caller has gone.
    async fn in_turn<T: Send + 'static>(
        &self,
        f: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let turn = timeout(PATIENCE, self.turns.clone().acquire_owned())
            .await
            .map_err(|_| Busy)?
            .map_err(|_| Busy)?;
        tokio::task::spawn_blocking(move || {
            let done = f();
            drop(turn);
            done
        })
        .await
        .map_err(|_| Busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_alone() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        assert!(
            hash.expose_secret()
                .starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
        );
        let verify = |password: &str, hash| passwords.verify(password.into(), hash);
        assert_eq!(verify("correct horse", Some(hash.clone())).await, Ok(true));
        assert_eq!(verify("correct hors", Some(hash.clone())).await, Ok(false));
        assert_eq!(verify("", Some("nonsense".into())).await, Ok(false));
        assert_eq!(verify("correct horse", None).await, Ok(false));
    }

    #[test]
    fn the_hash_of_nobody_costs_what_a_new_hash_costs() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let new = Argon2::default().hash_password(b"x").unwrap();
        assert_eq!(nobody.params, new.params);
        assert_eq!(nobody.algorithm, new.algorithm);
        assert_eq!(
            nobody.hash.map(|hash| hash.as_bytes().len()),
            new.hash.map(|hash| hash.as_bytes().len())
        );
        let begin = Instant::now();
        assert!(Argon2::default().verify_password(b"x", &nobody).is_err());
        assert!(
            begin.elapsed() > Duration::from_millis(1),
            "verified without work"
        );
    }
}
