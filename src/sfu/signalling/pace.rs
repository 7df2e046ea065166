//! How often a client may ask. Nobody honest notices; who asks too much waits, and their frames with them.

use std::time::{Duration, Instant};

/// This is asked at once: twice what a client says that shows a room with thirty others.
const AT_ONCE: f64 = 300.0;
/// And this in a second from then on.
const A_SECOND: f64 = 50.0;
/// A frame weighs one, and one more for so many bytes: long offers and lists take time.
const BYTES: f64 = 4096.0;

/// What one client may still ask.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    left: f64,
    at: Instant,
}

impl Pace {
    /// Nothing was asked yet.
    pub fn new(now: Instant) -> Self {
        Self {
            left: AT_ONCE,
            at: now,
        }
    }

    /// A frame has come: when the next one may.
    pub fn spend(&mut self, bytes: usize, now: Instant) -> Instant {
        #[expect(clippy::cast_precision_loss, reason = "a frame is not that long")]
        let weight = 1.0 + bytes as f64 / BYTES;
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + since * A_SECOND).min(AT_ONCE) - weight;
        self.at = now;
        now + Duration::from_secs_f64((-self.left).max(0.0) / A_SECOND)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So long a client takes for these frames that sends them as fast as it may.
    fn takes(frames: usize, bytes: usize) -> f64 {
        let began = Instant::now();
        let mut pace = Pace::new(began);
        let ended = (0..frames).fold(began, |now, _| pace.spend(bytes, now));
        ended.duration_since(began).as_secs_f64()
    }

    #[test]
    fn what_a_client_says_when_it_comes_does_not_wait() {
        // Thirty tracks of its own, settings of a hundred others' and candidates.
        assert!(takes(200, 200) == 0.0);
        // An offer for each track, ever longer.
        assert!(takes(30, 30_000) == 0.0);
    }

    #[test]
    fn a_flood_is_slowed_down_to_what_others_do_not_notice() {
        let seconds = takes(10_000, 0);
        assert!((190.0..200.0).contains(&seconds), "{seconds}");
        let seconds = takes(100, 2 * 1024 * 1024);
        assert!(seconds > 1_000.0, "{seconds}");
    }

    #[test]
    fn who_was_quiet_may_ask_again_but_not_for_all_the_time() {
        let began = Instant::now();
        let mut pace = Pace::new(began);
        let later = (0..300).fold(began, |now, _| pace.spend(0, now)) + Duration::from_hours(1);
        let next = (0..400).fold(later, |now, _| pace.spend(0, now));
        assert!(next > later + Duration::from_secs(1));
    }
}
