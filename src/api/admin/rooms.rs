//! Rooms: list, make, end, metadata, data.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::body::Members;
use super::openapi::{Message, Metadata, NewRoom as NewRoomRequest, Refusals};
use super::{Admin, NO_ROOM, Names, Rejection, gone, refusal, room};
use crate::api::App;
use crate::api::contracts::urbania::openapi::{self as urbania, Error};
use crate::api::fields::{Problem, check_length};
use crate::api::refusal::Refusal;
use crate::livekit::room_service::{Data, NewRoom, SfuError};
use crate::livekit::shown::RoomShown;

/// A week.
const LONGEST_TIMEOUT: u32 = 7 * 24 * 60 * 60;
const MOST_PARTICIPANTS: u32 = 1_000_000;
/// Receivers of one message.
const MOST_RECEIVERS: usize = 1_000;

/// All rooms of the SFU.
#[utoipa::path(
    get,
    path = "/api/admin/rooms",
    operation_id = "adminListRooms",
    tag = "Rooms of the SFU",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "All rooms", body = Vec<RoomShown>),
        Refusals,
        urbania::Refusals
    )
)]
pub async fn list(
    _: Admin,
    State(app): State<Arc<App>>,
) -> Result<Json<Vec<RoomShown>>, Rejection> {
    let mut rooms: Vec<_> = (app.sfu.list(Vec::new()).await?.into_iter())
        .map(RoomShown::of)
        .collect();
    rooms.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Json(rooms))
}

/// Makes a room, or answers with the one that there is.
#[utoipa::path(
    post,
    path = "/api/admin/rooms",
    operation_id = "adminCreateRoom",
    tag = "Rooms of the SFU",
    security(("bearer" = [])),
    request_body = NewRoomRequest,
    responses(
        (status = 200, description = "The room", body = RoomShown),
        Refusals,
        urbania::BodyRefusals,
        urbania::Refusals
    )
)]
pub async fn create(
    _: Admin,
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<RoomShown>, Rejection> {
    let mut members = Members::read(&headers, body).await?;
    let new = NewRoom {
        name: members.name("name"),
        empty_timeout: (members.number("empty_timeout", LONGEST_TIMEOUT)).unwrap_or_default(),
        max_participants: (members.number("max_participants", MOST_PARTICIPANTS))
            .unwrap_or_default(),
        metadata: members.text("metadata").unwrap_or_default(),
    };
    members.check(None)?;
    check_length("name", &new.name)?;
    let room = app.sfu.create(new).await.map_err(no_room)?;
    Ok(Json(RoomShown::of(room)))
}

/// A room of the SFU.
#[utoipa::path(
    get,
    path = "/api/admin/rooms/{room_name}",
    operation_id = "adminGetRoom",
    tag = "Rooms of the SFU",
    security(("bearer" = [])),
    params(("room_name" = String, Path, max_length = 256)),
    responses(
        (status = 200, description = "The room", body = RoomShown),
        (status = 404, description = "Not there", body = Error),
        Refusals,
        urbania::Refusals
    )
)]
pub async fn get(
    _: Admin,
    State(app): State<Arc<App>>,
    path: Names<String>,
) -> Result<Json<RoomShown>, Rejection> {
    Ok(Json(RoomShown::of(found(&app, &room(path)?).await?)))
}

/// Ends a room for everybody in it.
#[utoipa::path(
    delete,
    path = "/api/admin/rooms/{room_name}",
    operation_id = "adminDeleteRoom",
    tag = "Rooms of the SFU",
    security(("bearer" = [])),
    params(("room_name" = String, Path, max_length = 256)),
    responses(
        (status = 204, description = "Done"),
        (status = 404, description = "Not there", body = Error),
        Refusals,
        urbania::Refusals
    )
)]
pub async fn delete(
    _: Admin,
    State(app): State<Arc<App>>,
    path: Names<String>,
) -> Result<StatusCode, Rejection> {
    let was_there = app.sfu.delete(&room(path)?).await.map_err(no_room)?;
    Ok(gone(was_there, NO_ROOM)?)
}

/// Replaces a room's metadata; an empty text removes it.
#[utoipa::path(
    patch,
    path = "/api/admin/rooms/{room_name}",
    operation_id = "adminSetMetadata",
    tag = "Rooms of the SFU",
    security(("bearer" = [])),
    params(("room_name" = String, Path, max_length = 256)),
    request_body = Metadata,
    responses(
        (status = 200, description = "The room", body = RoomShown),
        (status = 404, description = "Not there", body = Error),
        Refusals,
        urbania::BodyRefusals,
        urbania::Refusals
    )
)]
pub async fn set_metadata(
    _: Admin,
    State(app): State<Arc<App>>,
    path: Names<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<RoomShown>, Rejection> {
    let room = room(path)?;
    let mut members = Members::read(&headers, body).await?;
    let metadata = members.text("metadata");
    if metadata.is_none() {
        members.wrong("metadata", Problem::Missing);
    }
    members.check(None)?;
    let metadata = metadata.unwrap_or_default();
    let changed = app.sfu.set_metadata(&room, &metadata).await;
    Ok(Json(RoomShown::of(changed.map_err(no_room)?)))
}

/// Sends data to all in a room, or to those named.
#[utoipa::path(
    post,
    path = "/api/admin/rooms/{room_name}/data",
    operation_id = "adminSendData",
    tag = "Rooms of the SFU",
    security(("bearer" = [])),
    params(("room_name" = String, Path, max_length = 256)),
    request_body = Message,
    responses(
        (status = 204, description = "Done"),
        (status = 404, description = "Not there", body = Error),
        Refusals,
        urbania::BodyRefusals,
        urbania::Refusals
    )
)]
pub async fn send(
    _: Admin,
    State(app): State<Arc<App>>,
    path: Names<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Rejection> {
    let room = room(path)?;
    let mut members = Members::read(&headers, body).await?;
    let data = Data {
        payload: payload(&mut members),
        reliable: members.switch("reliable").unwrap_or(true),
        to: members.names("to", MOST_RECEIVERS),
        topic: members.text("topic"),
    };
    members.check(None)?;
    // LiveKit takes data for a room that is not there, and drops it.
    found(&app, &room).await?;
    app.sfu.send(&room, data).await.map_err(no_room)?;
    Ok(StatusCode::NO_CONTENT)
}

/// `data` is text; `data_base64` is anything.
fn payload(members: &mut Members) -> Vec<u8> {
    match (members.text("data"), members.text("data_base64")) {
        (Some(text), None) => return text.into_bytes(),
        (None, Some(encoded)) => match STANDARD.decode(encoded) {
            Ok(data) => return data,
            Err(_) => members.wrong("data_base64", Problem::NotOneOf("base64")),
        },
        (None, None) => members.wrong("data", Problem::Missing),
        (Some(_), Some(_)) => {
            members.wrong("data", Problem::NotOneOf("text in data or in data_base64"));
        }
    }
    Vec::new()
}

/// The room, if the SFU has it.
pub(super) async fn found(app: &App, room: &str) -> Result<livekit_protocol::Room, Refusal> {
    let room = app.sfu.get(room).await.map_err(no_room)?;
    room.ok_or_else(|| Refusal::NotFound(NO_ROOM.into()))
}

fn no_room(e: SfuError) -> Refusal {
    refusal(e, NO_ROOM)
}
