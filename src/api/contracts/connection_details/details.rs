//! `GET` and `POST /api/connection-details`, `POST /api/v2/sandbox/connection-details`.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::Rejection;
use super::guest::Guest;
use crate::api::App;
use crate::api::answer::Secret;
use crate::api::contracts::Contract;
use crate::api::contracts::openapi::{Error, Refusals, TokenRefusals};
use crate::api::contracts::token_source::openapi::Request;
use crate::api::contracts::token_source::{self, Limits, Wishes, fresh_room};
use crate::api::mint::{JoinRequest, mint};
use crate::api::payload;
use crate::api::refusal::Refusal;
use crate::auth::{Caller, Provider};

/// What somebody without a name is called.
const GUEST: &str = "guest";

#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ConnectionDetails)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    server_url: &'a str,
    room_name: &'a str,
    participant_name: &'a str,
    participant_token: &'a str,
}

/// A token and what it is for.
struct Details {
    url: String,
    room: String,
    name: String,
    token: String,
}

/// As the first sample apps ask.
#[utoipa::path(
    get,
    path = "/api/connection-details",
    operation_id = "connectionDetails",
    tag = "Sandbox",
    params(
        ("roomName" = Option<String>, Query, max_length = 256),
        ("participantName" = Option<String>, Query, max_length = 256),
        ("participantIdentity" = Option<String>, Query, max_length = 256),
        ("participantMetadata" = Option<String>, Query)
    ),
    responses(
        (status = 200, description = "A token", body = Answer<'static>),
        (status = 404, description = "With `room.auto_create: false`: no room was named, or there is no such room", body = Error),
        (status = 403, description = "A field that this server does not let clients set, or a `Host` that is not this machine", body = Error),
        Refusals,
        TokenRefusals
    )
)]
pub async fn by_query(
    State(app): State<Arc<App>>,
    _: Guest,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Rejection> {
    let wishes = Wishes::of_query(query.as_deref().unwrap_or_default(), &limits(&app))?;
    Ok(old_shape(&details(&app, &headers, wishes).await?))
}

/// As later sample apps ask.
#[utoipa::path(
    post,
    path = "/api/connection-details",
    operation_id = "connectionDetailsByBody",
    tag = "Sandbox",
    request_body = Option<Request>,
    responses(
        (status = 200, description = "A token", body = Answer<'static>),
        (status = 404, description = "With `room.auto_create: false`: no room was named, or there is no such room", body = Error),
        (status = 403, description = "A field that this server does not let clients set, or a `Host` that is not this machine", body = Error),
        Refusals,
        TokenRefusals
    )
)]
pub async fn by_body(
    State(app): State<Arc<App>>,
    _: Guest,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Rejection> {
    Ok(old_shape(
        &details_of(&app, &headers, &read(body).await?).await?,
    ))
}

/// As client SDKs ask a sandbox.
#[utoipa::path(
    post,
    path = "/api/v2/sandbox/connection-details",
    operation_id = "sandboxConnectionDetails",
    tag = "Sandbox",
    params(("X-Sandbox-ID" = String, Header, description = "Anything")),
    request_body = Option<Request>,
    responses(
        (status = 201, description = "A token", body = token_source::Answer<'static>),
        (status = 404, description = "With `room.auto_create: false`: no room was named, or there is no such room", body = Error),
        (status = 403, description = "A field that this server does not let clients set, or a `Host` that is not this machine", body = Error),
        Refusals,
        TokenRefusals
    )
)]
pub async fn sandbox(
    State(app): State<Arc<App>>,
    _: Guest,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Rejection> {
    if !headers.contains_key("x-sandbox-id") {
        return Err(Refusal::BadRequest("the header X-Sandbox-ID is missing".into()).into());
    }
    let details = details_of(&app, &headers, &read(body).await?).await?;
    let answer = token_source::Answer {
        server_url: &details.url,
        participant_token: &details.token,
        room_name: &details.room,
        participant_name: &details.name,
    };
    Ok((StatusCode::CREATED, Secret(answer)).into_response())
}

/// A sandbox sends agents into rooms; that is what most of its apps are about.
fn limits(app: &App) -> Limits {
    let mut limits = Limits::of(app);
    limits.allowed.agents = true;
    limits
}

/// The body, which need not be there. What it says that it is does not matter: sample apps say all
/// sorts of things.
async fn read(body: Body) -> Result<Bytes, Refusal> {
    let body = payload::read(body).await?;
    if body.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    Ok(body)
}

async fn details_of(app: &App, headers: &HeaderMap, body: &[u8]) -> Result<Details, Refusal> {
    details(app, headers, Wishes::of_body(body, &limits(app))?).await
}

async fn details(app: &App, headers: &HeaderMap, wishes: Wishes<'_>) -> Result<Details, Refusal> {
    let room = wishes.room.as_deref();
    let name = wishes.name.as_deref().unwrap_or(GUEST);
    let own = wishes.identity.as_deref().unwrap_or(name);
    let caller = Caller {
        id: nobody_elses(own),
        username: name.to_owned(),
        roles: Vec::new(),
        provider: Provider::Nobody,
        expires_at: None,
        password_mark: None,
    };
    let unguessable = room.is_none();
    let room = room.map_or_else(fresh_room, str::to_owned);
    let join = JoinRequest {
        name: Some(name),
        metadata: wishes.metadata.as_deref(),
        attributes: wishes.borrowed_attributes(),
        room_config: wishes.room_config.as_ref(),
        room_config_is_wished: wishes.room_config.is_some(),
        unguessable,
        ..JoinRequest::new(Contract::ConnectionDetails, &caller, &room)
    };
    let minted = mint(app, join).await?;
    Ok(Details {
        url: app.config.reach.url(headers).into_owned(),
        name: name.to_owned(),
        token: minted.token,
        room,
    })
}

/// An identity that nobody else has: what was wished for, cut where the end would not fit.
fn nobody_elses(wished: &str) -> String {
    let random = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 6]>());
    let end = wished.floor_char_boundary(200);
    format!("{}__{random}", &wished[..end])
}

fn old_shape(details: &Details) -> Response {
    let answer = Answer {
        server_url: &details.url,
        room_name: &details.room,
        participant_name: &details.name,
        participant_token: &details.token,
    };
    Secret(answer).into_response()
}
