//! The contract for the description of the API: what the handlers' own types do not say.

#![allow(dead_code, reason = "these shapes are described, never made")]

use serde::Serialize;
use utoipa::{IntoResponses, OpenApi, ToSchema};

use super::room::Shown;
use super::{
    create_room, delete_room, get_room, hand, join_room, leave_room, link, list_rooms, login, me,
    participants, speaker, waiting,
};
use crate::store::{CallType, Mode};

/// The routes; tokens share theirs with another contract.
#[derive(OpenApi)]
#[openapi(
    paths(
        login::login,
        me::me,
        link::make,
        link::follow,
        create_room::create_room,
        list_rooms::list_rooms,
        get_room::get_room,
        join_room::join_room,
        leave_room::leave_room,
        delete_room::delete_room,
        waiting::waiting,
        waiting::let_in,
        waiting::turn_away,
        participants::in_the_call,
        participants::send_away,
        participants::mute,
        speaker::let_speak,
        speaker::let_listen,
        hand::raise,
        hand::lower
    ),
    components(schemas(Error, FieldErrors))
)]
pub struct Description;

/// A name and a password; `email` stands in for `username`.
#[derive(Serialize, ToSchema)]
#[schema(as = UrbaniaLogin)]
pub struct Login {
    #[schema(min_length = 1, nullable = false, example = "ada")]
    username: Option<String>,
    #[schema(min_length = 1, nullable = false)]
    email: Option<String>,
    #[schema(format = Password)]
    password: String,
}

/// The code of a one-time link.
#[derive(Serialize, ToSchema)]
#[schema(as = UrbaniaFollowLink)]
pub struct FollowLink {
    #[schema(min_length = 1)]
    code: String,
}

/// What is asked for in Urbania's words.
#[derive(Serialize, ToSchema)]
#[schema(as = UrbaniaTokenRequest)]
pub struct TokenRequest {
    /// The room.
    #[schema(min_length = 1, max_length = 256, example = "daily")]
    room_name: String,
    /// The caller's own id.
    #[schema(min_length = 1, max_length = 256)]
    user_id: String,
    /// How the others see the caller.
    #[schema(max_length = 256)]
    username: String,
}

/// A room that is to be.
#[derive(Serialize, ToSchema)]
#[schema(as = UrbaniaNewRoom)]
pub struct NewRoom {
    #[schema(min_length = 1, max_length = 256, example = "daily")]
    room_name: String,
    /// Ids of those who may come besides the caller; empty: everybody.
    #[schema(max_items = 1000)]
    participants: Vec<String>,
    /// Those who may come as well, by the names that they sign in with.
    #[schema(max_items = 100)]
    invite: Option<Vec<String>>,
    call_type: CallType,
    /// `call` when it is left out.
    mode: Option<Mode>,
    /// Whether people wait until the caller lets them in; no when it is left out.
    lobby: Option<bool>,
}

/// The name is taken by this room.
#[derive(Serialize, ToSchema)]
#[schema(as = UrbaniaTaken)]
pub struct Taken {
    #[schema(example = "Room already exists")]
    detail: String,
    room: Shown<'static>,
}

/// What went wrong, in words.
#[derive(Serialize, ToSchema)]
#[schema(as = UrbaniaError)]
pub struct Error {
    #[schema(example = "Room not found")]
    detail: String,
}

/// What is wrong with each field.
#[derive(Serialize, ToSchema)]
#[schema(as = UrbaniaFieldErrors)]
pub struct FieldErrors {
    detail: Vec<FieldError>,
}

/// What is wrong with one field.
#[derive(Serialize, ToSchema)]
#[schema(as = UrbaniaFieldError)]
struct FieldError {
    /// `body`, the field, and in a list the number of the entry.
    #[schema(example = json!(["body", "room_name"]))]
    loc: Vec<Place>,
    #[schema(example = "Field required")]
    msg: String,
    #[serde(rename = "type")]
    #[schema(example = "missing")]
    kind: String,
}

/// A name, or a number in a list.
#[derive(Serialize, ToSchema)]
#[schema(as = UrbaniaPlace)]
#[serde(untagged)]
enum Place {
    Name(String),
    Index(u32),
}

/// What every route that needs a caller may answer.
#[derive(IntoResponses)]
pub enum Refusals {
    /// No session, or one that is not believed.
    #[response(status = 401)]
    Denied(Error),
    /// It took too long.
    #[response(status = 408)]
    TimedOut(Error),
    /// The store or the SFU does not answer.
    #[response(status = 503, headers(("Retry-After" = u32, description = "Seconds")))]
    Unavailable(Error),
}

/// What every route with a room in its path may answer besides.
#[derive(IntoResponses)]
pub enum NameRefusals {
    /// The name is longer than 256 bytes, or not UTF-8.
    #[response(status = 400)]
    BadRequest(Error),
}

/// What every route that only the maker of a room may use may answer besides.
#[derive(IntoResponses)]
pub enum HostRefusals {
    /// Somebody else made the room.
    #[response(status = 403)]
    Forbidden(Error),
    /// No such room, or nobody of that name in it.
    #[response(status = 404)]
    NotFound(Error),
    /// The server has no key pair.
    #[response(status = 500)]
    NotConfigured(Error),
}

/// What every route with a body may answer besides.
#[derive(IntoResponses)]
pub enum BodyRefusals {
    /// The body cannot be read, or a name in it is longer than 256 bytes.
    #[response(status = 400)]
    BadRequest(Error),
    /// The body is longer than 64 KiB.
    #[response(status = 413)]
    TooLarge(Error),
    /// Fields are missing or wrong.
    #[response(status = 422)]
    Invalid(FieldErrors),
}

/// What every route with a limit may answer besides.
#[derive(IntoResponses)]
pub enum LimitRefusals {
    /// Too often.
    #[response(status = 429, headers(("Retry-After" = u32, description = "Seconds")))]
    TooMany(Error),
}
