//! Webhooks and events for the description of the API.

use utoipa::OpenApi;

use super::{stream, webhook};

/// The routes.
#[derive(OpenApi)]
#[openapi(paths(webhook::webhook, stream::events))]
pub struct Description;
