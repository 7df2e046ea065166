//! `POST /api/livekit/token`.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::{Caller, Rejection};
use crate::api::App;
use crate::api::fields::{self, Field, Problems, check_length};
use crate::api::mint::{JoinRequest, mint};
use crate::api::payload::{self, MediaType};

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow, default)]
    room_name: Field<'a>,
    #[serde(borrow, default)]
    user_id: Field<'a>,
    #[serde(borrow, default)]
    username: Field<'a>,
}

#[derive(Serialize)]
struct Answer<'a> {
    token: &'a str,
    url: &'a str,
    room_name: &'a str,
}

/// A token with which the caller joins a room.
pub async fn token(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Rejection> {
    let body = payload::read(body).await?;
    if MediaType::of(&headers) != MediaType::Json {
        return Err(super::unsupported().into());
    }
    let request: Request<'_> = fields::parse(&body)?;
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
        ..JoinRequest::new(&caller.0, &room)
    };
    let minted = mint(&app, join)?;
    let answer = Answer {
        token: &minted.token,
        url: &app.config.reach.url(&headers),
        room_name: &room,
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(&answer)).into_response())
}
