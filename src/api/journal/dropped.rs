//! What the log has lost.

use serde_json::json;

use super::LogFormat;

/// How many lines were never written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Of requests.
    pub requests: u64,
    /// Of tokens.
    pub tokens: u64,
}

impl Dropped {
    /// Since then.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            requests: self.requests - before.requests,
            tokens: self.tokens - before.tokens,
        }
    }

    /// As the last line of a log that was not read in time.
    pub fn line(self, format: LogFormat) -> String {
        let Self { requests, tokens } = self;
        match format {
            LogFormat::Text => format!(
                "log lines dropped: {requests} of requests, {tokens} of tokens; stderr is too slow\n"
            ),
            LogFormat::Json => {
                let line = json!({"kind": "dropped", "requests": requests, "tokens": tokens});
                format!("{line}\n")
            }
        }
    }
}
