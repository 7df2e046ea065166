//! `POST /api/livekit/token`, one path for two contracts: the body decides.
//!
//! `room_name` asks in Urbania's words, `roomId` in Kraken's; with neither or both it is nobody's and
//! answered with 400. So the body is read, within bounds, before anything else: a caller who cannot
//! prove who they are is told so in the words in which they asked, and in Urbania's when that cannot be
//! told.

pub(in crate::api) mod openapi;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use super::{kraken, urbania};
use crate::api::App;
use crate::api::contracts::Contract;
use crate::api::envelope::joiner;
use crate::api::fields::{self, Field};
use crate::api::payload;
use crate::api::refusal::Refusal;
use crate::auth::Accepts;

/// The fields of both contracts, so that the body is parsed once.
#[derive(Default, Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default)]
    room_name: Field<'a>,
    #[serde(borrow, default)]
    user_id: Field<'a>,
    #[serde(borrow, default)]
    username: Field<'a>,
    #[serde(borrow, default, rename = "roomId")]
    room_id: Field<'a>,
    #[serde(borrow, default)]
    identity: Field<'a>,
    #[serde(borrow, default)]
    name: Field<'a>,
    #[serde(borrow, default)]
    ttl: Field<'a>,
}

/// What is asked, in whose words.
enum Asked<'a> {
    Urbania(urbania::TokenRequest<'a>),
    Kraken(kraken::Request<'a>),
}

impl Asked<'_> {
    fn contract(&self) -> Contract {
        match self {
            Self::Urbania(_) => Contract::Urbania,
            Self::Kraken(_) => Contract::Kraken,
        }
    }
}

/// A token with which the caller joins a room.
#[utoipa::path(
    post,
    path = "/api/livekit/token",
    operation_id = "token",
    tags = ["Urbania", "Kraken"],
    security(("bearer" = [])),
    request_body = openapi::Request,
    responses(openapi::Answers)
)]
pub async fn token(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = match payload::read(body).await {
        Ok(body) => body,
        Err(refusal) => return Contract::Urbania.refuse(&refusal),
    };
    let asked = asked(&parts.headers, &body);
    let contract = asked.as_ref().map_or(Contract::Urbania, Asked::contract);
    let answer = async {
        let caller = joiner(&parts, &app, Accepts::All).await?;
        match asked? {
            Asked::Urbania(request) => urbania::token(&app, &caller, &parts.headers, request).await,
            Asked::Kraken(request) => kraken::token(&app, &caller, request).await,
        }
    };
    answer
        .await
        .unwrap_or_else(|refusal| contract.refuse(&refusal))
}

fn asked<'a>(headers: &HeaderMap, body: &'a [u8]) -> Result<Asked<'a>, Refusal> {
    payload::must_be_json(headers)?;
    let fields: Fields<'_> = match fields::parse(body) {
        // No object has no fields.
        Err(Refusal::Invalid(_)) => Fields::default(),
        parsed => parsed?,
    };
    let given = |field: &Field<'_>| !matches!(field, Field::Missing | Field::Null);
    match (given(&fields.room_name), given(&fields.room_id)) {
        (true, false) => Ok(Asked::Urbania(urbania::TokenRequest {
            room_name: fields.room_name,
            user_id: fields.user_id,
            username: fields.username,
        })),
        (false, true) => Ok(Asked::Kraken(kraken::Request {
            room_id: fields.room_id,
            identity: fields.identity,
            name: fields.name,
            ttl: fields.ttl,
        })),
        (true, true) => nobodys("room_name and roomId are for two different apps"),
        (false, false) => nobodys("room_name is required"),
    }
}

fn nobodys<T>(why: &str) -> Result<T, Refusal> {
    Err(Refusal::BadRequest(why.into()))
}
