//! Every path on one screen.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use tower_http::cors::{AllowHeaders, CorsLayer};

use super::join::{self, Floor};
use super::room_service;

/// The routes of LiveKit that there are here.
pub fn router(floor: Floor) -> Router {
    Router::new()
        .route("/", get(async || "OK"))
        .route("/metrics", get(metrics))
        .route("/rtc", get(join::two_connections))
        .route("/rtc/validate", get(join::validate_two))
        .route("/rtc/v1", get(join::one_connection))
        .route("/rtc/v1/validate", get(join::validate_one))
        .route("/twirp/{service}/{method}", post(room_service::call))
        .fallback(async || (StatusCode::NOT_FOUND, "404 page not found\n"))
        // Browsers of any origin: the token is what lets somebody in. Its header is one that `*` does not mean.
        .layer(CorsLayer::permissive().allow_headers(AllowHeaders::mirror_request()))
        .with_state(floor)
}

async fn metrics(State(floor): State<Floor>) -> Response {
    floor.refusals.shown()
}
