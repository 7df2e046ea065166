//! Writes over a connection that breaks.
//!
//! Whether the server made a write whose answer never came is unknown. The driver tries again by itself
//! only where it talks to a replica set; here, what may be made twice is.

use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};

use mongodb::error::{Error, ErrorKind};

use super::super::StoreError;

/// Makes a write that may be made twice, and once more if the connection breaks.
pub async fn twice<T, F>(write: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    match write().await {
        Err(e) if is_broken_line(&e) => write().await,
        done => done,
    }
}

/// The same for a new record: that its name is taken the second time can be its own doing, which
/// `is_there` tells.
pub async fn stored<A, B>(
    add: impl Fn() -> A,
    is_there: impl FnOnce() -> B,
) -> Result<(), StoreError>
where
    A: Future<Output = Result<(), StoreError>>,
    B: Future<Output = Result<bool, StoreError>>,
{
    match add().await {
        Err(e) if is_broken_line(&e) => {}
        done => return done,
    }
    match add().await {
        Err(StoreError::Taken) if is_there().await? => Ok(()),
        done => done,
    }
}

/// Whether the connection broke, ours or, with the pool, another one.
fn is_broken_line(e: &StoreError) -> bool {
    let StoreError::Unavailable(cause) = e else {
        return false;
    };
    match cause.downcast_ref::<Error>().map(|e| &*e.kind) {
        Some(ErrorKind::Io(e)) => matches!(
            e.kind(),
            UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe
        ),
        Some(ErrorKind::ConnectionPoolCleared { .. }) => true,
        _ => false,
    }
}
