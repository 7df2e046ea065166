//! What several contracts have in common, for the description of the API.

#![allow(dead_code, reason = "these shapes are described, never made")]

use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

/// What went wrong, in words.
#[derive(Serialize, ToSchema)]
pub struct Error {
    #[schema(example = "room_name is longer than 256 bytes")]
    error: String,
}

/// What every route may answer.
#[derive(IntoResponses)]
pub enum Refusals {
    /// The request cannot be read, fields are missing or wrong, or a name is too long.
    #[response(status = 400)]
    BadRequest(Error),
    /// It took too long.
    #[response(status = 408)]
    TimedOut(Error),
    /// The store or the SFU does not answer.
    #[response(status = 503, headers(("Retry-After" = u32, description = "Seconds")))]
    Unavailable(Error),
}

/// What every route that needs a caller may answer besides.
#[derive(IntoResponses)]
pub enum CallerRefusals {
    /// No session, or one that is not believed.
    #[response(status = 401)]
    Denied(Error),
}

/// What every route that gives out tokens may answer besides.
#[derive(IntoResponses)]
pub enum TokenRefusals {
    /// Not for this caller.
    #[response(status = 403)]
    Forbidden(Error),
    /// The body is longer than 64 KiB.
    #[response(status = 413)]
    TooLarge(Error),
    /// Too often.
    #[response(status = 429, headers(("Retry-After" = u32, description = "Seconds")))]
    TooMany(Error),
    /// The server has no key pair.
    #[response(status = 500)]
    NotConfigured(Error),
}
