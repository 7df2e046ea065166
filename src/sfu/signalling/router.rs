//! Every path on one screen.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tower_http::cors::CorsLayer;

use super::token::Keys;
use super::validate;

/// The routes of LiveKit that there are here.
pub fn router(keys: Keys) -> Router {
    Router::new()
        .route("/", get(async || "OK"))
        .route("/rtc/validate", get(validate::two_connections))
        .route("/rtc/v1/validate", get(async || StatusCode::NOT_FOUND))
        .fallback(async || (StatusCode::NOT_FOUND, "404 page not found\n"))
        // Browsers of any origin: the token is what lets somebody in.
        .layer(CorsLayer::permissive())
        .with_state(keys)
}
