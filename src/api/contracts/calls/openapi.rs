//! The contract for the description of the API: what the handler's own types do not say.

#![allow(dead_code, reason = "these shapes are described, never made")]

use serde::Serialize;
use utoipa::{IntoResponses, OpenApi, ToSchema};

use super::token;
use crate::api::contracts::openapi::Error;

/// The route.
#[derive(OpenApi)]
#[openapi(paths(token::token))]
pub struct Description;

/// What is asked for.
#[derive(Serialize, ToSchema)]
#[schema(as = CallsTokenRequest)]
#[serde(rename_all = "camelCase")]
pub struct TokenRequest {
    #[schema(min_length = 1, max_length = 256)]
    room_name: String,
    /// The caller's own id.
    #[schema(min_length = 1, max_length = 256)]
    participant_identity: String,
}

/// What goes wrong is told in JSON, but not to callers who are not believed.
#[derive(IntoResponses)]
pub enum Refusals {
    /// Fields are missing or wrong, or the request cannot be read.
    #[response(status = 400)]
    BadRequest(Error),
    /// There is no ID token.
    #[response(
        status = 401,
        content_type = "text/plain",
        example = json!("Unauthorized: No token provided.")
    )]
    Missing(String),
    /// No such room, and nobody's joining makes it.
    #[response(status = 404)]
    NotFound(Error),
    /// It took too long.
    #[response(status = 408)]
    TimedOut(Error),
    /// The caller is in the room already.
    #[response(status = 409)]
    Conflict(Error),
    /// The body is longer than 64 KiB.
    #[response(status = 413)]
    TooLarge(Error),
    /// Too often.
    #[response(status = 429, headers(("Retry-After" = u32, description = "Seconds")))]
    TooMany(Error),
    /// The server has no key pair.
    #[response(status = 500)]
    NotConfigured(Error),
    /// Firebase's keys or the store cannot be reached.
    #[response(status = 503, headers(("Retry-After" = u32, description = "Seconds")))]
    Unavailable(Error),
}
