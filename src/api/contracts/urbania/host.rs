//! Whoever made a room.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use super::{Caller, Rejection, no_such_room};
use crate::api::App;
use crate::api::fields::check_length;
use crate::api::refusal::Refusal;
use crate::store::{Lobby, Room, Store};

/// Somebody else changes a room at most this often while we do.
const ATTEMPTS: usize = 5;

/// The room in the path, which the caller made. Whoever may not join it is told that there is none.
#[derive(Debug)]
pub struct Host(pub Room);

impl FromRequestParts<Arc<App>> for Host {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Rejection> {
        let caller = Caller::from_request_parts(parts, app).await?.0;
        let Path(names) = Path::<HashMap<String, String>>::from_request_parts(parts, app)
            .await
            .map_err(|_| Refusal::BadRequest("A name in the path is not UTF-8".into()))?;
        let name = names.get("room_name").ok_or_else(no_such_room)?;
        check_length("room_name", name)?;
        let room = app.config.store.room(name).await?;
        let room = room.filter(|room| room.admits(&caller.id));
        let room = room.ok_or_else(no_such_room)?;
        if room.created_by == caller.id {
            Ok(Self(room))
        } else {
            Err(Refusal::Forbidden("Only who made the room may do this".into()).into())
        }
    }
}

/// Changes who was let in; a room without a lobby stays as it is.
pub async fn change_lobby(
    app: &App,
    mut room: Room,
    change: impl Fn(&mut Lobby) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let store: &dyn Store = app.config.store.as_ref();
    for _ in 0..ATTEMPTS {
        let Some(lobby) = &mut room.lobby else {
            return Ok(());
        };
        let before = lobby.clone();
        change(lobby)?;
        if *lobby == before {
            return Ok(());
        }
        if store.replace_room(&room).await? {
            app.rooms.forget(&room.name);
            return Ok(());
        }
        let read = store.room(&room.name).await?;
        room = read.ok_or_else(no_such_room)?;
    }
    Err(Refusal::Unavailable("a room changes all the time".into()))
}
