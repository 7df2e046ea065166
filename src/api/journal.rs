//! The access log and the audit of tokens, on stderr.
//!
//! Lines are gathered in memory and written by a thread for blocking work a moment later, so that
//! a slow terminal or disk never delays an answer. When it is too slow, lines are dropped, counted and
//! reported, those of requests long before those of tokens. Query strings, headers and tokens are never
//! logged.

mod dropped;
mod stamp;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{self, Write as _};
use std::mem::take;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::livekit::grants::VideoGrant;
use axum::http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::Notify;

pub use dropped::Dropped;
use stamp::Stamp;

/// The shape of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Lines that arrive within this time are written together.
const GATHER: Duration = Duration::from_millis(20);

/// More than this is not kept of requests for a reader that does not read.
const MOST_REQUESTS: usize = 1 << 20;

/// So much more is kept for tokens alone: no flood of requests drives one out of the audit.
const MOST_TOKENS: usize = 4 << 20;

/// Where lines go.
pub type Sink = Box<dyn io::Write + Send>;

/// The access and audit log.
#[derive(Clone)]
pub struct Journal(Arc<Inner>);

struct Inner {
    format: LogFormat,
    pending: Mutex<Pending>,
    wake: Notify,
    sink: Mutex<Sink>,
}

#[derive(Default)]
struct Pending {
    lines: Vec<u8>,
    dropped: Dropped,
    reported: Dropped,
    now: Stamp,
    expiry: Stamp,
}

/// A token that was issued, as the audit knows it.
#[derive(Clone, Copy, Debug)]
pub struct Issued<'a> {
    /// Id of the caller, who is the holder.
    pub who: &'a str,
    /// The contract that was spoken.
    pub contract: &'static str,
    /// The room.
    pub room: &'a str,
    /// What is granted, in words.
    pub grants: &'a VideoGrant<'a>,
    /// When it expires, in seconds since 1970.
    pub expires_at: u64,
    /// The token's id.
    pub jti: &'a str,
    /// Whether the caller was in the room already: the new one `replaces` or is `beside` the old one.
    pub repeated: Option<&'a str>,
}

impl Journal {
    /// A journal that writes to `sink`.
    pub fn new(format: LogFormat, sink: Sink) -> Self {
        Self(Arc::new(Inner {
            format,
            pending: Mutex::default(),
            wake: Notify::new(),
            sink: Mutex::new(sink),
        }))
    }

    /// Notes a request that was answered.
    pub fn access(
        &self,
        now: Timestamp,
        method: &Method,
        path: &str,
        status: StatusCode,
        took: Duration,
    ) {
        let (status, micros) = (status.as_u16(), took.as_micros());
        self.note(
            MOST_REQUESTS,
            |dropped| &mut dropped.requests,
            |Pending {
                 lines, now: stamp, ..
             }| {
                let (second, millisecond) = (stamp.of(now.as_second()), now.subsec_millisecond());
                match self.0.format {
                    LogFormat::Text => {
                        let (ms, tenth) = (micros / 1000, micros / 100 % 10);
                        writeln!(
                            lines,
                            "{second}.{millisecond:03}Z {method} {path} {status} {ms}.{tenth}ms"
                        )
                    }
                    LogFormat::Json => {
                        let line = json!({
                            "time": format!("{second}.{millisecond:03}Z"), "kind": "access",
                            "method": method.as_str(), "path": path, "status": status,
                            "ms": (took.as_secs_f64() * 1e6).round() / 1e3,
                        });
                        writeln!(lines, "{line}")
                    }
                }
            },
        );
    }

    /// Notes a token that was issued; never the token itself.
    pub fn issued(&self, now: Timestamp, token: Issued<'_>) {
        let Issued {
            who,
            contract,
            room,
            grants,
            expires_at,
            jti,
            repeated,
        } = token;
        let expires_at = i64::try_from(expires_at).unwrap_or(i64::MAX);
        self.note(MOST_TOKENS, |dropped| &mut dropped.tokens, |Pending { lines, now: stamp, expiry, .. }| {
            let (second, millisecond) = (stamp.of(now.as_second()), now.subsec_millisecond());
            let expires = expiry.of(expires_at);
            match self.0.format {
                LogFormat::Text => {
                    write!(
                        lines,
                        "{second}.{millisecond:03}Z token issued: who={who:?} contract={contract} room={room:?} grants=\"{grants}\" expires={expires}Z jti={jti}"
                    )?;
                    match repeated {
                        Some(how) => writeln!(lines, " repeated={how}"),
                        None => writeln!(lines),
                    }
                }
                LogFormat::Json => {
                    let mut line = json!({
                        "time": format!("{second}.{millisecond:03}Z"), "kind": "token",
                        "who": who, "contract": contract, "room": room,
                        "grants": grants.to_string(), "expires": format!("{expires}Z"), "jti": jti,
                    });
                    if let Some(how) = repeated {
                        line["repeated"] = how.into();
                    }
                    writeln!(lines, "{line}")
                }
            }
        });
    }

    /// How many lines were dropped since the start.
    pub fn dropped(&self) -> Dropped {
        self.pending().dropped
    }

    /// Notes a line, unless there are `most` bytes already: then it is counted.
    fn note(
        &self,
        most: usize,
        counted: fn(&mut Dropped) -> &mut u64,
        write: impl FnOnce(&mut Pending) -> io::Result<()>,
    ) {
        let mut pending = self.pending();
        if pending.lines.len() >= most {
            *counted(&mut pending.dropped) += 1;
            return;
        }
        let first = pending.lines.is_empty();
        // Writing to memory cannot fail.
        let _ = write(&mut pending);
        drop(pending);
        if first {
            self.0.wake.notify_one();
        }
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, Pending> {
        self.0
            .pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what is gathered, again and again.
    pub async fn run(self) {
        loop {
            self.0.wake.notified().await;
            tokio::time::sleep(GATHER).await;
            self.flush().await;
        }
    }

    /// Writes what is gathered.
    pub async fn flush(&self) {
        let this = self.clone();
        let write = move || {
            let mut sink = this.0.sink.lock().unwrap_or_else(PoisonError::into_inner);
            let (lines, lost) = {
                let mut pending = this.pending();
                let lost = pending.dropped.since(pending.reported);
                pending.reported = pending.dropped;
                (take(&mut pending.lines), lost)
            };
            // Nobody is left to tell when the log itself cannot be written.
            let _ = sink.write_all(&lines);
            if lost != Dropped::default() {
                let _ = sink.write_all(lost.line(this.0.format).as_bytes());
            }
            let _ = sink.flush();
        };
        let _ = tokio::task::spawn_blocking(write).await;
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Journal")
    }
}
