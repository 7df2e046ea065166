//! The first floor: what comes over HTTP. Requests are judged here and handed on; nothing is decided.
//!
//! The [`listener`] accepts connections, the [`mod@router`] has every path. Whoever wants into a room comes to [`join`] with a
//! [`token`] and what their client says of itself ([`join_request`]); from then on a [`session`] carries frames both ways, at
//! the [`pace`] that is allowed, and a [`pass`] renews the token. The [`room_service`] is called by [`twirp`], in Protocol
//! Buffers or in [`json`].

mod join;
mod join_request;
mod json;
mod listener;
mod pace;
mod pass;
mod room_service;
mod router;
mod session;
mod token;
mod twirp;

/// What there is to be tried without a socket.
#[cfg(any(test, fuzzing))]
pub mod hostile {
    pub use super::join_request::{Wish, hostile as wish_of};
    pub use super::session::command;
    pub use super::token::Claims;
}

pub use join::Floor;
pub use listener::serve;
pub use pass::Pass;
pub use router::router;
pub use token::Keys;
