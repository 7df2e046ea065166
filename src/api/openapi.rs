//! The description of the API, made from the code: `/openapi.json`, and a page for people.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi, openapi};

use super::App;
use super::contracts::{
    calls, connection_details, kraken, livekit_token, meetings, token_source, urbania,
};
use super::{admin, health, metrics, sfu};

/// What is nobody's contract, and what all have in common.
#[derive(OpenApi)]
#[openapi(
    info(title = "urbania", description = "One server, the token APIs of several apps."),
    paths(health::alive, health::ready, metrics::metrics),
    tags(
        (name = "Urbania", description = "Sessions, rooms and their tokens. Errors are FastAPI's: `detail`."),
        (name = "Kraken", description = "Voice channels with roles. Errors are NestJS's: `statusCode`, `message`, `error`."),
        (name = "we-chat", description = "Calls of people who sign in with Firebase."),
        (name = "Booky", description = "Meetings of reading clubs. Errors are `error`."),
        (name = "TokenSource", description = "LiveKit's standard token endpoint. Errors are `error`."),
        (name = "Sandbox", description = "Tokens without a login, with `api.dev: true` alone. Errors are `error`."),
        (name = "Rooms of the SFU", description = "For callers with the role `admin`. Errors are `detail`."),
        (name = "Operation", description = "Health, figures, what happens in rooms."),
    ),
    modifiers(&Callers)
)]
struct Common;

/// How callers prove who they are.
struct Callers;

impl Modify for Callers {
    fn modify(&self, api: &mut openapi::OpenApi) {
        let bearer = |about: &str| {
            let scheme = Http::builder().scheme(HttpAuthScheme::Bearer);
            let scheme = scheme.bearer_format("JWT").description(Some(about));
            SecurityScheme::Http(scheme.build())
        };
        let signature = ApiKeyValue::with_description(
            "Authorization",
            "LiveKit's signature: a token of the key pair with the body's hash",
        );
        let components = api.components.get_or_insert_default();
        components.add_security_scheme(
            "bearer",
            bearer("A session of `/api/auth/login`, or a token of another provider in `auth`"),
        );
        components.add_security_scheme("firebase", bearer("A Firebase ID token"));
        components
            .add_security_scheme("livekit", SecurityScheme::ApiKey(ApiKey::Header(signature)));
    }
}

/// The whole description. What only development serves is in it only there.
fn description(dev: bool) -> openapi::OpenApi {
    let mut api = Common::openapi();
    api.merge(urbania::openapi::Description::openapi());
    api.merge(livekit_token::openapi::Description::openapi());
    api.merge(kraken::openapi::Description::openapi());
    api.merge(calls::openapi::Description::openapi());
    api.merge(meetings::openapi::Description::openapi());
    api.merge(token_source::openapi::Description::openapi());
    if dev {
        api.merge(connection_details::openapi::Description::openapi());
    }
    api.merge(admin::openapi::Description::openapi());
    api.merge(sfu::openapi::Description::openapi());
    api
}

/// The description and its page. It is made when somebody first asks for it.
pub fn routes(dev: bool) -> Router<Arc<App>> {
    let json = Arc::new(LazyLock::new(move || {
        Bytes::from(description(dev).to_json().unwrap_or_default())
    }));
    Router::new()
        .route(
            "/openapi.json",
            get(async move || file("application/json", Bytes::clone(&json))),
        )
        .route(
            "/docs",
            get(async || file("text/html; charset=utf-8", HTML)),
        )
        .route(
            "/docs/api.css",
            get(async || file("text/css; charset=utf-8", CSS)),
        )
        .route(
            "/docs/api.js",
            get(async || file("text/javascript; charset=utf-8", JS)),
        )
}

const HTML: &str = include_str!("../../templates/api/index.html");
const CSS: &str = include_str!("../../templates/api/api.css");
const JS: &str = include_str!("../../templates/api/api.js");

/// Nothing but the page's own files is loaded by it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn file(kind: &'static str, body: impl IntoResponse) -> Response {
    let headers: [(HeaderName, HeaderValue); 4] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(POLICY),
        ),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, body).into_response()
}
