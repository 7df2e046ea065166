//! Urbania: a Next.js client that used to talk to a FastAPI backend.
//!
//! Errors are FastAPI's: `{"detail": "…"}`, and for fields a list, `{"detail": [{"loc", "msg",
//! "type"}]}`, with 422. Where FastAPI would give 422 for something that is not a matter of
//! fields, the contract's general rule wins: JSON that cannot be parsed, another content type and
//! over-long names (in bytes, as LiveKit counts: it would refuse the holder of the token) are 400
//! with `{"detail": "…"}`. An empty body, JSON that is not an object, a missing, empty or mistyped
//! field are the list. Unlike FastAPI's, its entries have no `input`: it would send passwords back.
//!
//! # Rooms
//! - Who made a room is always invited; an empty list invites everybody.
//! - A room that somebody may not join is not shown to them: 404, as if there were none. Only `join`,
//!   `leave` and `DELETE` tell the two apart, with 403, and the 409 of a name that is taken, which has
//!   the room beside its `detail`.
//! - `leave` takes somebody out of the call, not off the list: they may come back.
//! - Whoever made a room is its host: they mute, send away, say who may speak in a webinar, and let
//!   people in where the room has a lobby. Until then `join` is 202, and every other contract refuses.
//! - A raised hand is an attribute of the participant, set by this server: whoever comes later sees it,
//!   and nobody needs the right to rename themselves.
//! - A one-time link hands the session of who made it to another browser: nothing new is signed, so no chain of
//!   links outlives the login that it began with.
//! - A call that has ended can be joined again, as long as nobody deletes the room.

mod create_room;
mod delete_room;
mod envelope;
mod get_room;
mod hand;
mod host;
mod invited;
mod join_room;
mod leave_room;
mod link;
mod list_rooms;
mod login;
mod me;
pub(in crate::api) mod openapi;
mod participants;
mod room;
mod speaker;
mod token;
mod waiting;

pub use create_room::create_room;
pub use delete_room::delete_room;
pub use envelope::Urbania;
pub use get_room::get_room;
pub use hand::{lower, raise};
pub use join_room::join_room;
pub use leave_room::leave_room;
pub use link::{follow as follow_link, make as make_link};
pub use list_rooms::list_rooms;
pub use login::login;
pub use me::me;
pub use participants::{in_the_call, mute, send_away};
pub use speaker::{let_listen, let_speak};
pub use token::{Answer as TokenAnswer, TokenRequest, token};
pub use waiting::{let_in, turn_away, waiting};

use crate::api::refusal::Refusal;

type Rejection = crate::api::envelope::Rejection<Urbania>;
type Caller = crate::api::envelope::Caller<Urbania>;
type Joiner = crate::api::envelope::Joiner<Urbania>;

fn no_such_room() -> Refusal {
    Refusal::NotFound("Room not found".into())
}

fn not_invited() -> Refusal {
    Refusal::Forbidden("Not invited to this room".into())
}
