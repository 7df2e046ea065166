//! LiveKit's standard token endpoint, which `TokenSource.endpoint()` of its client SDKs calls.
//!
//! Errors are `{"error": "…"}`. What a field may not be is a 400 and what a client may not set, by
//! `api.token_source` of urbania.yaml, a 403; both name the field. `null` and an empty string are a
//! field that is not there: that is how Protocol Buffers spell it. Unknown fields beside the
//! known ones are ignored, those of `room_config` are not.
//!
//! `room_config` says how the SFU makes a room that is not there yet. Who made the room through the
//! API may set it, and for a room that nobody made, everybody; it never allows more participants than
//! livekit.yaml does.

mod envelope;
pub(in crate::api) mod openapi;
mod room_config;
mod token;
mod wishes;

pub use envelope::{TokenSource, say};
pub use token::{Answer, token};
pub use wishes::{Limits, Wishes, fresh_room};

type Rejection = crate::api::envelope::Rejection<TokenSource>;
type Joiner = crate::api::envelope::Joiner<TokenSource>;
