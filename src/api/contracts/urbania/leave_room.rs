//! `POST /api/livekit/rooms/{room_name}/leave`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::openapi::{Error, NameRefusals, Refusals};
use super::room::{RoomName, Shown};
use super::{Caller, Rejection, no_such_room, not_invited};
use crate::api::App;
use crate::api::duplicates;
use crate::api::refusal::Refusal;
use crate::config::DuplicateIdentity;
use crate::livekit::room_service::SfuError;
use crate::store::{Room, Store};

/// Somebody else changes a room at most this often while we do.
const ATTEMPTS: usize = 5;

/// Takes the caller out of the call, however often they are in it. Who is not in it has left already.
#[utoipa::path(
    post,
    path = "/api/livekit/rooms/{room_name}/leave",
    operation_id = "leaveRoom",
    tag = "Urbania",
    security(("bearer" = [])),
    params(("room_name" = String, Path, max_length = 256)),
    responses(
        (status = 200, description = "The room", body = Shown<'static>),
        (status = 403, description = "Not invited", body = Error),
        (status = 404, description = "No such room", body = Error),
        (status = 500, description = "The server has no key pair", body = Error),
        NameRefusals,
        Refusals
    )
)]
pub async fn leave_room(
    State(app): State<Arc<App>>,
    caller: Caller,
    RoomName(name): RoomName,
) -> Result<Response, Rejection> {
    let (store, user) = (app.config.store.as_ref(), &caller.0.id);
    let room = store.room(&name).await?.ok_or_else(no_such_room)?;
    if !room.admits(user) {
        return Err(not_invited().into());
    }
    app.waiting.remove(&name, user);
    let policy = app.config.duplicate_identity;
    let is_own = |who: &str| duplicates::is_same(policy, user, who);
    let stays = stays(&room, is_own);
    for who in own(&app, &name, user, is_own).await? {
        app.sfu.remove(&name, &who).await?;
    }
    let room = end_stays(store, room, &stays).await?;
    Ok(Json(Shown::to(user, &room)).into_response())
}

/// Under which identities a user may be in the call.
async fn own(
    app: &App,
    room: &str,
    user: &str,
    is_own: impl Fn(&str) -> bool,
) -> Result<Vec<String>, SfuError> {
    if app.config.duplicate_identity != DuplicateIdentity::Suffix {
        return Ok(vec![user.to_owned()]);
    }
    let there = app.sfu.participants(room).await?.into_iter();
    let own = there.map(|p| p.identity).filter(|who| is_own(who));
    Ok(own.collect())
}

/// The SFU's ids of a user's stays in the call.
fn stays(room: &Room, is_own: impl Fn(&str) -> bool) -> Vec<String> {
    let present = room.call.present.iter();
    let own = present.filter(|p| is_own(&p.identity));
    own.map(|p| p.sid.clone()).collect()
}

/// Stores that these stays are over; whoever came back since then has another one.
async fn end_stays(store: &dyn Store, mut room: Room, stays: &[String]) -> Result<Room, Refusal> {
    for _ in 0..ATTEMPTS {
        let before = room.call.present.len();
        room.call.present.retain(|p| !stays.contains(&p.sid));
        if room.call.present.len() == before || store.replace_room(&room).await? {
            return Ok(room);
        }
        let read = store.room(&room.name).await?;
        room = read.ok_or_else(no_such_room)?;
    }
    Err(Refusal::Unavailable("a room changes all the time".into()))
}
