//! `POST /api/livekit/token-source`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::openapi::Request;
use super::wishes::{Limits, Wishes, fresh_room};
use super::{Joiner, Rejection};
use crate::api::App;
use crate::api::answer::Secret;
use crate::api::contracts::Contract;
use crate::api::contracts::openapi::{CallerRefusals, Error, Refusals, TokenRefusals};
use crate::api::mint::{JoinRequest, mint};
use crate::api::payload;

/// LiveKit's `TokenSourceResponse`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = TokenSourceAnswer)]
pub struct Answer<'a> {
    /// Where the SFU is.
    pub server_url: &'a str,
    /// The token.
    pub participant_token: &'a str,
    /// The room that it is for.
    pub room_name: &'a str,
    /// How the others see the holder.
    pub participant_name: &'a str,
}

/// A token for the caller, as wished.
#[utoipa::path(
    post,
    path = "/api/livekit/token-source",
    operation_id = "tokenSource",
    tag = "TokenSource",
    security(("bearer" = [])),
    request_body = Request,
    responses(
        (status = 201, description = "A token", body = Answer<'static>),
        (status = 404, description = "With `room.auto_create: false`: no room was named, or there is no such room", body = Error),
        (status = 409, description = "The caller is in the room already", body = Error),
        CallerRefusals,
        Refusals,
        TokenRefusals
    )
)]
pub async fn token(
    State(app): State<Arc<App>>,
    joiner: Joiner,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Rejection> {
    let caller = &joiner.0;
    let body = payload::read(body).await?;
    payload::must_be_json(&headers)?;
    let wishes = Wishes::of_body(&body, &Limits::of(&app))?;
    let unguessable = wishes.room.is_none();
    let room = wishes.room.clone().unwrap_or_else(|| fresh_room().into());
    let name = wishes.name.as_deref().unwrap_or(&caller.username);
    let join = JoinRequest {
        identity: wishes.identity.as_deref().unwrap_or(&caller.id),
        name: Some(name).filter(|name| !name.is_empty()),
        metadata: wishes.metadata.as_deref(),
        attributes: wishes.borrowed_attributes(),
        room_config: wishes.room_config.as_ref(),
        room_config_is_wished: wishes.room_config.is_some(),
        unguessable,
        ..JoinRequest::new(Contract::TokenSource, caller, &room)
    };
    let minted = mint(&app, join).await?;
    let url = app.config.reach.url(&headers);
    let answer = Answer {
        server_url: &url,
        participant_token: &minted.token,
        room_name: &room,
        participant_name: name,
    };
    Ok((StatusCode::CREATED, Secret(&answer)).into_response())
}
