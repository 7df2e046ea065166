//! What was refused since the start, for Prometheus.

use std::fmt;
use std::sync::Arc;

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use livekit_protocol::request_response::Reason;
use livekit_protocol::signal_response::Message;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// OpenMetrics, as the encoder writes it.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the token, or an admin since, does not allow.
pub const NOT_GRANTED: &str = "what a token does not grant";

/// Counts what is refused.
#[derive(Clone)]
pub struct Refusals {
    registry: Arc<Registry>,
    refused: Family<Labels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    what: &'static str,
}

impl Refusals {
    /// Nothing yet.
    pub fn new() -> Self {
        let refused = Family::default();
        let mut registry = Registry::with_prefix("urbania_sfu");
        registry.register(
            "refused",
            "What clients sent and was refused",
            refused.clone(),
        );
        Self {
            registry: Arc::new(registry),
            refused,
        }
    }

    /// One more.
    pub fn count(&self, what: &'static str) {
        self.refused.get_or_create(&Labels { what }).inc();
    }

    /// One more, if an answer to a client says so.
    pub fn count_answer(&self, answer: &Message) {
        if let Message::RequestResponse(answer) = answer {
            match answer.reason() {
                Reason::Ok | Reason::Queued => {}
                Reason::NotAllowed => self.count(NOT_GRANTED),
                Reason::LimitExceeded => self.count("more than one participant may have"),
                _ => self.count("a request that cannot be done"),
            }
        }
    }

    /// How many there are, for `GET /metrics`.
    pub fn shown(&self) -> Response {
        let mut text = String::new();
        // Only the writer can fail, and a string does not.
        let _ = encode(&mut text, &self.registry);
        ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response()
    }
}

impl fmt::Debug for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refusals")
    }
}
