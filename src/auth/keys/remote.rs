//! Keys that are fetched when they are needed and kept as long as they may be.
//!
//! However many tokens ask, one fetch is under way at a time, and everybody waits for that one. A
//! key id that nobody knows causes a fetch of its own, since that is how a rotation shows, but not
//! more than one in a while. While the server does not answer, the last good copy is used.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jsonwebtoken::Algorithm;
use reqwest::Client;
use tokio::sync::{Mutex, OnceCell};
use tokio::time::{Instant, timeout};

use super::KeySet;
use super::fetch::{Fetched, KeysError, Place};
use crate::auth::token::Unverified;
use crate::auth::{AuthError, Denied};
use crate::http;

/// How often a server of keys is asked, and how long its answers are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// An answer is good for no less, whatever its headers say.
    pub shortest: Duration,
    /// When its headers say nothing.
    pub usual: Duration,
    /// For no longer.
    pub longest: Duration,
    /// While the server does not answer, an answer of this age is still used.
    pub last_good: Duration,
    /// Between two fetches for keys that nobody knows.
    pub unknown: Duration,
    /// After a fetch that failed, when there is a copy to go on with.
    pub retry: Duration,
    /// After a fetch that failed, when there is none.
    pub urgent: Duration,
    /// Within this an answer is there, or there is none.
    pub patience: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            shortest: Duration::from_mins(1),
            usual: Duration::from_mins(10),
            longest: Duration::from_hours(24),
            last_good: Duration::from_hours(48),
            unknown: Duration::from_secs(10),
            retry: Duration::from_secs(30),
            urgent: Duration::from_secs(2),
            patience: Duration::from_secs(5),
        }
    }
}

/// The keys of one provider.
#[derive(Clone, Debug)]
pub struct RemoteKeys(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    place: Place,
    pace: Pace,
    client: OnceCell<Client>,
    copy: RwLock<Option<Arc<Copy>>>,
    flight: Arc<Mutex<Flight>>,
}

/// What the server published.
#[derive(Debug)]
struct Copy {
    keys: KeySet,
    fetched: Instant,
    stale: Instant,
}

/// The fetch that is under way, or the last one.
#[derive(Debug, Default)]
struct Flight {
    ended: Option<Instant>,
    not_before: Option<Instant>,
    unknown_not_before: Option<Instant>,
}

/// Why keys are fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Want {
    /// There are none, or they are old.
    Fresh,
    /// One that is not among them.
    Unknown,
}

impl RemoteKeys {
    /// Nothing is fetched yet.
    pub fn new(source: Place, pace: Pace) -> Self {
        Self(Arc::new(Inner {
            place: source,
            pace,
            client: OnceCell::new(),
            copy: RwLock::default(),
            flight: Arc::default(),
        }))
    }

    /// Whether one of the keys signed the token.
    pub async fn verify(
        &self,
        token: &Unverified<'_>,
        algorithm: Algorithm,
    ) -> Result<(), AuthError> {
        let asked = Instant::now();
        if self.copy().is_none_or(|copy| copy.stale <= asked) {
            self.refresh(asked, Want::Fresh).await;
        }
        let copy = self.usable()?;
        if let Some(key) = copy.keys.find(token, algorithm) {
            return Ok(key.verify(token, algorithm)?);
        }
        self.refresh(asked, Want::Unknown).await;
        let copy = self.usable()?;
        let key = copy.keys.find(token, algorithm).ok_or(Denied::Key)?;
        Ok(key.verify(token, algorithm)?)
    }

    fn copy(&self) -> Option<Arc<Copy>> {
        let copy = self.0.copy.read();
        copy.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn usable(&self) -> Result<Arc<Copy>, KeysError> {
        self.copy()
            .filter(|copy| copy.fetched.elapsed() <= self.0.pace.last_good)
            .ok_or_else(|| self.0.place.error("it does not answer as it should"))
    }

    /// Fetches, unless that was done since `asked` or is not to be done yet. The fetch goes on when
    /// the one who asked for it is gone: hanging up must not make room for the next one.
    async fn refresh(&self, asked: Instant, want: Want) {
        let mut flight = self.0.flight.clone().lock_owned().await;
        let now = Instant::now();
        let is_later = |time: Option<Instant>| time.is_some_and(|time| time > now);
        let waits = is_later(flight.not_before)
            || (want == Want::Unknown && is_later(flight.unknown_not_before));
        if waits || flight.ended.is_some_and(|ended| ended >= asked) {
            return;
        }
        let inner = self.0.clone();
        let fetching = tokio::spawn(async move {
            let fetched = inner.fetch().await;
            flight.ended = Some(Instant::now());
            if want == Want::Unknown {
                flight.unknown_not_before = Some(Instant::now() + inner.pace.unknown);
            }
            flight.not_before = inner.keep(fetched).map(|pause| Instant::now() + pause);
        });
        // It does not panic; if it did, there would be no new copy.
        let _ = fetching.await;
    }
}

impl Inner {
    async fn fetch(&self) -> Result<Fetched, KeysError> {
        let patience = self.pace.patience;
        let fetch = async {
            let client = self
                .client
                .get_or_try_init(async || http::for_url(&self.place.address(), patience))
                .await
                .map_err(|e| e.to_string())?;
            self.place.fetch(client).await
        };
        timeout(patience, fetch)
            .await
            .unwrap_or_else(|_| Err("it does not answer in time".into()))
            .map_err(|why| self.place.error(why))
    }

    /// Takes what was fetched for the copy, or says how long to wait before the next try.
    fn keep(&self, fetched: Result<Fetched, KeysError>) -> Option<Duration> {
        let mut copy = self.copy.write().unwrap_or_else(PoisonError::into_inner);
        match fetched {
            Ok(Fetched { keys, fresh_for }) => {
                let Pace {
                    shortest,
                    usual,
                    longest,
                    ..
                } = self.pace;
                let fetched = Instant::now();
                let stale = fetched + fresh_for.unwrap_or(usual).min(longest).max(shortest);
                *copy = Some(Arc::new(Copy {
                    keys,
                    fetched,
                    stale,
                }));
                None
            }
            Err(e) => {
                tracing::warn!("{e}");
                Some(match &*copy {
                    Some(_) => self.pace.retry,
                    None => self.pace.urgent,
                })
            }
        }
    }
}
