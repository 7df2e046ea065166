//! What a subscriber's connection is taken to carry. The estimate alone is not enough: who is sent little measures
//! little, and one wrong measurement on a busy machine would hold a picture back for good. So where somebody could have
//! a better one, it is tried from time to time, seldom where that was in vain.

use std::time::{Duration, Instant};

/// In bits a second, before anything is measured.
pub const FIRST: u64 = 2_000_000;
/// What is missing is tried after this time, and each time it is missed again after twice as long.
const PAUSE: Duration = Duration::from_secs(2);
/// But after this at the latest.
const LONGEST: Duration = Duration::from_secs(64);
/// What is tried counts for so long, whatever is measured: what we are told is a mean of as much.
const TRIAL: Duration = Duration::from_secs(3);
/// Where nothing was missing for so long, the next pause is short again.
const CALM: Duration = Duration::from_secs(10);

/// What a connection is taken to carry.
#[derive(Debug)]
pub struct Budget {
    estimate: u64,
    trial: Option<Trial>,
    is_short: bool,
    /// Since when it is short, or is not.
    since: Instant,
    pause: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Trial {
    bits: u64,
    until: Instant,
}

impl Budget {
    /// Nothing was measured yet.
    pub fn new(now: Instant) -> Self {
        Self {
            estimate: FIRST,
            trial: None,
            is_short: false,
            since: now,
            pause: PAUSE,
        }
    }

    /// So much was measured.
    pub fn measured(&mut self, estimate: u64) {
        self.estimate = estimate;
    }

    /// Bits a second that may be spent now.
    pub fn bits(&self, now: Instant) -> u64 {
        let tried = self.trial.filter(|trial| now < trial.until);
        tried.map_or(self.estimate, |trial| trial.bits.max(self.estimate))
    }

    /// With `needed` somebody would have a better picture; `None`: all have the best that they want. What is to be
    /// tried from now on, if anything.
    pub fn try_more(&mut self, needed: Option<u64>, now: Instant) -> Option<u64> {
        if needed.is_some() != self.is_short {
            (self.is_short, self.since) = (needed.is_some(), now);
        }
        let passed = now.saturating_duration_since(self.since);
        if !self.is_short && passed >= CALM {
            self.pause = PAUSE;
        }
        let bits = needed?;
        if passed < self.pause {
            return None;
        }
        let until = now + TRIAL;
        self.trial = Some(Trial { bits, until });
        self.since = until;
        self.pause = (self.pause * 2).min(LONGEST);
        Some(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When something is tried within two minutes, in seconds, where each trial is in vain.
    fn tries(budget: &mut Budget, start: Instant) -> Vec<u64> {
        let seconds = 0..120;
        seconds
            .filter(|second| {
                let now = start + Duration::from_secs(*second);
                budget.try_more(Some(1_000), now).is_some()
            })
            .collect()
    }

    #[test]
    fn what_is_missing_is_tried_ever_more_seldom() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        budget.measured(500);
        assert_eq!(tries(&mut budget, start), [2, 9, 20, 39, 74]);
    }

    #[test]
    fn what_is_tried_counts_for_a_while_and_no_less_than_what_is_measured() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        budget.measured(500);
        let _ = budget.try_more(Some(1_000), start);
        let at = start + PAUSE;
        assert_eq!(budget.try_more(Some(1_000), at), Some(1_000));
        assert_eq!(budget.bits(at), 1_000);
        budget.measured(3_000);
        assert_eq!(budget.bits(at), 3_000);
        budget.measured(400);
        assert_eq!(budget.bits(at), 1_000);
        assert_eq!(budget.bits(at + TRIAL), 400);
    }

    #[test]
    fn who_had_all_for_a_while_waits_no_longer_than_at_first() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        let _ = tries(&mut budget, start);
        let calm = start + Duration::from_secs(200);
        let _ = budget.try_more(None, calm);
        let _ = budget.try_more(None, calm + CALM);
        assert_eq!(tries(&mut budget, calm + CALM)[..2], [2, 9]);
    }
}
