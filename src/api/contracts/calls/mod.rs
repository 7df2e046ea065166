//! Calls: a phone app whose users sign in with Firebase.
//!
//! `POST /api/calls/livekit-token` with a Firebase ID token; no other provider's word counts here.
//! Whoever is not believed is told in plain text: 401 without a token, 403 with one that is not
//! valid. Everything else is `{"error": "…"}`; the three sentences that the app shows its users are
//! in English or in Swahili, as `Accept-Language` prefers. Checks come in the order: caller, fields,
//! identity, keys.

mod envelope;
mod language;
pub(in crate::api) mod openapi;
mod token;

pub use envelope::Calls;
pub use token::token;

type Joiner = crate::api::envelope::Joiner<Calls>;
