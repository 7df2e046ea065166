//! `/api/livekit/rooms/{room_name}/waiting`: who waits to be let in.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::Rejection;
use super::host::{Host, HostOf, InPath, OfHosts, change_lobby};
use crate::api::App;
use crate::api::refusal::Refusal;
use crate::api::waiting::Waiting;

/// More are not remembered as let in.
const MOST_ADMITTED: usize = 1_000;

/// Who waits to be let in, in the order in which they came.
#[utoipa::path(
    get,
    path = "/api/livekit/rooms/{room_name}/waiting",
    operation_id = "listWaiting",
    tag = "Urbania",
    security(("bearer" = [])),
    params(("room_name" = String, Path, max_length = 256)),
    responses(
        (status = 200, description = "Those who wait", body = Vec<Waiting>),
        OfHosts
    )
)]
pub async fn waiting(State(app): State<Arc<App>>, Host(room): Host) -> Json<Vec<Waiting>> {
    Json(app.waiting.list(&room.name))
}

/// Lets somebody in, now and later, whether or not they wait.
#[utoipa::path(
    put,
    path = "/api/livekit/rooms/{room_name}/waiting/{identity}",
    operation_id = "letIn",
    tag = "Urbania",
    security(("bearer" = [])),
    params(InPath),
    responses(
        (status = 204, description = "Their next `join` has a token"),
        (status = 409, description = "Too many were let in", body = super::openapi::Error),
        OfHosts
    )
)]
pub async fn let_in(
    State(app): State<Arc<App>>,
    HostOf { room, who: user }: HostOf,
) -> Result<StatusCode, Rejection> {
    let name = room.name.clone();
    change_lobby(&app, room, |lobby| {
        if lobby.admitted.contains(&user) {
            return Ok(());
        }
        if lobby.admitted.len() >= MOST_ADMITTED {
            return Err(Refusal::Conflict("Too many were let in".into()));
        }
        lobby.admitted.push(user.clone());
        Ok(())
    })
    .await?;
    app.waiting.remove(&name, &user);
    Ok(StatusCode::NO_CONTENT)
}

/// Turns somebody away who waits; they may ask again after a minute.
#[utoipa::path(
    delete,
    path = "/api/livekit/rooms/{room_name}/waiting/{identity}",
    operation_id = "turnAway",
    tag = "Urbania",
    security(("bearer" = [])),
    params(InPath),
    responses(
        (status = 204, description = "Their next `join` is 403"),
        OfHosts
    )
)]
pub async fn turn_away(
    State(app): State<Arc<App>>,
    HostOf { room, who: user }: HostOf,
) -> Result<StatusCode, Rejection> {
    if app.waiting.turn_away(&room.name, &user) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refusal::NotFound("Nobody of that name waits".into()).into())
    }
}
