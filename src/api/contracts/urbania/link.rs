//! `POST /api/auth/links` and `POST /api/auth/links/follow`: a session for another browser of the same person.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};

use super::login;
use super::openapi::{BodyRefusals, Error, FollowLink, LimitRefusals, Refusals};
use super::{Joiner, Rejection};
use crate::api::App;
use crate::api::address::Address;
use crate::api::answer::Secret;
use crate::api::fields::{self, Field, Problems};
use crate::api::links::{Handed, TTL};
use crate::api::payload;
use crate::api::refusal::Refusal;
use crate::auth;

/// A code that is good once.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = UrbaniaLink)]
struct Made<'a> {
    #[schema(min_length = 22, max_length = 22)]
    code: &'a str,
    /// Seconds.
    #[schema(example = 300)]
    expires_in: u64,
}

/// A one-time link to the caller's own session, for another browser.
#[utoipa::path(
    post,
    path = "/api/auth/links",
    operation_id = "makeLink",
    tag = "Urbania",
    security(("bearer" = [])),
    responses(
        (status = 201, description = "The code", body = Made<'static>),
        Refusals,
        LimitRefusals
    )
)]
pub async fn make(
    State(app): State<Arc<App>>,
    joiner: Joiner,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Rejection> {
    let authorization = headers.get(header::AUTHORIZATION);
    let presented = authorization.and_then(|value| auth::presented(value.to_str().ok()?));
    let (session, expires_at) = presented.ok_or(auth::Denied::Claims)?;
    let code = app
        .links
        .make(&joiner.0.id, Handed::of(session, expires_at))
        .ok_or_else(|| Refusal::Unavailable("too many links wait to be followed".into()))?;
    let made = Made {
        code: code.expose_secret(),
        expires_in: TTL.as_secs(),
    };
    Ok((StatusCode::CREATED, Secret(&made)).into_response())
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow, default)]
    code: Field<'a>,
}

/// Public: the code of a one-time link for the session that it leads to. The code is spent.
#[utoipa::path(
    post,
    path = "/api/auth/links/follow",
    operation_id = "followLink",
    tag = "Urbania",
    request_body = FollowLink,
    responses(
        (status = 200, description = "A session", body = login::Answer),
        (status = 404, description = "Used, expired, or never there", body = Error),
        (status = 408, description = "It took too long", body = Error),
        BodyRefusals,
        LimitRefusals
    )
)]
pub async fn follow(
    State(app): State<Arc<App>>,
    Address(address): Address,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Rejection> {
    // As a login: every attempt counts.
    let limits = &app.limits;
    limits.logins.take(&address).map_err(Refusal::TooMany)?;
    payload::must_be_json(&headers)?;
    let body = payload::read(body).await?;
    let request: Request<'_> = fields::parse(&body)?;
    let mut problems = Problems::default();
    let code = problems.filled("code", request.code);
    problems.check()?;
    let handed = app.links.follow(&code);
    let handed = handed.ok_or_else(|| Refusal::NotFound("Link was used or has expired".into()))?;
    let now = app.config.clock.unix();
    let answer = login::Answer::new(handed.reveal(), handed.expires_at.saturating_sub(now));
    Ok(Secret(&answer).into_response())
}
