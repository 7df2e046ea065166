//! What Prometheus is told, on `/metrics`.
//!
//! Labels take few values, whatever callers send: contracts, methods, status codes, reasons.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::State;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::App;
use super::contracts::Contract;
use super::health::Part;
use super::journal::Dropped;
use super::refusal::{Reason, Refusal};

/// OpenMetrics, as the encoder writes it.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Seconds; a token takes some tens of microseconds, a login a fifth of a second.
const SECONDS: [f64; 9] = [0.000_1, 0.000_5, 0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0];

/// Seconds from an event in the SFU to us.
const LAG: [f64; 6] = [1.0, 2.0, 5.0, 10.0, 30.0, 60.0];

/// All figures of one process.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    seconds: Histogram,
    tokens: Family<ContractLabel, Counter>,
    refusals: Family<RefusalLabels, Counter>,
    webhooks: Family<OutcomeLabel, Counter>,
    webhook_lag: Histogram,
    up: Family<PartLabel, Gauge>,
    dropped: Family<KindLabel, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    contract: &'static str,
    method: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ContractLabel {
    contract: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    contract: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PartLabel {
    part: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

/// What became of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Webhook {
    /// It changed or confirmed what we know.
    Applied,
    /// We had it already.
    Repeated,
    /// It was not the SFU's, or too old.
    Refused,
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Self {
            registry: Registry::with_prefix("urbania"),
            requests: Family::default(),
            seconds: Histogram::new(SECONDS),
            tokens: Family::default(),
            refusals: Family::default(),
            webhooks: Family::default(),
            webhook_lag: Histogram::new(LAG),
            up: Family::default(),
            dropped: Family::default(),
        };
        metrics.registered()
    }
}

impl Metrics {
    fn registered(mut self) -> Self {
        let registry = &mut self.registry;
        registry.register("requests", "Requests answered", self.requests.clone());
        registry.register_with_unit(
            "request_duration",
            "Time from the head of a request to its answer",
            Unit::Seconds,
            self.seconds.clone(),
        );
        registry.register("tokens", "LiveKit tokens issued", self.tokens.clone());
        registry.register("refusals", "Requests refused", self.refusals.clone());
        registry.register(
            "webhooks",
            "Events that the SFU reported",
            self.webhooks.clone(),
        );
        registry.register_with_unit(
            "webhook_lag",
            "Time from an event in the SFU to its report here",
            Unit::Seconds,
            self.webhook_lag.clone(),
        );
        registry.register(
            "up",
            "Whether a part that we need answers: 1 or 0",
            self.up.clone(),
        );
        registry.register(
            "log_lines_dropped",
            "Lines that the log has lost because nobody read it in time",
            self.dropped.clone(),
        );
        self
    }

    /// Counts a request that was answered. The path tells the contract, except where the answer does.
    pub fn answered(&self, path: &str, method: &Method, response: &Response, took: Duration) {
        let spoken = response.extensions().get::<Contract>().copied();
        let contract = spoken.unwrap_or_else(|| Contract::of(path)).name();
        let labels = RequestLabels {
            contract,
            method: known(method),
            status: response.status().as_u16(),
        };
        self.requests.get_or_create(&labels).inc();
        self.seconds.observe(took.as_secs_f64());
        if let Some(Reason(reason)) = response.extensions().get() {
            let labels = RefusalLabels { contract, reason };
            self.refusals.get_or_create(&labels).inc();
        }
    }

    /// Counts a token.
    pub fn issued(&self, contract: Contract) {
        let contract = contract.name();
        self.tokens.get_or_create(&ContractLabel { contract }).inc();
    }

    /// Counts a webhook; `lag` from the event to now, when it is believed.
    pub fn webhook(&self, outcome: Webhook, lag: Option<Duration>) {
        let outcome = match outcome {
            Webhook::Applied => "applied",
            Webhook::Repeated => "repeated",
            Webhook::Refused => "refused",
        };
        self.webhooks.get_or_create(&OutcomeLabel { outcome }).inc();
        if let Some(lag) = lag {
            self.webhook_lag.observe(lag.as_secs_f64());
        }
    }

    fn log(&self, dropped: Dropped) {
        for (kind, count) in [("request", dropped.requests), ("token", dropped.tokens)] {
            let counter = self.dropped.get_or_create(&KindLabel { kind });
            counter.inner().store(count, Ordering::Relaxed);
        }
    }

    fn part(&self, part: &'static str, state: Part) {
        let label = PartLabel { part };
        let up = match state {
            Part::Ok => 1,
            Part::Unreachable | Part::Refused | Part::Missing => 0,
            // What it was before says nothing of now.
            Part::Unchecked => {
                self.up.remove(&label);
                return;
            }
        };
        self.up.get_or_create(&label).set(up);
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

/// Figures for Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "metrics",
    tag = "Operation",
    responses((
        status = 200,
        description = "OpenMetrics",
        content_type = "application/openmetrics-text",
        body = String
    ))
)]
pub async fn metrics(State(app): State<Arc<App>>) -> Response {
    let readiness = app.readiness().await;
    app.metrics.part("store", readiness.store);
    app.metrics.part("sfu", readiness.sfu);
    app.metrics.part("keys", readiness.keys);
    app.metrics.log(app.config.journal.dropped());
    let mut text = String::with_capacity(4096);
    match encode(&mut text, &app.metrics.registry) {
        Ok(()) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(e) => Contract::Urbania.refuse(&Refusal::Internal(e.into())),
    }
}

/// Methods that somebody made up are counted together.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::HEAD => "HEAD",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}
