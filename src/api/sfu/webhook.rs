//! `POST /api/livekit/webhook`: LiveKit tells what happens in its rooms.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use tokio::time::timeout;

use super::record::{audience, follow, is_from_before};
use crate::api::App;
use crate::api::contracts::urbania::Urbania;
use crate::api::contracts::urbania::openapi::{Error, Refusals};
use crate::api::envelope::Rejection;
use crate::api::metrics::Webhook;
use crate::api::payload;
use crate::api::refusal::Refusal;
use crate::auth::Denied;
use crate::livekit::webhook::{Kind, Rejected, RoomEvent};
use crate::presence::follow::apply;
use crate::store::StoreError;

/// Where LiveKit reports.
pub const WEBHOOK: &str = "/api/livekit/webhook";

/// Longer bodies are refused: a room and a participant may have 512 KiB of metadata each.
const MOST: usize = 2 * 1024 * 1024;

/// A store that takes longer does not answer: LiveKit, which waits, shall send the event again.
const PATIENCE: Duration = Duration::from_secs(5);

/// LiveKit's report of an event.
///
/// Public: LiveKit proves itself by its signature, which is judged before the body is read.
#[utoipa::path(
    post,
    path = "/api/livekit/webhook",
    operation_id = "webhook",
    tag = "Operation",
    security(("livekit" = [])),
    request_body(
        content = Object,
        content_type = "application/webhook+json",
        description = "LiveKit's `WebhookEvent`"
    ),
    responses(
        (status = 200, description = "Taken in"),
        (status = 400, description = "Not an event of LiveKit", body = Error),
        (status = 413, description = "The body is longer than 2 MiB", body = Error),
        Refusals
    )
)]
pub async fn webhook(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Rejection<Urbania>> {
    let event = believed(&app, &headers, body)
        .await
        .inspect_err(|_| app.metrics.webhook(Webhook::Refused, None))?;
    let taken = timeout(PATIENCE, app.take_in(&event)).await;
    match taken.unwrap_or_else(|late| Err(StoreError::Unavailable(late.into()))) {
        Ok(outcome) => {
            let lag = app.config.clock.now().duration_since(event.at);
            app.metrics.webhook(outcome, lag.try_into().ok());
            Ok(StatusCode::OK)
        }
        Err(e) => {
            app.gap.notify_one();
            Err(e.into())
        }
    }
}

/// The event, once it is sure that the SFU reports it.
async fn believed(app: &App, headers: &HeaderMap, body: Body) -> Result<RoomEvent, Refusal> {
    let now = app.config.clock.unix();
    let header = |name| headers.get(name).map(|v| v.to_str().unwrap_or_default());
    let authorization = header(header::AUTHORIZATION).ok_or(Denied::Missing)?;
    let signed = app.webhooks.get().verify(authorization, now)?;
    if header(header::CONTENT_TYPE) != Some("application/webhook+json") {
        let detail = "Content-Type must be application/webhook+json";
        return Err(Refusal::BadRequest(detail.into()));
    }
    let body = payload::read_up_to(MOST, body).await?;
    Ok(signed.open(&body, now)?)
}

impl App {
    /// Memory first, then whoever listens, then the record. All of it may happen twice.
    async fn take_in(&self, event: &RoomEvent) -> Result<Webhook, StoreError> {
        if self.presence.is_done(&event.id) {
            return Ok(Webhook::Repeated);
        }
        if event.kind == Kind::Other {
            return Ok(Webhook::Applied);
        }
        let store = self.config.store.as_ref();
        let found = store.room(&event.room.name).await;
        let audience = audience(&found);
        let changes = self.presence.apply(event);
        let room = &event.room.name;
        self.told.changes(room, &changes, &audience, event.at);
        let found = found?;
        self.send_away_if_stale(event, found.as_ref()).await;
        if let Some(room) = found.filter(|room| !is_from_before(event, room)) {
            follow(store, room, |call| apply(call, event)).await?;
        }
        self.told.track(event, &audience);
        self.presence.done(&event.id);
        Ok(Webhook::Applied)
    }
}

impl From<Rejected> for Refusal {
    fn from(rejected: Rejected) -> Self {
        tracing::info!("a webhook is refused: {rejected}");
        match rejected {
            Rejected::Expired | Rejected::Stale => Denied::Expired.into(),
            Rejected::Malformed => Self::BadRequest("Not an event of LiveKit".into()),
            _ => Denied::Invalid.into(),
        }
    }
}
