//! The first floor: what comes over HTTP. Requests are judged here and handed on; nothing is decided.

mod listener;
mod router;
mod token;
mod validate;

pub use listener::serve;
pub use router::router;
pub use token::Keys;
