//! The contract for the description of the API.

use utoipa::OpenApi;

use super::details;

/// The routes.
#[derive(OpenApi)]
#[openapi(paths(details::by_query, details::by_body, details::sandbox))]
pub struct Description;
