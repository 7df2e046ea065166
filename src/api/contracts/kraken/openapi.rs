//! The contract for the description of the API: what the handlers' own types do not say.

#![allow(dead_code, reason = "these shapes are described, never made")]

use serde::Serialize;
use utoipa::{IntoResponses, OpenApi, ToSchema};

use super::{connection_info, health};

/// The routes; tokens share theirs with another contract.
#[derive(OpenApi)]
#[openapi(
    paths(connection_info::connection_info, health::health),
    components(schemas(Exception))
)]
pub struct Description;

/// What is asked for in Kraken's words.
#[derive(Serialize, ToSchema)]
#[schema(as = KrakenTokenRequest)]
#[serde(rename_all = "camelCase")]
pub struct TokenRequest {
    /// Id of the channel.
    #[schema(min_length = 1, max_length = 256, example = "65f1c0ffee0000000000c0de")]
    room_id: String,
    /// The caller's own id, which it is when left out.
    identity: Option<String>,
    /// How the others see the caller; their name when left out.
    #[schema(max_length = 256)]
    name: Option<String>,
    /// Seconds that the token is good for, up to the server's own limit.
    #[schema(minimum = 1, example = 3600)]
    ttl: Option<i64>,
}

/// What went wrong, as NestJS says it.
#[derive(Serialize, ToSchema)]
#[schema(as = KrakenError)]
#[serde(rename_all = "camelCase")]
pub struct Exception {
    #[schema(example = 403)]
    status_code: u16,
    message: Message,
    #[schema(example = "Forbidden")]
    error: String,
}

/// A sentence; with 400, one for each rule that is broken.
#[derive(Serialize, ToSchema)]
#[schema(
    as = KrakenMessage,
    example = "Insufficient permissions. Required: JOIN_CHANNEL"
)]
#[serde(untagged)]
enum Message {
    One(String),
    Many(Vec<String>),
}

/// What every route that needs a caller may answer.
#[derive(IntoResponses)]
pub enum Refusals {
    /// No session, or one that is not believed.
    #[response(status = 401)]
    Denied(Exception),
    /// It took too long.
    #[response(status = 408)]
    TimedOut(Exception),
    /// The store does not answer.
    #[response(status = 503, headers(("Retry-After" = u32, description = "Seconds")))]
    Unavailable(Exception),
}
