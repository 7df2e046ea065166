//! `GET /api/livekit/health`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::api::App;

/// One of two answers.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = KrakenHealth)]
pub struct Answer {
    status: &'static str,
    configured: bool,
}

/// Public: whether calls can begin now.
#[utoipa::path(
    get,
    path = "/api/livekit/health",
    operation_id = "krakenHealth",
    tag = "Kraken",
    responses((status = 200, description = "`healthy` or `unhealthy`", body = Answer))
)]
pub async fn health(State(app): State<Arc<App>>) -> Json<Answer> {
    let healthy = app.has_well_formed_pair() && app.sfu_believes_us().await;
    Json(Answer {
        status: if healthy { "healthy" } else { "unhealthy" },
        configured: healthy,
    })
}
