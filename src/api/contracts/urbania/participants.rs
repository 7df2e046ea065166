//! `/api/livekit/rooms/{room_name}/participants`: who is in the call, and what its host does about it.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;

use super::host::{HostOf, InPath, OfHosts, change_lobby};
use super::openapi::{BodyRefusals, HostRefusals, NameRefusals, Refusals};
use super::room::RoomName;
use super::{Caller, Rejection, no_such_room};
use crate::api::App;
use crate::api::admin;

/// Somebody in the call.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = UrbaniaParticipant)]
pub struct InCall {
    identity: String,
    name: String,
}

/// Who is in the call, in the order in which they came.
#[utoipa::path(
    get,
    path = "/api/livekit/rooms/{room_name}/participants",
    operation_id = "listParticipants",
    tag = "Urbania",
    security(("bearer" = [])),
    params(("room_name" = String, Path, max_length = 256)),
    responses(
        (status = 200, description = "Those in the call", body = Vec<InCall>),
        (status = 404, description = "No such room, or not for the caller", body = super::openapi::Error),
        (status = 500, description = "The server has no key pair", body = super::openapi::Error),
        NameRefusals,
        Refusals
    )
)]
pub async fn in_the_call(
    State(app): State<Arc<App>>,
    caller: Caller,
    RoomName(name): RoomName,
) -> Result<Json<Vec<InCall>>, Rejection> {
    let room = app.config.store.room(&name).await?;
    let user = &caller.0.id;
    let room = room.filter(|room| room.admits(user) && !room.keeps_waiting(user));
    room.ok_or_else(no_such_room)?;
    let mut there = app.sfu.participants(&name).await?;
    there.retain(|p| !p.permission.as_ref().is_some_and(|may| may.hidden));
    there.sort_by(|a, b| (a.joined_at_ms, &a.identity).cmp(&(b.joined_at_ms, &b.identity)));
    let shown = there.into_iter().map(|p| InCall {
        identity: p.identity,
        name: p.name,
    });
    Ok(Json(shown.collect()))
}

/// Sends a participant away. Where the room has a lobby, they wait again when they come back.
///
/// Elsewhere, a token that is still valid lets them in again.
#[utoipa::path(
    delete,
    path = "/api/livekit/rooms/{room_name}/participants/{identity}",
    operation_id = "sendAway",
    tag = "Urbania",
    security(("bearer" = [])),
    params(InPath),
    responses(
        (status = 204, description = "Done"),
        OfHosts
    )
)]
pub async fn send_away(
    State(app): State<Arc<App>>,
    HostOf { room, who }: HostOf,
) -> Result<StatusCode, Rejection> {
    let name = room.name.clone();
    change_lobby(&app, room, |lobby| {
        lobby.admitted.retain(|user| *user != who);
        Ok(())
    })
    .await?;
    Ok(admin::put_out(&app, &name, &who).await?)
}

/// Mutes a track of a participant.
#[utoipa::path(
    post,
    path = "/api/livekit/rooms/{room_name}/participants/{identity}/mute",
    operation_id = "mute",
    tag = "Urbania",
    security(("bearer" = [])),
    params(InPath),
    request_body = admin::openapi::Mute,
    responses(
        (status = 204, description = "Done"),
        HostRefusals,
        BodyRefusals,
        Refusals
    )
)]
pub async fn mute(
    State(app): State<Arc<App>>,
    HostOf { room, who }: HostOf,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Rejection> {
    Ok(admin::mute_track(&app, &room.name, &who, &headers, body).await?)
}
