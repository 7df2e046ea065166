//! ICE for real: a participant of our own joins the SFU.

pub mod judge;
pub mod media;
