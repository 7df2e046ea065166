//! `POST /api/calls/livekit-token`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::Joiner;
use super::envelope::refuse_in;
use super::language::Language;
use super::openapi::{Refusals, TokenRequest};
use crate::api::App;
use crate::api::answer::Secret;
use crate::api::contracts::Contract;
use crate::api::contracts::openapi::Error;
use crate::api::fields::{self, Field, Problems, check_length};
use crate::api::mint::{JoinRequest, mint};
use crate::api::payload;
use crate::api::refusal::Refusal;
use crate::auth;
use crate::livekit::grants::VideoGrant;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(borrow, default)]
    room_name: Field<'a>,
    #[serde(borrow, default)]
    participant_identity: Field<'a>,
}

#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = CallsToken)]
struct Answer {
    token: String,
}

/// A token with which the caller joins a room.
#[utoipa::path(
    post,
    path = "/api/calls/livekit-token",
    operation_id = "callsToken",
    tag = "we-chat",
    security(("firebase" = [])),
    params(("Accept-Language" = Option<String>, Header, description = "`sw` for Swahili")),
    request_body = TokenRequest,
    responses(
        (status = 200, description = "A token", body = Answer),
        (
            status = 403,
            description = "The ID token is not valid (text), or the identity is somebody else's",
            content((String = "text/plain"), (Error = "application/json"))
        ),
        Refusals
    )
)]
pub async fn token(
    State(app): State<Arc<App>>,
    joiner: Joiner,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let language = Language::of(&headers);
    match answer(&app, &joiner.0, language, &headers, body).await {
        Ok(answer) => Secret(answer).into_response(),
        Err(refusal) => refuse_in(language, &refusal),
    }
}

async fn answer(
    app: &App,
    caller: &auth::Caller,
    language: Language,
    headers: &HeaderMap,
    body: Body,
) -> Result<Answer, Refusal> {
    let body = payload::read(body).await?;
    payload::must_be_json(headers)?;
    let request: Request<'_> = fields::parse(&body)?;
    let mut problems = Problems::default();
    let room = problems.filled("roomName", request.room_name);
    let identity = problems.filled("participantIdentity", request.participant_identity);
    problems.check()?;
    check_length("roomName", &room)?;
    check_length("participantIdentity", &identity)?;
    if *identity != caller.id {
        return Err(Refusal::Forbidden(language.only_for_yourself().into()));
    }
    let join = JoinRequest {
        // Without a name in the ID token, the id stands in for it.
        name: Some(&*caller.username).filter(|name| *name != caller.id),
        grant: VideoGrant {
            can_publish_data: None,
            ..VideoGrant::join(&room)
        },
        ..JoinRequest::new(Contract::Calls, caller, &room)
    };
    let minted = mint(app, join).await?;
    Ok(Answer {
        token: minted.token,
    })
}
