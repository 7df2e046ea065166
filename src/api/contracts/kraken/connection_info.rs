//! `GET /api/livekit/connection-info`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::openapi::Refusals;
use super::{Caller, KrakenConfig};
use crate::api::App;

#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = KrakenConnectionInfo)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    server_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    configured: bool,
    features: Features,
}

#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = KrakenFeatures)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the contract's own shape")]
struct Features {
    audio: bool,
    video: bool,
    screen_share: bool,
    recording: bool,
}

/// Where the SFU is, and what it can do.
#[utoipa::path(
    get,
    path = "/api/livekit/connection-info",
    operation_id = "connectionInfo",
    tag = "Kraken",
    security(("bearer" = [])),
    responses((status = 200, description = "The SFU", body = Answer<'static>), Refusals)
)]
pub async fn connection_info(
    State(app): State<Arc<App>>,
    _: Caller,
    headers: HeaderMap,
) -> Response {
    let KrakenConfig {
        region, recording, ..
    } = &app.config.kraken;
    let answer = Answer {
        server_url: &app.config.reach.url(&headers),
        region: region.as_deref(),
        configured: app.has_well_formed_pair(),
        features: Features {
            audio: true,
            video: true,
            screen_share: true,
            recording: *recording,
        },
    };
    Json(&answer).into_response()
}
