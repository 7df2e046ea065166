//! `POST /api/reading-clubs/meeting/{clubId}/start`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;

use super::path::ClubId;
use super::{Caller, Rejection, meeting};
use crate::api::App;
use crate::api::contracts::openapi::{CallerRefusals, Error, Refusals};
use crate::api::iso::{iso, to_millisecond};
use crate::api::refusal::Refusal;
use crate::livekit::room_service::{NewRoom, RoomService};
use crate::store::{Club, Meeting};

/// What began.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = BookyStart)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    success: bool,
    room_name: String,
    #[schema(format = DateTime)]
    started_at: String,
}

/// The meeting begins, or has begun already.
#[utoipa::path(
    post,
    path = "/api/reading-clubs/meeting/{clubId}/start",
    operation_id = "meetingStart",
    tag = "Booky",
    security(("bearer" = [])),
    params(("clubId" = String, Path, max_length = 243)),
    responses(
        (status = 200, description = "Begun, or going on already", body = Answer),
        (status = 403, description = "Only for the moderator", body = Error),
        (status = 404, description = "No such club", body = Error),
        (status = 500, description = "The server has no key pair", body = Error),
        CallerRefusals,
        Refusals
    )
)]
pub async fn start(
    State(app): State<Arc<App>>,
    caller: Caller,
    ClubId(id): ClubId,
) -> Result<Json<Answer>, Rejection> {
    let _turn = app.meetings.of(&id).await;
    let club = super::club(&app, &id).await?;
    if !club.moderates(&caller.0.id) {
        let detail = "Only moderators can start meetings";
        return Err(Refusal::Forbidden(detail.into()).into());
    }
    let now = to_millisecond(app.config.clock.now());
    let started_at = open(&app.sfu, &club, now).await?;
    let meeting = Meeting {
        active: true,
        started_at: Some(started_at),
        ..club.meeting.clone()
    };
    if meeting != club.meeting && !app.config.store.set_meeting(&club.id, &meeting).await? {
        return Err(super::no_club().into());
    }
    Ok(Json(Answer {
        success: true,
        room_name: meeting::room_name(&club.id),
        started_at: iso(started_at),
    }))
}

/// Makes the room or takes the one that is there; when the meeting in it began.
async fn open(sfu: &RoomService, club: &Club, now: Timestamp) -> Result<Timestamp, Refusal> {
    let name = meeting::room_name(&club.id);
    let metadata = meeting::metadata(club, now).map_err(|e| Refusal::Internal(e.into()))?;
    let Some(room) = sfu.get(&name).await? else {
        let room = NewRoom {
            name,
            empty_timeout: meeting::EMPTY_TIMEOUT,
            max_participants: meeting::MAX_PARTICIPANTS,
            metadata,
        };
        sfu.create(room).await?;
        return Ok(now);
    };
    if let Some(began) = meeting::began(&room, club) {
        return Ok(began);
    }
    sfu.set_metadata(&name, &metadata).await?;
    Ok(now)
}
