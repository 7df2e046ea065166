//! Every route on one screen.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::routing::{delete, get, post, put};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::contracts::{
    calls, connection_details, kraken, livekit_token, meetings, method_not_allowed, not_found,
    token_source, urbania,
};
use super::{App, admin, health, metrics, openapi, sfu, web};

/// How long a browser may remember what cross-origin requests are allowed.
const CORS_MAX_AGE: Duration = Duration::from_hours(1);

/// All routes. Those that need a caller say so in their handler's signature.
pub fn router(app: Arc<App>) -> Router {
    let cors = cors(&app.config.cors_origins);
    let router = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::metrics))
        .route("/api/auth/login", post(urbania::login))
        .route("/api/auth/me", get(urbania::me))
        .route("/api/auth/links", post(urbania::make_link))
        .route("/api/auth/links/follow", post(urbania::follow_link))
        .route("/api/calls/livekit-token", post(calls::token))
        .route("/api/livekit/token", post(livekit_token::token))
        .merge(rooms())
        .route("/api/livekit/token-source", post(token_source::token))
        .route("/api/livekit/connection-info", get(kraken::connection_info))
        .route("/api/livekit/health", get(kraken::health))
        .route("/api/reading-clubs/meeting/token", post(meetings::token))
        .route(
            "/api/reading-clubs/meeting/{clubId}/start",
            post(meetings::start),
        )
        .route(
            "/api/reading-clubs/meeting/{clubId}/end",
            post(meetings::end),
        )
        .route(
            "/api/reading-clubs/meeting/{clubId}/status",
            get(meetings::status),
        )
        .merge(sandbox(app.config.dev))
        .route("/api/livekit/webhook", post(sfu::webhook))
        .route("/api/livekit/events", get(sfu::events))
        .route("/api/admin/rooms", get(admin::list).post(admin::create))
        .route(
            "/api/admin/rooms/{room_name}",
            get(admin::get)
                .delete(admin::delete)
                .patch(admin::set_metadata),
        )
        .route("/api/admin/rooms/{room_name}/data", post(admin::send))
        .route(
            "/api/admin/rooms/{room_name}/participants",
            get(admin::participants),
        )
        .route(
            "/api/admin/rooms/{room_name}/participants/{identity}",
            get(admin::participant)
                .delete(admin::remove)
                .patch(admin::update),
        )
        .route(
            "/api/admin/rooms/{room_name}/participants/{identity}/mute",
            post(admin::mute),
        )
        .merge(openapi::routes(app.config.dev))
        .merge(web::routes(app.config.web))
        .fallback(web::nobody)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(app);
    match cors {
        Some(cors) => router.layer(cors),
        None => router,
    }
}

/// Rooms that users make, and what goes on in them.
fn rooms() -> Router<Arc<App>> {
    Router::new()
        .route(
            "/api/livekit/rooms",
            post(urbania::create_room).get(urbania::list_rooms),
        )
        .route(
            "/api/livekit/rooms/{room_name}",
            get(urbania::get_room).delete(urbania::delete_room),
        )
        .route(
            "/api/livekit/rooms/{room_name}/join",
            post(urbania::join_room),
        )
        .route(
            "/api/livekit/rooms/{room_name}/leave",
            post(urbania::leave_room),
        )
        .route(
            "/api/livekit/rooms/{room_name}/waiting",
            get(urbania::waiting),
        )
        .route(
            "/api/livekit/rooms/{room_name}/waiting/{identity}",
            put(urbania::let_in).delete(urbania::turn_away),
        )
        .route(
            "/api/livekit/rooms/{room_name}/participants",
            get(urbania::in_the_call),
        )
        .route(
            "/api/livekit/rooms/{room_name}/participants/{identity}",
            delete(urbania::send_away),
        )
        .route(
            "/api/livekit/rooms/{room_name}/participants/{identity}/mute",
            post(urbania::mute),
        )
        .route(
            "/api/livekit/rooms/{room_name}/participants/{identity}/speaker",
            put(urbania::let_speak).delete(urbania::let_listen),
        )
        .route(
            "/api/livekit/rooms/{room_name}/participants/{identity}/hand",
            put(urbania::raise).delete(urbania::lower),
        )
}

/// What nobody must log in for: only there for development.
fn sandbox(dev: bool) -> Router<Arc<App>> {
    if !dev {
        return Router::new();
    }
    Router::new()
        .route(
            "/api/connection-details",
            get(connection_details::by_query).post(connection_details::by_body),
        )
        .route(
            "/api/v2/sandbox/connection-details",
            post(connection_details::sandbox),
        )
}

/// For the SFU alone, at an address where only it comes by.
pub fn webhooks_alone(app: Arc<App>) -> Router {
    Router::new()
        .route("/api/livekit/webhook", post(sfu::webhook))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(app)
}

fn cors(origins: &[String]) -> Option<CorsLayer> {
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        let origins: Vec<_> = origins
            .iter()
            .filter_map(|origin| HeaderValue::from_str(origin.trim_end_matches('/')).ok())
            .collect();
        if origins.is_empty() {
            return None;
        }
        AllowOrigin::list(origins)
    };
    let layer = CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("last-event-id"),
            HeaderName::from_static("x-sandbox-id"),
        ])
        .expose_headers([header::RETRY_AFTER])
        .max_age(CORS_MAX_AGE);
    Some(layer)
}
