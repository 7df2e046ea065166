//! `POST /api/reading-clubs/meeting/token`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use livekit_protocol::RoomConfiguration;
use serde::{Deserialize, Serialize};

use super::openapi::TokenRequest;
use super::{Joiner, Rejection, meeting};
use crate::api::App;
use crate::api::answer::Secret;
use crate::api::contracts::Contract;
use crate::api::contracts::openapi::{CallerRefusals, Error, Refusals, TokenRefusals};
use crate::api::fields::{self, Field, Problems, check_length};
use crate::api::mint::{JoinRequest, mint};
use crate::api::payload;
use crate::api::refusal::Refusal;
use crate::livekit::grants::VideoGrant;
use crate::store::Known;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(borrow, default)]
    reading_club_id: Field<'a>,
    #[serde(borrow, default)]
    participant_name: Field<'a>,
}

#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = BookyToken)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    token: &'a str,
    room_name: &'a str,
    participant_name: &'a str,
    is_moderator: bool,
}

/// A token with which a member joins the meeting.
#[utoipa::path(
    post,
    path = "/api/reading-clubs/meeting/token",
    operation_id = "meetingToken",
    tag = "Booky",
    security(("bearer" = [])),
    request_body = TokenRequest,
    responses(
        (status = 200, description = "A token for the meeting", body = Answer<'static>),
        (status = 404, description = "No such club", body = Error),
        (status = 409, description = "The caller is in the meeting already", body = Error),
        CallerRefusals,
        Refusals,
        TokenRefusals
    )
)]
pub async fn token(
    State(app): State<Arc<App>>,
    caller: Joiner,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Rejection> {
    let body = payload::read(body).await?;
    payload::must_be_json(&headers)?;
    let request: Request<'_> = fields::parse(&body)?;
    let mut problems = Problems::default();
    let id = problems.filled("readingClubId", request.reading_club_id);
    let name = problems.filled("participantName", request.participant_name);
    problems.check()?;
    meeting::check_id("readingClubId", &id)?;
    check_length("participantName", &name)?;

    let room = meeting::room_name(&id);
    let store = app.config.store.as_ref();
    let admits = |known: &Known| {
        let club = known.club.as_ref();
        club.is_some_and(|club| club.admits(&caller.0.id))
    };
    let known = app.rooms.admitting(store, &room, admits).await?;
    let club = known.club.as_ref().ok_or_else(super::no_club)?;
    if !club.admits(&caller.0.id) {
        let detail = "Not a member of this reading club";
        return Err(Refusal::Forbidden(detail.into()).into());
    }
    let is_moderator = club.moderates(&caller.0.id);
    // A member may come before the meeting is started: the room is then made with its limits.
    let room_config = RoomConfiguration {
        empty_timeout: meeting::EMPTY_TIMEOUT,
        max_participants: meeting::MAX_PARTICIPANTS,
        ..RoomConfiguration::default()
    };
    let join = JoinRequest {
        name: Some(&name),
        grant: VideoGrant {
            can_update_own_metadata: Some(true),
            room_admin: is_moderator,
            room_record: is_moderator,
            ..VideoGrant::join(&room)
        },
        ttl: Some(meeting::TOKEN_TTL),
        room_config: Some(&room_config),
        ..JoinRequest::new(Contract::Meetings, &caller.0, &room)
    };
    let minted = mint(&app, join).await?;
    let answer = Answer {
        token: &minted.token,
        room_name: &room,
        participant_name: &name,
        is_moderator,
    };
    Ok(Secret(&answer).into_response())
}
