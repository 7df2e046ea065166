//! `GET /api/reading-clubs/meeting/{clubId}/status`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::path::ClubId;
use super::{Caller, Rejection, meeting};
use crate::api::App;
use crate::api::contracts::openapi::{CallerRefusals, Error, Refusals};
use crate::api::iso::iso;

/// How the meeting is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = BookyStatus)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    is_active: bool,
    participant_count: usize,
    #[schema(format = DateTime)]
    started_at: Option<String>,
    room_name: Option<String>,
}

/// Whether a meeting goes on, and how many are there, from the SFU itself.
#[utoipa::path(
    get,
    path = "/api/reading-clubs/meeting/{clubId}/status",
    operation_id = "meetingStatus",
    tag = "Booky",
    security(("bearer" = [])),
    params(("clubId" = String, Path, max_length = 243)),
    responses(
        (status = 200, description = "How it is", body = Answer),
        (status = 404, description = "No such club", body = Error),
        (status = 500, description = "The server has no key pair", body = Error),
        CallerRefusals,
        Refusals
    )
)]
pub async fn status(
    State(app): State<Arc<App>>,
    _: Caller,
    ClubId(id): ClubId,
) -> Result<Json<Answer>, Rejection> {
    let club = super::club(&app, &id).await?;
    let name = meeting::room_name(&club.id);
    let room = app.sfu.get(&name).await?;
    let began = room.as_ref().and_then(|room| meeting::began(room, &club));
    let participant_count = match room {
        Some(_) => meeting::count(&app.sfu.participants(&name).await?),
        None => 0,
    };
    Ok(Json(Answer {
        is_active: began.is_some(),
        participant_count,
        started_at: began.map(iso),
        room_name: began.map(|_| name),
    }))
}
