//! Waiting for something to become so, with a deadline.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// Long enough for a loaded machine, and for what the program does every few seconds.
pub const PATIENCE: Duration = Duration::from_secs(40);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Waits until it is so.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    until_some(what, async || is_so().await.then_some(())).await;
}

/// Waits until there is something.
pub async fn until_some<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    until_ok(what, async || look().await.ok_or("")).await
}

/// The same; a failure says what was there instead.
pub async fn until_ok<T, E: Debug>(what: &str, mut look: impl AsyncFnMut() -> Result<T, E>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match look().await {
            Ok(found) => return found,
            Err(instead) => assert!(
                Instant::now() < deadline,
                "not within {PATIENCE:?}: {what}; instead: {instead:?}"
            ),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Waits until it is so, where nothing else is to be done meanwhile.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        std::thread::park_timeout(PAUSE);
    }
}
