//! Proof that a service works: not an open port, but an answer that only the real thing gives.

pub mod api;
pub mod mongodb;
pub mod prober;
pub mod sfu;

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use crate::error::Error;

/// What a probe found.
#[derive(Debug)]
pub enum Unhealthy {
    /// Not yet; asking again makes sense.
    NotYet(String),
    /// It will not get better by waiting.
    Wrong(Error),
}

impl Unhealthy {
    /// Not yet, because of this.
    pub fn not_yet(why: impl std::fmt::Display) -> Self {
        Self::NotYet(why.to_string())
    }
}

/// The longest that one probe may take.
pub const PROBE_TIMEOUT: Duration = Duration::from_secs(3);

const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// As long as services usually take, a fast answer is worth the probes.
const EAGER: Duration = Duration::from_secs(10);
const EAGER_PAUSE: Duration = Duration::from_millis(40);
const PATIENT_PAUSE: Duration = Duration::from_millis(250);

/// How waiting ended without health.
#[derive(Debug)]
pub enum Failure {
    /// The time is over; what the last probe said.
    TimedOut(String),
    /// Waiting is pointless.
    Wrong(Error),
}

/// Probes until the answer is yes, no, or `deadline` has come.
pub async fn wait<F, P>(mut probe: F, deadline: Instant) -> Result<(), Failure>
where
    F: FnMut() -> P,
    P: Future<Output = Result<(), Unhealthy>>,
{
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    let mut last = "no answer yet".to_owned();
    loop {
        let limit = deadline.min(Instant::now() + PROBE_TIMEOUT);
        match timeout_at(limit, probe()).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(Unhealthy::Wrong(e))) => return Err(Failure::Wrong(e)),
            Ok(Err(Unhealthy::NotYet(why))) => last = why,
            Err(_) => "it accepts connections but does not answer".clone_into(&mut last),
        }
        if Instant::now() + pause >= deadline {
            return Err(Failure::TimedOut(last));
        }
        sleep(pause).await;
        let longest = if began.elapsed() < EAGER {
            EAGER_PAUSE
        } else {
            PATIENT_PAUSE
        };
        pause = (pause * 3 / 2).min(longest);
    }
}

/// One probe with its time limit.
pub async fn once(probe: impl Future<Output = Result<(), Unhealthy>>) -> Result<(), Unhealthy> {
    tokio::time::timeout(PROBE_TIMEOUT, probe)
        .await
        .unwrap_or_else(|_| Err(Unhealthy::not_yet("it does not answer in time")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[tokio::test]
    async fn waiting_ends_with_the_first_yes() {
        let probes = Cell::new(0);
        let probe = || {
            probes.set(probes.get() + 1);
            let ready = probes.get() == 5;
            async move { ready.then_some(()).ok_or(Unhealthy::not_yet("starting")) }
        };
        wait(probe, Instant::now() + Duration::from_mins(1))
            .await
            .unwrap();
        assert_eq!(probes.get(), 5);
    }

    #[tokio::test]
    async fn a_deadline_that_comes_tells_what_was_missing() {
        let probe = || async { Err(Unhealthy::not_yet("answers 406")) };
        let began = Instant::now();
        let failure = wait(probe, began + Duration::from_millis(60)).await;
        assert!(matches!(failure, Err(Failure::TimedOut(why)) if why == "answers 406"));
        assert!(began.elapsed() < Duration::from_secs(1));
    }

    #[tokio::test]
    async fn a_probe_that_hangs_does_not_hold_up_the_deadline() {
        let probe = || std::future::pending();
        let began = Instant::now();
        let failure = wait(probe, began + Duration::from_millis(60)).await;
        assert!(matches!(failure, Err(Failure::TimedOut(_))));
        assert!(began.elapsed() < Duration::from_secs(1));
    }

    #[tokio::test]
    async fn what_cannot_get_better_is_not_waited_for() {
        let probe = || async { Err(Unhealthy::Wrong(Error::failed("wrong password"))) };
        let began = Instant::now();
        let failure = wait(probe, began + Duration::from_mins(1)).await;
        assert!(matches!(failure, Err(Failure::Wrong(_))));
        assert!(began.elapsed() < Duration::from_secs(1));
    }
}
