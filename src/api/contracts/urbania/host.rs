//! Whoever made a room, and what their routes have in common.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoParams, IntoResponses};

use super::openapi::{HostRefusals, NameRefusals, Refusals};
use super::{Caller, Rejection, no_such_room};
use crate::api::App;
use crate::api::admin::{self, Names};
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

/// The same, and somebody whom the host does something about.
#[derive(Debug)]
pub struct HostOf {
    /// The room that the caller made.
    pub room: Room,
    /// Who it is about.
    pub who: String,
}

impl FromRequestParts<Arc<App>> for HostOf {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Rejection> {
        let Host(room) = Host::from_request_parts(parts, app).await?;
        let (_, who) = Somebody::from_request_parts(parts, app).await?.0;
        Ok(Self { room, who })
    }
}

/// A room and somebody in it, as a path names them.
#[derive(Debug)]
pub struct Somebody(pub (String, String));

impl FromRequestParts<Arc<App>> for Somebody {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Rejection> {
        let path: Names<_> = Path::from_request_parts(parts, app).await;
        Ok(Self(admin::who(path)?))
    }
}

/// The same for the description.
#[allow(dead_code, reason = "it is described, never made")]
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub struct InPath {
    #[param(max_length = 256)]
    room_name: String,
    #[param(max_length = 256)]
    identity: String,
}

/// What each of them may answer besides.
pub struct OfHosts;

impl IntoResponses for OfHosts {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let all = [
            HostRefusals::responses(),
            NameRefusals::responses(),
            Refusals::responses(),
        ];
        all.into_iter().flatten().collect()
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
