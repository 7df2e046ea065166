//! Packets that did not come. A sender that is far away hears of each only once or twice before str0m asks no more, and
//! whoever gets the stream would wait three seconds before they ask for a picture that stands alone.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// What has not come after this time does not come any more.
const PATIENCE: Duration = Duration::from_millis(400);
/// Where more than this is missing, the rest is not kept: one is enough.
const MOST: usize = 64;

/// The numbers of a stream that are missing.
#[derive(Debug, Default)]
pub struct Holes {
    next: Option<u64>,
    missing: BTreeMap<u64, Instant>,
}

impl Holes {
    /// A packet has come.
    pub fn fill(&mut self, seq: u64, now: Instant) {
        let next = self.next.unwrap_or(seq);
        if seq < next {
            self.missing.remove(&seq);
            return;
        }
        let room = MOST - self.missing.len();
        let skipped = (next..seq).take(room).map(|missing| (missing, now));
        self.missing.extend(skipped);
        self.next = Some(seq + 1);
    }

    /// Whether something is lost for good; each loss is told once.
    pub fn take_lost(&mut self, now: Instant) -> bool {
        let before = self.missing.len();
        self.missing.retain(|_, since| now < *since + PATIENCE);
        self.missing.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_late_is_not_lost_and_what_does_not_come_is_told_once() {
        let start = Instant::now();
        let mut holes = Holes::default();
        let at = |millis| start + Duration::from_millis(millis);
        for (seq, millis) in [(7, 0), (9, 10), (12, 20), (8, 100), (11, 200)] {
            holes.fill(seq, at(millis));
        }
        let lost = [419, 420, 421, 2_000].map(|millis| holes.take_lost(at(millis)));
        assert_eq!(lost, [false, true, false, false]);
    }

    #[test]
    fn a_leap_does_not_fill_the_memory() {
        let start = Instant::now();
        let mut holes = Holes::default();
        for seq in [1, 1 << 40, 1 << 50] {
            holes.fill(seq, start);
        }
        assert_eq!(holes.missing.len(), MOST);
        assert!(holes.take_lost(start + PATIENCE));
        assert_eq!(holes.missing.len(), 0);
    }
}
