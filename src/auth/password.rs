//! Passwords: argon2id in PHC format, off the async threads, so many at a time and no more.

use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use argon2::password_hash::phc::{Output, ParamsString, Salt};
use argon2::{Algorithm, Argon2, Block, Params, PasswordHash, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::error::{Context as _, Error, Result};

/// A hash with the usual costs that no password has: it is verified for users who do not exist,
/// so that they cannot be told apart by the time it takes.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LW5vYm9keQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The allocator hands blocks of more than 32 MiB back to the system as soon as they are freed, and
/// keeps smaller ones: without this, every thread that ever hashed would hold its 19 MiB for good.
/// What is reserved beyond the blocks in use is never touched and costs nothing.
const RESERVED: usize = (33 << 20) / size_of::<Block>();

/// How long a login may wait for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// Hashes and verifies passwords.
#[derive(Clone, Debug)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    patience: Duration,
}

/// Too many logins at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many logins at once")]
pub struct Busy;

impl Default for Passwords {
    /// One at a time for each core: a hash takes 19 MiB and all of a core.
    fn default() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self::new(cores, PATIENCE)
    }
}

impl Passwords {
    /// So many at a time; who waits longer than `patience` is told to come back.
    pub fn new(turns: usize, patience: Duration) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(turns)),
            patience,
        }
    }

    /// The hash of a new password.
    pub async fn hash(&self, password: SecretString) -> Result<SecretString> {
        self.in_turn(move || {
            hash(&password, rand::random())
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
            matches(&password, expected).unwrap_or(false) && hash.is_some()
        })
        .await
    }

    /// Runs `f` on a thread for blocking work. It keeps its turn when the caller has gone.
    async fn in_turn<T: Send + 'static>(
        &self,
        f: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let turn = timeout(self.patience, self.turns.clone().acquire_owned())
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

/// The hash of a password with today's costs.
fn hash(password: &SecretString, salt: [u8; 16]) -> argon2::password_hash::Result<PasswordHash> {
    let params = Params::DEFAULT;
    let salt = Salt::new(&salt)?;
    Ok(PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params)?,
        hash: Some(derive(password, &salt, params, Params::DEFAULT_OUTPUT_LEN)?),
        salt: Some(salt),
    })
}

/// Whether the password has this hash, computed with the hash's own costs and compared in constant
/// time; `None` for what is no argon2id hash.
fn matches(password: &SecretString, expected: &str) -> Option<bool> {
    let expected = PasswordHash::new(expected).ok()?;
    if expected.algorithm != Algorithm::Argon2id.ident() {
        return None;
    }
    let params = Params::try_from(&expected).ok()?;
    let output = expected.hash?;
    let derived = derive(password, &expected.salt?, params, output.as_bytes().len()).ok()?;
    Some(derived == output)
}

fn derive(
    password: &SecretString,
    salt: &Salt,
    params: Params,
    length: usize,
) -> argon2::password_hash::Result<Output> {
    let mut memory = Vec::with_capacity(params.block_count().max(RESERVED));
    memory.resize(params.block_count(), Block::new());
    let mut output = [0; Output::MAX_LENGTH];
    let output = output
        .get_mut(..length)
        .ok_or(argon2::password_hash::Error::OutputSize)?;
    let password = password.expose_secret().as_bytes();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into_with_memory(
        password,
        salt,
        output,
        &mut memory[..],
    )?;
    Ok(Output::new(output)?)
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

    #[tokio::test]
    async fn no_more_hash_at_once_than_there_are_turns_and_who_waits_too_long_is_told() {
        let passwords = Passwords::new(2, Duration::from_millis(50));
        let (end, ends) = std::sync::mpsc::channel::<()>();
        let ends = Arc::new(std::sync::Mutex::new(ends));
        let held: Vec<_> = (0..2)
            .map(|_| {
                let (passwords, ends) = (passwords.clone(), ends.clone());
                tokio::spawn(async move {
                    // Until the other end is gone.
                    let held = move || ends.lock().unwrap().recv().is_err();
                    passwords.in_turn(held).await
                })
            })
            .collect();
        while passwords.turns.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(passwords.verify("x".into(), None).await, Err(Busy));
        drop(end);
        for held in held {
            assert_eq!(held.await.unwrap(), Ok(true));
        }
        assert_eq!(passwords.verify("x".into(), None).await, Ok(false));
    }

    #[tokio::test]
    async fn a_turn_is_kept_when_its_caller_has_gone() {
        let passwords = Passwords::new(1, Duration::from_secs(30));
        let (end, ends) = std::sync::mpsc::channel::<()>();
        let (began, begins) = tokio::sync::oneshot::channel();
        let working = passwords.clone();
        let gone = tokio::spawn(async move {
            let work = move || {
                let _ = began.send(());
                let _ = ends.recv();
            };
            working.in_turn(work).await
        });
        begins.await.unwrap();
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        assert_eq!(passwords.turns.available_permits(), 0);
        drop(end);
        assert_eq!(passwords.verify("x".into(), None).await, Ok(false));
    }

    #[test]
    fn hashes_are_those_of_the_argon2_crate() {
        use argon2::password_hash::{PasswordHasher, PasswordVerifier};
        let ours = hash(&"correct horse".into(), [7; 16]).unwrap();
        let argon2 = Argon2::default();
        assert_eq!(argon2.verify_password(b"correct horse", &ours), Ok(()));
        let theirs = argon2.hash_password(b"correct horse").unwrap().to_string();
        assert_eq!(matches(&"correct horse".into(), &theirs), Some(true));
        assert_eq!(matches(&"other".into(), &theirs), Some(false));
    }

    #[test]
    fn the_hash_of_nobody_costs_what_a_new_hash_costs() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let new = hash(&"x".into(), [0; 16]).unwrap();
        assert_eq!(nobody.params, new.params);
        assert_eq!(nobody.algorithm, new.algorithm);
        assert_eq!(
            nobody.hash.map(|hash| hash.as_bytes().len()),
            new.hash.map(|hash| hash.as_bytes().len())
        );
        let begin = Instant::now();
        assert_eq!(matches(&"x".into(), NOBODY), Some(false));
        assert!(
            begin.elapsed() > Duration::from_millis(1),
            "verified without work"
        );
    }
}
