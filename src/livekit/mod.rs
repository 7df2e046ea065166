//! What we know of LiveKit itself: key pairs, tokens and their grants.

pub mod keys;
