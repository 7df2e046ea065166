//! `/api/livekit/rooms/{room_name}/participants/{identity}/hand`: raised and lowered.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use super::host::{InPath, OfHosts, Somebody};
use super::{Caller, Rejection, no_such_room};
use crate::api::App;
use crate::api::admin::nobody;
use crate::api::duplicates;
use crate::api::iso::iso;
use crate::api::refusal::Refusal;
use crate::livekit::room_service::ParticipantChange;

/// The attribute of whoever has a hand up: since when, which is the order of the hands.
pub const HAND: &str = "urbania.hand";

/// Raises the caller's own hand.
#[utoipa::path(
    put,
    path = "/api/livekit/rooms/{room_name}/participants/{identity}/hand",
    operation_id = "raiseHand",
    tag = "Urbania",
    security(("bearer" = [])),
    params(InPath),
    responses(
        (status = 204, description = "The participant has the attribute `urbania.hand`"),
        OfHosts
    )
)]
pub async fn raise(
    State(app): State<Arc<App>>,
    caller: Caller,
    Somebody((room, who)): Somebody,
) -> Result<StatusCode, Rejection> {
    if !is_own(&app, &caller, &who) {
        return Err(Refusal::Forbidden("Only the own hand can be raised".into()).into());
    }
    let since = iso(app.config.clock.now());
    set(&app, &room, &who, since).await
}

/// Lowers the caller's own hand, or as whoever made the room anybody's.
#[utoipa::path(
    delete,
    path = "/api/livekit/rooms/{room_name}/participants/{identity}/hand",
    operation_id = "lowerHand",
    tag = "Urbania",
    security(("bearer" = [])),
    params(InPath),
    responses(
        (status = 204, description = "Done"),
        OfHosts
    )
)]
pub async fn lower(
    State(app): State<Arc<App>>,
    caller: Caller,
    Somebody((room, who)): Somebody,
) -> Result<StatusCode, Rejection> {
    if !is_own(&app, &caller, &who) {
        let made = app.config.store.room(&room).await?;
        let made = made.filter(|room| room.admits(&caller.0.id));
        if made.ok_or_else(no_such_room)?.created_by != caller.0.id {
            let why = "Only the own hand can be lowered";
            return Err(Refusal::Forbidden(why.into()).into());
        }
    }
    set(&app, &room, &who, String::new()).await
}

fn is_own(app: &App, caller: &Caller, who: &str) -> bool {
    duplicates::is_same(app.config.duplicate_identity, &caller.0.id, who)
}

async fn set(app: &App, room: &str, who: &str, since: String) -> Result<StatusCode, Rejection> {
    let change = ParticipantChange {
        attributes: HashMap::from([(HAND.into(), since)]),
        ..ParticipantChange::default()
    };
    let changed = app.sfu.update(room, who, change).await;
    changed.map_err(nobody)?;
    Ok(StatusCode::NO_CONTENT)
}
