//! The one operation of two contracts for the description of the API.

#![allow(dead_code, reason = "these shapes are described, never made")]

use serde::Serialize;
use utoipa::{IntoResponses, OpenApi, ToSchema};

use crate::api::contracts::{kraken, urbania};

/// The route.
#[derive(OpenApi)]
#[openapi(paths(super::token), components(schemas(Answer, Error)))]
pub struct Description;

/// Urbania asks with `room_name`, Kraken with `roomId`; with both or neither it is nobody's.
#[derive(Serialize, ToSchema)]
#[schema(as = TokenRequest)]
#[serde(untagged)]
pub enum Request {
    Urbania(urbania::openapi::TokenRequest),
    Kraken(kraken::openapi::TokenRequest),
}

/// In the words of whoever asks.
#[derive(Serialize, ToSchema)]
#[schema(as = TokenAnswer)]
#[serde(untagged)]
pub enum Answer {
    Urbania(urbania::TokenAnswer<'static>),
    Kraken(kraken::TokenAnswer<'static>),
}

/// In the words of whoever asks.
#[derive(Serialize, ToSchema)]
#[schema(as = TokenError)]
#[serde(untagged)]
pub enum Error {
    Urbania(urbania::openapi::Error),
    Kraken(kraken::openapi::Exception),
}

/// All answers.
#[derive(IntoResponses)]
pub enum Answers {
    /// A token.
    #[response(status = 200)]
    Token(Answer),
    /// The request cannot be read, a name is longer than 256 bytes, or it is unclear who asks. In
    /// Kraken's words also: fields are missing or wrong.
    #[response(status = 400)]
    BadRequest(Error),
    /// No session, or one that is not believed.
    #[response(status = 401)]
    Denied(Error),
    /// For somebody else, or for a room or a channel that is not the caller's to join.
    #[response(status = 403)]
    Forbidden(Error),
    /// No such room, and nobody's joining makes it; or no such channel.
    #[response(status = 404)]
    NotFound(Error),
    /// It took too long.
    #[response(status = 408)]
    TimedOut(Error),
    /// The caller is in the room already, and `api.duplicate_identity` refuses that.
    #[response(status = 409)]
    Conflict(Error),
    /// The body is longer than 64 KiB.
    #[response(status = 413)]
    TooLarge(Error),
    /// In Urbania's words: fields are missing or wrong.
    #[response(status = 422)]
    Invalid(urbania::openapi::FieldErrors),
    /// Too often.
    #[response(status = 429, headers(("Retry-After" = u32, description = "Seconds")))]
    TooMany(Error),
    /// The server has no key pair.
    #[response(status = 500)]
    NotConfigured(Error),
    /// The store does not answer.
    #[response(status = 503, headers(("Retry-After" = u32, description = "Seconds")))]
    Unavailable(Error),
}
