//! How often somebody may try: token buckets in a table of fixed size.
//!
//! A key is hashed with a random seed into one of the buckets, so no attacker grows the table or
//! chooses whom to share a bucket with.

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

const BUCKETS: usize = 4096;

/// How often logins may be tried.
#[derive(Debug)]
pub struct LoginLimits {
    /// Every attempt counts.
    pub by_address: Limit<IpAddr>,
    /// Failed attempts count.
    pub by_user: Limit<str>,
}

impl Default for LoginLimits {
    fn default() -> Self {
        Self {
            by_address: Limit::new(60, 1_000),
            by_user: Limit::new(10, 6_000),
        }
    }
}

/// So many at once, then one every so often.
#[derive(Debug)]
pub struct Limit<K: ?Sized> {
    seed: RandomState,
    began: Instant,
    /// When the bucket would be full again, in milliseconds since `began`.
    buckets: Box<[AtomicU64]>,
    burst: u64,
    interval: u64,
    key: std::marker::PhantomData<fn(&K)>,
}

impl<K: Hash + ?Sized> Limit<K> {
    /// `burst` at once, then one every `interval` milliseconds.
    pub fn new(burst: u64, interval: u64) -> Self {
        Self {
            seed: RandomState::new(),
            began: Instant::now(),
            buckets: std::iter::repeat_with(AtomicU64::default)
                .take(BUCKETS)
                .collect(),
            burst,
            interval,
            key: std::marker::PhantomData,
        }
    }

    /// Takes one, or says in how many seconds there will be one.
    pub fn take(&self, key: &K) -> Result<(), u64> {
        self.take_at(key, self.millis())
    }

    /// Gives back one that was taken.
    pub fn give_back(&self, key: &K) {
        let bucket = self.bucket(key);
        let full = bucket.load(Ordering::Relaxed);
        bucket.store(full.saturating_sub(self.interval), Ordering::Relaxed);
    }

    fn take_at(&self, key: &K, now: u64) -> Result<(), u64> {
        let bucket = self.bucket(key);
        let full = bucket.load(Ordering::Relaxed).max(now) + self.interval;
        let wait = full.saturating_sub(now + self.burst * self.interval);
        if wait > 0 {
            return Err(wait.div_ceil(1_000));
        }
        bucket.store(full, Ordering::Relaxed);
        Ok(())
    }

    fn bucket(&self, key: &K) -> &AtomicU64 {
        let hash = self.seed.hash_one(key);
        &self.buckets[usize::try_from(hash % BUCKETS as u64).unwrap_or(0)]
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_then_one_at_a_time() {
        let limit = Limit::<str>::new(3, 2_000);
        for _ in 0..3 {
            assert_eq!(limit.take_at("ada", 0), Ok(()));
        }
        assert_eq!(limit.take_at("ada", 0), Err(2));
        assert_eq!(limit.take_at("ada", 1_500), Err(1));
        assert_eq!(limit.take_at("ada", 2_000), Ok(()));
        assert_eq!(limit.take_at("ada", 2_000), Err(2));
        assert_eq!(limit.take_at("ada", 60_000), Ok(()));
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let limit = Limit::<str>::new(1, 1_000);
        for _ in 0..10 {
            assert_eq!(limit.take_at("ada", 0), Ok(()));
            limit.give_back("ada");
        }
    }
}
