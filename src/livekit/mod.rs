//! What we know of LiveKit itself: key pairs, tokens and their grants.

pub mod grants;
pub mod inspect;
pub mod keys;
pub mod token;
mod wording;
