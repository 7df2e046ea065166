//! `POST /api/livekit/rooms/{room_name}/join`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::openapi::{Error, LimitRefusals, NameRefusals, Refusals};
use super::room::RoomName;
use super::{Joiner, Rejection, no_such_room, not_invited};
use crate::api::App;
use crate::api::answer::Secret;
use crate::api::contracts::Contract;
use crate::api::mint::{JoinRequest, mint};
use crate::api::refusal::Refusal;
use crate::api::waiting::Place;
use crate::auth;
use crate::store::CallType;

#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = UrbaniaJoin)]
struct Answer<'a> {
    token: &'a str,
    url: &'a str,
    room_name: &'a str,
    call_type: CallType,
    participants: &'a [String],
}

/// Not yet.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = UrbaniaWaits)]
struct Waits {
    #[schema(example = "waiting")]
    status: &'static str,
}

/// A token for a room that somebody made.
#[utoipa::path(
    post,
    path = "/api/livekit/rooms/{room_name}/join",
    operation_id = "joinRoom",
    tag = "Urbania",
    security(("bearer" = [])),
    params(("room_name" = String, Path, max_length = 256)),
    responses(
        (status = 200, description = "A token and the room", body = Answer<'static>),
        (status = 202, description = "Waiting to be let in: ask again every few seconds", body = Waits),
        (status = 403, description = "Not invited, or not let in", body = Error),
        (status = 404, description = "No such room", body = Error),
        (status = 409, description = "The room is full, or the caller is in it already", body = Error),
        (status = 500, description = "The server has no key pair", body = Error),
        NameRefusals,
        Refusals,
        LimitRefusals
    )
)]
pub async fn join_room(
    State(app): State<Arc<App>>,
    joiner: Joiner,
    RoomName(name): RoomName,
    headers: HeaderMap,
) -> Result<Response, Rejection> {
    let caller = &joiner.0;
    let known = app.rooms.fresh(app.config.store.as_ref(), &name).await?;
    let room = known.room.as_ref().ok_or_else(no_such_room)?;
    if !room.admits(&caller.id) {
        return Err(not_invited().into());
    }
    if room.keeps_waiting(&caller.id) {
        return Ok(wait(&app, &name, caller)?.into_response());
    }
    if room.is_full_for(&caller.id) {
        return Err(Refusal::Conflict("Room is full".into()).into());
    }
    let join = JoinRequest {
        name: Some(&*caller.username).filter(|name| !name.is_empty()),
        ..JoinRequest::new(Contract::Urbania, caller, &name)
    };
    let minted = mint(&app, join).await?;
    let answer = Answer {
        token: &minted.token,
        url: &app.config.reach.url(&headers),
        room_name: &name,
        call_type: room.call_type,
        participants: &room.participants,
    };
    Ok(Secret(&answer).into_response())
}

/// Whoever made the room sees the caller waiting, as long as they go on asking.
fn wait(
    app: &App,
    room: &str,
    caller: &auth::Caller,
) -> Result<(StatusCode, Json<Waits>), Refusal> {
    match app.waiting.ask(room, &caller.id, &caller.username) {
        Place::Waits => Ok((StatusCode::ACCEPTED, Json(Waits { status: "waiting" }))),
        Place::TurnedAway => Err(Refusal::Forbidden("Not let into this room".into())),
        Place::Full => Err(Refusal::Conflict("Too many are waiting already".into())),
    }
}
