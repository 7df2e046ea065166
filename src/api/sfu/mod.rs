//! What the SFU tells: its webhooks, its lists, and the stream in which callers hear of both.
//!
//! Memory ([`Presence`]) follows the SFU whatever the store does; the records of rooms that were
//! made through the API follow memory. An event that could not be stored is answered with 503, so
//! that LiveKit sends it again, and [`reconcile`] makes good what was lost.
//!
//! [`Presence`]: crate::presence::Presence

mod audience;
pub(in crate::api) mod openapi;
pub mod reconcile;
mod record;
mod stale;
mod stream;
mod streams;
pub mod told;
mod webhook;

pub use audience::is_admin;
pub use stream::events;
pub use streams::Streams;
pub use told::Told;
pub use webhook::{WEBHOOK, webhook};
