//! `GET /api/livekit/rooms`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::openapi::Refusals;
use super::room::Shown;
use super::{Caller, Rejection};
use crate::api::App;

/// The rooms that the caller made or is invited to by name, the newest first.
#[utoipa::path(
    get,
    path = "/api/livekit/rooms",
    operation_id = "listRooms",
    tag = "Urbania",
    security(("bearer" = [])),
    responses((status = 200, description = "Rooms", body = Vec<Shown<'static>>), Refusals)
)]
pub async fn list_rooms(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Response, Rejection> {
    let user = &caller.0.id;
    let rooms = app.config.store.rooms_of(user).await?;
    let shown: Vec<_> = rooms.iter().map(|room| Shown::to(user, room)).collect();
    Ok(Json(shown).into_response())
}
