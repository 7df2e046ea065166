//! Whether the process lives, and whether it can do its work.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::sync::{Mutex, OnceCell};
use tokio::time::timeout;

use super::App;
use crate::http;
use crate::livekit::token::{JoinToken, Signer};

/// The SFU and the store answer within this time or are unreachable.
const PATIENCE: Duration = Duration::from_secs(1);
/// An answer is good for this long, so that no flood of questions reaches the SFU or the store.
const FRESH: Duration = Duration::from_millis(250);

/// When to ask again, in seconds.
const PAUSE: &str = "1";

/// What was last found.
#[derive(Debug, Default)]
pub struct Health {
    last: Mutex<Option<(Instant, Readiness)>>,
    client: OnceCell<reqwest::Client>,
}

/// What `/readyz` answers.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
pub struct Readiness {
    ready: bool,
    pub(super) store: Part,
    pub(super) sfu: Part,
    pub(super) keys: Part,
}

/// One part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Part {
    Ok,
    /// Does not answer in time.
    Unreachable,
    /// The SFU answers that it does not know our key pair.
    Refused,
    /// There is no key pair.
    Missing,
    /// Cannot be told: the SFU did not answer at all. One behind TLS may answer browsers alone.
    Unchecked,
}

/// The process answers.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "alive",
    tag = "Operation",
    responses((status = 200, description = "`ok`", body = String))
)]
pub async fn alive() -> &'static str {
    "ok"
}

/// It can also do its work.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "ready",
    tag = "Operation",
    responses(
        (status = 200, description = "All that is needed answers", body = Readiness),
        (
            status = 503,
            description = "Something does not",
            body = Readiness,
            headers(("Retry-After" = u32, description = "Seconds"))
        )
    )
)]
pub async fn ready(State(app): State<Arc<App>>) -> Response {
    let readiness = app.readiness().await;
    if readiness.ready {
        return Json(readiness).into_response();
    }
    let later = [(header::RETRY_AFTER, PAUSE)];
    (StatusCode::SERVICE_UNAVAILABLE, later, Json(readiness)).into_response()
}

impl App {
    /// Whether the SFU has just answered, and believed our keys.
    pub(super) async fn sfu_believes_us(&self) -> bool {
        let readiness = self.readiness().await;
        readiness.sfu == Part::Ok && readiness.keys == Part::Ok
    }

    /// How it is now, or was a moment ago.
    pub(super) async fn readiness(&self) -> Readiness {
        // Whoever comes while the question is being asked waits for the same answer.
        let mut last = self.health.last.lock().await;
        if let Some((at, readiness)) = *last
            && at.elapsed() < FRESH
        {
            return readiness;
        }
        let (store, (sfu, keys)) = tokio::join!(self.store_part(), self.sfu_parts());
        let bad = |part| matches!(part, Part::Unreachable | Part::Refused | Part::Missing);
        let readiness = Readiness {
            ready: !bad(store) && !bad(sfu) && !bad(keys),
            store,
            sfu,
            keys,
        };
        *last = Some((Instant::now(), readiness));
        readiness
    }

    async fn store_part(&self) -> Part {
        match timeout(PATIENCE, self.config.store.ping()).await {
            Ok(Ok(())) => Part::Ok,
            Ok(Err(_)) | Err(_) => Part::Unreachable,
        }
    }

    /// The SFU, and whether it believes our keys.
    async fn sfu_parts(&self) -> (Part, Part) {
        let signer = self.signer.get();
        let Some(signer) = signer.as_ref() else {
            return (Part::Unchecked, Part::Missing);
        };
        let base = self.config.reach.server();
        match timeout(PATIENCE, self.validate(signer, &base)).await {
            // 404: a room that does not exist, so the token was believed.
            Ok(Some(200 | 404)) => (Part::Ok, Part::Ok),
            Ok(Some(401 | 403)) => (Part::Ok, Part::Refused),
            // Its address may be one for browsers alone.
            _ if base.starts_with("https://") => (Part::Unchecked, Part::Unchecked),
            _ => (Part::Unreachable, Part::Unchecked),
        }
    }

    /// The status of LiveKit's own check of a token of ours.
    async fn validate(&self, signer: &Signer, base: &str) -> Option<u16> {
        let join = JoinToken::new("urbania-readyz", "urbania-readyz", Duration::from_mins(1));
        let minted = signer.mint(&join, self.config.clock.unix()).ok()?;
        let client = self
            .health
            .client
            .get_or_try_init(async || http::for_url(base, PATIENCE))
            .await
            .ok()?;
        let answer = client
            .get(format!("{base}/rtc/validate"))
            .bearer_auth(minted.token)
            .send()
            .await
            .ok()?;
        Some(answer.status().as_u16())
    }
}
