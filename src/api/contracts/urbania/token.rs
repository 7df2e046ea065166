//! `POST /api/livekit/token`, when the body has `room_name`.

use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::api::App;
use crate::api::answer::Secret;
use crate::api::contracts::Contract;
use crate::api::fields::{Field, Problems, check_length};
use crate::api::mint::{JoinRequest, mint};
use crate::api::refusal::Refusal;
use crate::auth;

/// The fields of the body.
#[derive(Debug)]
pub struct TokenRequest<'a> {
    /// The room.
    pub room_name: Field<'a>,
    /// For whom the token is.
    pub user_id: Field<'a>,
    /// How the others see the holder.
    pub username: Field<'a>,
}

/// A token and where it is good.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = UrbaniaToken)]
pub struct Answer<'a> {
    token: &'a str,
    url: &'a str,
    room_name: &'a str,
}

/// A token with which the caller joins a room, whether or not somebody made it.
pub async fn token(
    app: &App,
    caller: &auth::Caller,
    headers: &HeaderMap,
    request: TokenRequest<'_>,
) -> Result<Response, Refusal> {
    let mut problems = Problems::default();
    let room = problems.filled("room_name", request.room_name);
    let identity = problems.filled("user_id", request.user_id);
    let name = problems.text("username", request.username);
    problems.check()?;
    check_length("room_name", &room)?;
    check_length("user_id", &identity)?;
    check_length("username", &name)?;

    let join = JoinRequest {
        identity: &identity,
        name: Some(&*name).filter(|name| !name.is_empty()),
        ..JoinRequest::new(Contract::Urbania, caller, &room)
    };
    let minted = mint(app, join).await?;
    let answer = Answer {
        token: &minted.token,
        url: &app.config.reach.url(headers),
        room_name: &room,
    };
    Ok(Secret(&answer).into_response())
}
