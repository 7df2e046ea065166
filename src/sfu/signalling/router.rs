//! Every path on one screen.

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use tower_http::cors::CorsLayer;

use super::join::{self, Floor};
use super::room_service;

/// Requests to the room service are not longer: metadata of a room is half of it.
const LONGEST_BODY: usize = 1024 * 1024;

/// The routes of LiveKit that there are here.
pub fn router(floor: Floor) -> Router {
    Router::new()
        .route("/", get(async || "OK"))
        .route("/metrics", get(refused))
        .route("/rtc", get(join::two_connections))
        .route("/rtc/validate", get(join::validate_two))
        .route("/rtc/v1", get(join::one_connection))
        .route("/rtc/v1/validate", get(join::validate_one))
        .route("/twirp/{service}/{method}", post(room_service::call))
        .fallback(async || (StatusCode::NOT_FOUND, "404 page not found\n"))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        // Browsers of any origin: the token is what lets somebody in.
        .layer(CorsLayer::permissive())
        .with_state(floor)
}

async fn refused(State(floor): State<Floor>) -> Response {
    floor.refusals.shown()
}
