//! `POST /api/livekit/rooms`.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::invited::{by_id, by_name};
use super::openapi::{BodyRefusals, Error, NewRoom, Refusals, Taken};
use super::room::Shown;
use super::{Caller, Rejection};
use crate::api::App;
use crate::api::fields::{self, Field, Problems, check_length};
use crate::api::iso::to_millisecond;
use crate::api::payload;
use crate::api::refusal::Refusal;
use crate::store::{CLUB_ROOM, Call, CallType, Lobby, Mode, Room, Store, StoreError};

/// A name that is taken and free again in turn is given up.
const ATTEMPTS: usize = 3;

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow, default)]
    room_name: Field<'a>,
    #[serde(borrow, default)]
    participants: Field<'a>,
    #[serde(borrow, default)]
    invite: Field<'a>,
    #[serde(borrow, default)]
    call_type: Field<'a>,
    #[serde(borrow, default)]
    mode: Field<'a>,
    #[serde(borrow, default)]
    lobby: Field<'a>,
}

/// What came of it.
enum Outcome {
    Made(Room),
    /// By the same caller, with the same request.
    MadeBefore(Room),
    Taken(Room),
}

/// Makes a room.
#[utoipa::path(
    post,
    path = "/api/livekit/rooms",
    operation_id = "createRoom",
    tag = "Urbania",
    security(("bearer" = [])),
    request_body = NewRoom,
    responses(
        (status = 201, description = "Made", body = Shown<'static>),
        (status = 200, description = "Made before, by the same request", body = Shown<'static>),
        (status = 403, description = "The name belongs to a channel or a club", body = Error),
        (status = 409, description = "The name is taken", body = Taken),
        Refusals,
        BodyRefusals
    )
)]
pub async fn create_room(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Rejection> {
    let body = payload::read(body).await?;
    payload::must_be_json(&headers)?;
    let store = app.config.store.as_ref();
    let (mut room, names) = wanted(fields::parse(&body)?)?;
    for id in by_name(store, caller.0.provider, names).await? {
        if !room.participants.contains(&id) {
            room.participants.push(id);
        }
    }
    let user = caller.0.id;
    room.created_by.clone_from(&user);
    room.created_at = to_millisecond(app.config.clock.now());
    room.max_participants = app.defaults.get().max_participants;

    let known = app.rooms.fresh(store, &room.name).await?;
    // A club may be made later.
    if known.channel.is_some() || room.name.starts_with(CLUB_ROOM) {
        return Err(Refusal::Forbidden("The name belongs to a channel or a club".into()).into());
    }
    let outcome = make(store, room).await?;
    let (status, room) = match &outcome {
        Outcome::Made(room) => (StatusCode::CREATED, room),
        Outcome::MadeBefore(room) => (StatusCode::OK, room),
        Outcome::Taken(room) => {
            let refusal = Refusal::Conflict("Room already exists".into());
            let body = json!({"detail": refusal.detail(), "room": Shown::to(&user, room)});
            return Ok(refusal.answer(refusal.status(), Json(body)));
        }
    };
    app.rooms.forget(&room.name);
    Ok((status, Json(Shown::to(&room.created_by, room))).into_response())
}

/// The room that is asked for, as far as the body tells, and the names of those who are invited to it.
fn wanted(request: Request<'_>) -> Result<(Room, Vec<Cow<'_, str>>), Refusal> {
    let mut problems = Problems::default();
    let name = problems.filled("room_name", request.room_name);
    let participants = problems.texts("participants", request.participants);
    let invite = match request.invite {
        Field::Missing | Field::Null => Vec::new(),
        names => problems.texts("invite", names),
    };
    let call_type = match &*problems.text("call_type", request.call_type) {
        "audio" => CallType::Audio,
        "video" => CallType::Video,
        other => {
            problems.word("call_type", other, "'audio' or 'video'");
            CallType::default()
        }
    };
    let mode = match problems.optional("mode", request.mode).as_deref() {
        None | Some("call") => Mode::Call,
        Some("webinar") => Mode::Webinar,
        Some(other) => {
            problems.word("mode", other, "'call' or 'webinar'");
            Mode::default()
        }
    };
    let lobby = problems.switch("lobby", &request.lobby);
    problems.check()?;
    check_length("room_name", &name)?;
    if matches!(&*name, "." | "..") {
        let why = "room_name cannot be part of a path: clients leave it out";
        return Err(Refusal::BadRequest(why.into()));
    }
    let room = Room {
        name: name.into_owned(),
        created_by: String::new(),
        created_at: Timestamp::UNIX_EPOCH,
        call_type,
        mode,
        participants: by_id(participants)?,
        max_participants: 0,
        lobby: lobby.then(Lobby::default),
        call: Call::default(),
        revision: 0,
    };
    Ok((room, invite))
}

async fn make(store: &dyn Store, room: Room) -> Result<Outcome, Refusal> {
    for _ in 0..ATTEMPTS {
        match store.add_room(&room).await {
            Ok(()) => return Ok(Outcome::Made(room)),
            Err(StoreError::Taken) => {}
            Err(e) => return Err(e.into()),
        }
        match store.room(&room.name).await? {
            Some(made) if is_same(&made, &room) => return Ok(Outcome::MadeBefore(made)),
            Some(made) => return Ok(Outcome::Taken(made)),
            None => {}
        }
    }
    Err(Refusal::Unavailable("a room comes and goes".into()))
}

/// Whether one request made the one and asks for the other.
fn is_same(made: &Room, asked: &Room) -> bool {
    made.created_by == asked.created_by
        && made.call_type == asked.call_type
        && made.mode == asked.mode
        && made.lobby.is_some() == asked.lobby.is_some()
        && made.participants == asked.participants
}
