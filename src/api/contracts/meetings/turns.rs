//! One after the other.

use std::hash::{BuildHasher as _, RandomState};

use tokio::sync::{Mutex, MutexGuard};

const LOCKS: usize = 64;

/// Starts and ends of one club's meeting come one after the other: two that start at once would
/// give one room two beginnings. Clubs share locks, so that their number is no matter.
#[derive(Debug)]
pub struct Turns {
    seed: RandomState,
    locks: [Mutex<()>; LOCKS],
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            seed: RandomState::new(),
            locks: std::array::from_fn(|_| Mutex::default()),
        }
    }
}

impl Turns {
    /// Waits until it is this club's turn, which lasts as long as the value.
    pub async fn of(&self, club: &str) -> MutexGuard<'_, ()> {
        let hash = self.seed.hash_one(club);
        let lock = usize::try_from(hash % LOCKS as u64).unwrap_or(0);
        self.locks[lock].lock().await
    }
}
