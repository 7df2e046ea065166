//! The first floor: what comes over HTTP. Requests are judged here and handed on; nothing is decided.

mod join;
mod join_request;
mod listener;
mod room_service;
mod router;
mod session;
mod token;
mod twirp;

pub use join::Floor;
pub use listener::serve;
pub use router::router;
pub use token::Keys;
