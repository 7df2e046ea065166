//! A room as the contract shows it, and its name in a path.

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::Serialize;

use super::Rejection;
use crate::api::App;
use crate::api::fields::check_length;
use crate::api::iso::iso;
use crate::api::refusal::Refusal;
use crate::store::{CallType, Mode, Room, Status};

/// The answer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = UrbaniaRoom)]
pub struct Shown<'a> {
    room_name: &'a str,
    created_by: &'a str,
    #[schema(format = DateTime)]
    created_at: String,
    call_type: CallType,
    mode: Mode,
    participants: &'a [String],
    active_participants: Vec<&'a str>,
    status: Status,
    max_participants: u32,
    /// There where people wait until whoever made it lets them in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = true)]
    lobby: Option<bool>,
}

impl<'a> Shown<'a> {
    /// As this user may see it: who waits to be let in does not see who is there.
    pub fn to(user: &str, room: &'a Room) -> Self {
        let waits = room.keeps_waiting(user);
        let mut seen = HashSet::new();
        let present = room.call.present.iter().map(|p| p.identity.as_str());
        Self {
            room_name: &room.name,
            created_by: &room.created_by,
            created_at: iso(room.created_at),
            call_type: room.call_type,
            mode: room.mode,
            participants: &room.participants,
            // Somebody who comes back can be there twice for a moment.
            active_participants: present
                .filter(|&identity| !waits && seen.insert(identity))
                .collect(),
            status: room.call.status,
            max_participants: room.max_participants,
            lobby: room.lobby.is_some().then_some(true),
        }
    }
}

/// The name of a room in a path.
#[derive(Debug)]
pub struct RoomName(pub String);

impl FromRequestParts<Arc<App>> for RoomName {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Rejection> {
        let Path(name) = Path::<String>::from_request_parts(parts, app)
            .await
            .map_err(|_| Refusal::BadRequest("The room's name is not UTF-8".into()))?;
        check_length("room_name", &name)?;
        Ok(Self(name))
    }
}
