//! `DELETE /api/livekit/rooms/{room_name}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use super::openapi::{Error, NameRefusals, Refusals};
use super::room::RoomName;
use super::{Caller, Rejection, no_such_room};
use crate::api::App;
use crate::api::refusal::Refusal;

/// Ends the call for everybody, then forgets the room. While the SFU does not answer, neither happens.
#[utoipa::path(
    delete,
    path = "/api/livekit/rooms/{room_name}",
    operation_id = "deleteRoom",
    tag = "Urbania",
    security(("bearer" = [])),
    params(("room_name" = String, Path, max_length = 256)),
    responses(
        (status = 204, description = "Gone"),
        (status = 403, description = "Somebody else made it", body = Error),
        (status = 404, description = "No such room", body = Error),
        (status = 500, description = "The server has no key pair", body = Error),
        NameRefusals,
        Refusals
    )
)]
pub async fn delete_room(
    State(app): State<Arc<App>>,
    caller: Caller,
    RoomName(name): RoomName,
) -> Result<StatusCode, Rejection> {
    let store = app.config.store.as_ref();
    let room = store.room(&name).await?.ok_or_else(no_such_room)?;
    if room.created_by != caller.0.id {
        return Err(Refusal::Forbidden("Only who made the room can delete it".into()).into());
    }
    app.sfu.delete(&name).await?;
    let removed = store.remove_room(&name).await?;
    app.rooms.forget(&name);
    if removed {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(no_such_room().into())
    }
}
