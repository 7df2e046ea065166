//! How often somebody may try: token buckets in a table of fixed size.
//!
//! A key is hashed with a random seed into one of the buckets, so no attacker grows the table or
//! chooses whom to share a bucket with.

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::config::ApiLimits;

const BUCKETS: usize = 4096;

const MINUTE: u64 = 60 * SECOND;
const SECOND: u64 = 1_000_000_000;

/// How often logins and tokens may be asked for.
#[derive(Debug)]
pub struct Limits {
    /// Every attempt to log in from an address counts.
    pub logins: Limit<IpAddr>,
    /// Failed attempts to log in as a user count.
    pub failed_logins: Limit<str>,
    /// Tokens for a caller.
    pub tokens: Limit<str>,
    /// Everything that an address asks of routes that make tokens.
    pub tokens_by_address: Limit<IpAddr>,
}

impl Limits {
    /// As configured.
    pub fn new(settings: &ApiLimits) -> Self {
        Self {
            logins: Limit::per_minute(settings.logins_per_minute),
            failed_logins: Limit::per_minute(settings.failed_logins_per_minute),
            tokens: Limit::per_minute(settings.tokens_per_minute),
            tokens_by_address: Limit::per_minute(settings.tokens_per_minute_by_address),
        }
    }
}

/// So many at once, then one every so often.
#[derive(Debug)]
pub struct Limit<K: ?Sized> {
    seed: RandomState,
    began: Instant,
    /// When the bucket would be full again, in nanoseconds since `began`.
    buckets: Box<[AtomicU64]>,
    burst: u64,
    interval: u64,
    key: std::marker::PhantomData<fn(&K)>,
}

impl<K: Hash + ?Sized> Limit<K> {
    /// So many within a minute, also at once; 0: no limit.
    pub fn per_minute(most: u32) -> Self {
        let burst = u64::from(most);
        Self {
            seed: RandomState::new(),
            began: Instant::now(),
            buckets: std::iter::repeat_with(AtomicU64::default)
                .take(BUCKETS)
                .collect(),
            burst,
            interval: MINUTE.checked_div(burst).unwrap_or(0),
            key: std::marker::PhantomData,
        }
    }

    /// Takes one, or says in how many seconds there will be one.
    pub fn take(&self, key: &K) -> Result<(), u64> {
        self.take_at(key, self.nanos())
    }

    /// Gives back one that was taken.
    pub fn give_back(&self, key: &K) {
        let bucket = self.bucket(key);
        let less = |full: u64| Some(full.saturating_sub(self.interval));
        let _ = bucket.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    fn take_at(&self, key: &K, now: u64) -> Result<(), u64> {
        if self.burst == 0 {
            return Ok(());
        }
        let bucket = self.bucket(key);
        let fuller = |full: u64| full.max(now) + self.interval;
        let wait = |full: u64| full.saturating_sub(now + self.burst * self.interval);
        // In one step: of two at once, only one gets the last.
        let taken = bucket.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full| {
            Some(fuller(full)).filter(|full| wait(*full) == 0)
        });
        let taken = taken.map(drop);
        taken.map_err(|full| wait(fuller(full)).div_ceil(SECOND))
    }

    fn bucket(&self, key: &K) -> &AtomicU64 {
        let hash = self.seed.hash_one(key);
        &self.buckets[usize::try_from(hash % BUCKETS as u64).unwrap_or(0)]
    }

    fn nanos(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_then_one_at_a_time() {
        let limit = Limit::<str>::per_minute(3);
        for _ in 0..3 {
            assert_eq!(limit.take_at("ada", 0), Ok(()));
        }
        assert_eq!(limit.take_at("ada", 0), Err(20));
        assert_eq!(limit.take_at("ada", 19 * SECOND + 1), Err(1));
        assert_eq!(limit.take_at("ada", 20 * SECOND), Ok(()));
        assert_eq!(limit.take_at("ada", 20 * SECOND), Err(20));
        assert_eq!(limit.take_at("ada", 10 * MINUTE), Ok(()));
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let limit = Limit::<str>::per_minute(1);
        for _ in 0..10 {
            assert_eq!(limit.take_at("ada", 0), Ok(()));
            limit.give_back("ada");
        }
    }

    #[test]
    fn none_is_no_limit_and_a_high_one_is_kept() {
        let none = Limit::<str>::per_minute(0);
        let high = Limit::<str>::per_minute(100_000);
        for _ in 0..100_000 {
            assert_eq!(none.take_at("ada", 7), Ok(()));
            assert_eq!(high.take_at("ada", 7), Ok(()));
        }
        assert_eq!(none.take_at("ada", 7), Ok(()));
        assert_eq!(none.take_at("ada", 6), Ok(()), "a thread that was late");
        assert_eq!(high.take_at("ada", 7), Err(1));
    }

    #[test]
    fn of_many_at_once_no_more_get_one_than_there_are() {
        const THREADS: usize = 8;
        let hammered = |limit: &Limit<str>, act: fn(&Limit<str>) -> usize| -> usize {
            let ready = std::sync::Barrier::new(THREADS);
            std::thread::scope(|scope| {
                let threads: Vec<_> = (0..THREADS)
                    .map(|_| {
                        scope.spawn(|| {
                            ready.wait();
                            (0..20_000).map(|_| act(limit)).sum::<usize>()
                        })
                    })
                    .collect();
                threads.into_iter().map(|t| t.join().unwrap()).sum()
            })
        };
        let take = |limit: &Limit<str>| usize::from(limit.take_at("ada", 7).is_ok());
        let borrow = |limit: &Limit<str>| {
            let taken = limit.take_at("ada", 7).is_ok();
            if taken {
                limit.give_back("ada");
            }
            usize::from(taken)
        };
        let limit = Limit::per_minute(50_000);
        assert_eq!(hammered(&limit, take), 50_000);
        let limit = Limit::per_minute(1_000);
        assert_eq!(hammered(&limit, borrow), THREADS * 20_000);
        assert_eq!(hammered(&limit, take), 1_000, "all were given back");
    }
}
