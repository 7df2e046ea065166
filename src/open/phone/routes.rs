//! All that the door leads to, on one screen: what a phone in a call needs, and nothing else.

use std::sync::Arc;

use axum::extract::{Extension, Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use serde_json::json;

use super::door::Guest;
use super::forward::Server;
use crate::error::{Context as _, Result};

/// The servers behind the door.
#[derive(Debug)]
pub struct Inside {
    api: Server,
    sfu: Option<Server>,
}

impl Inside {
    /// The API, and the SFU where it is reached through the door, which is at `wss://…` then.
    pub fn new(api: &str, sfu: Option<&str>, door: &str) -> Result<Self> {
        let value =
            |text: &str| HeaderValue::from_str(text).or_fail(|| format!("`{text}` is no address"));
        let server = |address: &str, way| {
            Ok::<_, crate::error::Error>(Server {
                address: value(address)?,
                way,
            })
        };
        let way = sfu.map(|_| value(door)).transpose()?;
        Ok(Self {
            api: server(api, way)?,
            sfu: sfu.map(|sfu| server(sfu, None)).transpose()?,
        })
    }
}

/// Everything else is 404: other apps' contracts, the admin's routes, webhooks, metrics, tokens without a login.
pub fn routes(inside: Inside) -> Router {
    let mut router = Router::new()
        .route("/", get(to_api))
        .route("/login", get(to_api))
        .route("/meeting/pre-join", get(to_api))
        .route("/meeting/invite", get(to_api))
        .route("/meeting/room", get(to_api))
        .route("/assets/{*file}", get(to_api))
        .route("/api/auth/login", post(to_api))
        .route("/api/auth/me", get(to_api))
        .route("/api/auth/links/follow", post(to_api))
        .route("/api/livekit/token", post(to_api))
        .route("/api/livekit/rooms", any(to_api))
        .route("/api/livekit/rooms/{*room}", any(to_api));
    if inside.sfu.is_some() {
        router = router
            .route("/rtc", get(to_sfu))
            .route("/rtc/{*rest}", get(to_sfu));
    }
    router.fallback(not_found).with_state(Arc::new(inside))
}

async fn to_api(
    State(inside): State<Arc<Inside>>,
    Extension(guest): Extension<Guest>,
    request: Request,
) -> Response {
    answer(&inside.api, guest, request).await
}

async fn to_sfu(
    State(inside): State<Arc<Inside>>,
    Extension(guest): Extension<Guest>,
    request: Request,
) -> Response {
    match &inside.sfu {
        Some(sfu) => answer(sfu, guest, request).await,
        None => not_found().await,
    }
}

async fn answer(server: &Server, guest: Guest, request: Request) -> Response {
    if leaves_its_place(request.uri().path()) {
        return not_found().await;
    }
    match server.ask(guest, request).await {
        Some(answer) => answer,
        None => said(
            StatusCode::BAD_GATEWAY,
            "The server behind this door does not answer",
        ),
    }
}

/// Whether a server could take the path for one above it.
fn leaves_its_place(path: &str) -> bool {
    let path = path.to_ascii_lowercase().replace("%2e", ".");
    path.split(['/', '\\'])
        .any(|part| part == "." || part == "..")
}

async fn not_found() -> Response {
    said(StatusCode::NOT_FOUND, "Not Found")
}

/// In the API's own shape.
fn said(status: StatusCode, detail: &str) -> Response {
    (status, Json(json!({ "detail": detail }))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_above_its_place() {
        for (path, leaves) in [
            ("/rtc/v1/validate", false),
            ("/api/livekit/rooms/..hidden/join", false),
            ("/rtc/../twirp/livekit.RoomService/ListRooms", true),
            ("/rtc/%2E%2e/twirp", true),
            ("/api/livekit/rooms/./x", true),
            ("/rtc/..\\twirp", true),
        ] {
            assert_eq!(leaves_its_place(path), leaves, "{path}");
        }
    }
}
