//! The contract for the description of the API: what the handlers' own types do not say.

#![allow(dead_code, reason = "these shapes are described, never made")]

use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::{end, start, status, token};

/// The routes.
#[derive(OpenApi)]
#[openapi(paths(token::token, start::start, end::end, status::status))]
pub struct Description;

/// What is asked for.
#[derive(Serialize, ToSchema)]
#[schema(as = BookyTokenRequest)]
#[serde(rename_all = "camelCase")]
pub struct TokenRequest {
    #[schema(min_length = 1, max_length = 243)]
    reading_club_id: String,
    /// How the others see the caller.
    #[schema(min_length = 1, max_length = 256, example = "Ada")]
    participant_name: String,
}
