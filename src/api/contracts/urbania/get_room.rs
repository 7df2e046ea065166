//! `GET /api/livekit/rooms/{room_name}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::openapi::{Error, NameRefusals, Refusals};
use super::room::{RoomName, Shown};
use super::{Caller, Rejection, no_such_room};
use crate::api::App;

/// A room that the caller may join; there is no other one for them.
#[utoipa::path(
    get,
    path = "/api/livekit/rooms/{room_name}",
    operation_id = "getRoom",
    tag = "Urbania",
    security(("bearer" = [])),
    params(("room_name" = String, Path, max_length = 256)),
    responses(
        (status = 200, description = "The room", body = Shown<'static>),
        (status = 404, description = "No such room, or not for the caller", body = Error),
        NameRefusals,
        Refusals
    )
)]
pub async fn get_room(
    State(app): State<Arc<App>>,
    caller: Caller,
    RoomName(name): RoomName,
) -> Result<Response, Rejection> {
    let room = app.config.store.room(&name).await?;
    let room = room.filter(|room| room.admits(&caller.0.id));
    let room = room.ok_or_else(no_such_room)?;
    Ok(Json(Shown::to(&caller.0.id, &room)).into_response())
}
