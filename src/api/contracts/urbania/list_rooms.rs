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
    let rooms = app.config.store.rooms_of(&caller.0.id).await?;
    let shown: Vec<_> = rooms.iter().map(Shown::from).collect();
    Ok(Json(shown).into_response())
}
