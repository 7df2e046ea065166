//! Ctrl-C and its relatives as something to ask for and to wait for.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::error::{Context as _, Error, Result};

/// Whether somebody asked us to stop. From the first listening on, a signal no longer ends the
/// process by itself: what was begun can be undone.
#[derive(Clone, Debug)]
pub struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// Begins to listen.
    pub fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).or_fail(|| "cannot listen for signals".into());
        let mut interrupt = listen(SignalKind::interrupt())?;
        let mut terminate = listen(SignalKind::terminate())?;
        let mut hangup = listen(SignalKind::hangup())?;
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
            // Nobody listens any more when the command is over.
            let _ = sender.send(true);
        });
        Ok(Self(receiver))
    }

    /// Fails if somebody asked.
    pub fn check(&self) -> Result<()> {
        if self.is_requested() {
            Err(interrupted())
        } else {
            Ok(())
        }
    }

    /// Whether somebody has asked.
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when somebody asks.
    pub async fn requested(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|asked| *asked).await.is_err() {
            // The listener is gone without a signal: nobody will ever ask.
            std::future::pending::<()>().await;
        }
    }

    /// Does something that can be left off at any moment.
    pub async fn or<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            done = work => done,
            () = self.requested() => Err(interrupted()),
        }
    }
}

fn interrupted() -> Error {
    Error::failed("interrupted")
}
