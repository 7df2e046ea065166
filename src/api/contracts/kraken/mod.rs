//! Kraken: a NestJS app with voice channels and roles.
//!
//! Errors are NestJS's: `{"statusCode", "message", "error"}`, on 400 with a list of messages in
//! class-validator's words. All three are always there, also where NestJS leaves `error` out (401,
//! 413, 500): a client that reads two of them does not mind the third.
//!
//! A channel's id is the room's name. A caller needs `JOIN_CHANNEL` through a role of the channel;
//! `identity` is the caller, and an empty one is somebody else. `connection-info` and `health` agree
//! on `configured` only while the SFU answers: the first says that there is a well-formed pair, the
//! second has two answers alone, and the good one means that the SFU has just believed that pair.

mod connection_info;
mod envelope;
mod health;
pub(in crate::api) mod openapi;
mod token;

use std::time::Duration;

pub use connection_info::connection_info;
pub use envelope::Kraken;
pub use health::health;
pub use token::{Answer as TokenAnswer, Request, token};

/// What this contract has of its own to know.
#[derive(Clone, Debug)]
pub struct KrakenConfig {
    /// Lifetime of a token when the caller asks for none.
    pub token_ttl: Duration,
    /// Where the SFU is, in its own words.
    pub region: Option<String>,
    /// Whether an egress service records.
    pub recording: bool,
}

type Caller = crate::api::envelope::Caller<Kraken>;
