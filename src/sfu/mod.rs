//! The embedded SFU: for development and tests, where there is no Docker and no LiveKit. It speaks LiveKit's
//! protocol to LiveKit's clients; production is LiveKit (docs/embedded.md).
//!
//! Three floors. [`signalling`] knows sockets, tokens and frames; it hands requests to the [`hub`], the one task
//! that owns all state. [`rooms`] is that state: what somebody says goes in, what is to be done comes out, and
//! nothing in it knows a socket or a clock. [`media`] has the WebRTC connections and forwards packets.
//!
//! The process begins in [`mod@run`], with what [`config`] takes from `livekit.yaml` and the [`sockets`]. A [`command`] is how
//! the first floor reaches the hub; the answers wait in an [`outbox`], the first of them with a [`greeting`]. What is refused
//! is counted in [`refusals`]; [`webhooks`] tell others what happens. `hostile` is what fuzzers and their tests do to all of it.

mod command;
mod config;
mod greeting;
#[cfg(any(test, fuzzing))]
pub mod hostile;
mod hub;
mod media;
mod outbox;
mod refusals;
mod rooms;
mod run;
mod signalling;
mod sockets;
mod webhooks;

pub use config::{SfuConfig, unheeded};
pub use run::run;
