//! A rotation of key pairs, without a restart of the SFU.
//!
//! LiveKit reads its keys at its start alone, so the pair to move on to is one that it knows already:
//! the one in reserve. [`look()`] asks how things stand, [`decide()`] says what is to be done, and
//! [`Rotation`] does it, step by step. After each step the files say how far it is
//! ([`Stage`](crate::config::Stage)): whoever comes after a crash goes on from there.

mod act;
mod alone;
mod decide;
mod look;
mod retire;

pub use act::Rotation;
pub use alone::end_when_idle;
pub use decide::{Facts, NotOver, Step, Wish, decide, is_idle};
pub use look::{Look, Sfu, look, restart_interrupted};
pub use retire::{if_idle, whoever_is_there};
