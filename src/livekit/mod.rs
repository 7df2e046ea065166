//! What we know of LiveKit itself: key pairs, tokens and their grants, the room service,
//! webhooks.

pub mod current;
pub mod grants;
pub mod inspect;
pub mod keys;
pub mod room_config;
pub mod room_service;
pub mod shown;
pub mod token;
mod twirp;
pub mod webhook;
mod wording;
