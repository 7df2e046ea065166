//! `/api/admin/rooms`: the SFU's own room service for callers with the role `admin`.
//!
//! Errors have the shape of Urbania's. Nothing here touches the records of rooms that were made
//! through the API: those follow the SFU by its webhooks. While the SFU does not answer, all of it
//! is 503 with `Retry-After`.
//!
//! What LiveKit does not do: an empty name or metadata of a participant changes nothing, and all
//! permissions are replaced at once (those that a request leaves out stay, because they are read first).

mod body;
pub(in crate::api) mod openapi;
mod participants;
mod rooms;

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::extract::rejection::PathRejection;
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::App;
use super::contracts::urbania::Urbania;
use super::envelope::{self, Caller};
use super::refusal::Refusal;
use super::sfu::is_admin;
use crate::livekit::room_service::SfuError;
use crate::livekit::token::LONGEST_NAME;

pub use participants::{
    mute, mute_track, nobody, participant, participants, put_out, remove, update,
};
pub use rooms::{create, delete, get, list, send, set_metadata};

type Rejection = envelope::Rejection<Urbania>;

/// A caller with the role `admin`.
#[derive(Debug)]
pub struct Admin;

impl FromRequestParts<Arc<App>> for Admin {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Rejection> {
        let caller = Caller::<Urbania>::from_request_parts(parts, app).await?;
        if is_admin(&caller.0) {
            Ok(Self)
        } else {
            Err(Refusal::Forbidden("Only admins may do this".into()).into())
        }
    }
}

/// Names in a path: percent-encoded UTF-8.
pub type Names<T> = Result<axum::extract::Path<T>, PathRejection>;

fn room(path: Names<String>) -> Result<String, Refusal> {
    let axum::extract::Path(room) = path.map_err(|e| Refusal::BadRequest(e.body_text()))?;
    check(&room)?;
    Ok(room)
}

/// A room and somebody in it, of a length that LiveKit takes.
pub fn who(path: Names<(String, String)>) -> Result<(String, String), Refusal> {
    let axum::extract::Path((room, who)) = path.map_err(|e| Refusal::BadRequest(e.body_text()))?;
    check(&room)?;
    check(&who)?;
    Ok((room, who))
}

fn check(name: &str) -> Result<(), Refusal> {
    if (1..=LONGEST_NAME).contains(&name.len()) {
        return Ok(());
    }
    let detail = format!("a name in the path is not 1 to {LONGEST_NAME} bytes long");
    Err(Refusal::BadRequest(detail))
}

/// The SFU's answer in this API's words; `missing` is what it may not have found.
fn refusal(e: SfuError, missing: &'static str) -> Refusal {
    match e {
        SfuError::NotFound(_) => Refusal::NotFound(missing.into()),
        SfuError::Refused(why) => Refusal::BadRequest(why),
        e => e.into(),
    }
}

/// 204, if it was there to be taken away.
fn gone(was_there: bool, missing: &'static str) -> Result<StatusCode, Refusal> {
    if was_there {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refusal::NotFound(missing.into()))
    }
}

const NO_ROOM: &str = "Room not found";
const NOBODY: &str = "Participant not found";
