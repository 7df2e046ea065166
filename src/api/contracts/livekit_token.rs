//! `POST /api/livekit/token`, one path for two contracts: the body decides.
//!
//! `room_name` asks in Urbania's words, `roomId` in Kraken's; with neither or both it is nobody's and
//! answered with 400. So the body is read, within bounds, before anything else: a caller who cannot
//! prove who they are is told so in the words in which they asked. Of a body that cannot be understood
//! or is too long, the names in its text tell; where they do not, and where there is no body, the words
//! are Urbania's.

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
    let (body, whole) = payload::begin(body).await;
    let asked = match whole {
        Ok(()) => asked(&parts.headers, &body),
        Err(refusal) => return refused(looks_like(&body), &refusal),
    };
    let contract = match &asked {
        Ok(asked) => asked.contract(),
        Err((contract, _)) => *contract,
    };
    let answer = async {
        let caller = joiner(&parts, &app, Accepts::All).await?;
        match asked.map_err(|(_, refusal)| refusal)? {
            Asked::Urbania(request) => urbania::token(&app, &caller, &parts.headers, request).await,
            Asked::Kraken(request) => kraken::token(&app, &caller, request).await,
        }
    };
    match answer.await {
        Ok(answer) => counted_as(contract, answer),
        Err(refusal) => refused(contract, &refusal),
    }
}

fn refused(contract: Contract, refusal: &Refusal) -> Response {
    counted_as(contract, contract.refuse(refusal))
}

/// The path alone says that the request was Urbania's.
fn counted_as(contract: Contract, mut answer: Response) -> Response {
    if contract != Contract::Urbania {
        answer.extensions_mut().insert(contract);
    }
    answer
}

/// What is asked, or in whose words that is refused.
fn asked<'a>(headers: &HeaderMap, body: &'a [u8]) -> Result<Asked<'a>, (Contract, Refusal)> {
    let fields = understood(headers, body).map_err(|refusal| (looks_like(body), refusal))?;
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

fn nobodys<T>(why: &str) -> Result<T, (Contract, Refusal)> {
    Err((Contract::Urbania, Refusal::BadRequest(why.into())))
}

fn understood<'a>(headers: &HeaderMap, body: &'a [u8]) -> Result<Fields<'a>, Refusal> {
    payload::must_be_json(headers)?;
    match fields::parse(body) {
        // No object has no fields.
        Err(Refusal::Invalid(_)) => Ok(Fields::default()),
        parsed => parsed,
    }
}

/// Whose words stand in a text that is no request.
fn looks_like(text: &[u8]) -> Contract {
    let names = |name: &[u8]| text.windows(name.len()).any(|part| part == name);
    if names(br#""roomId""#) && !names(br#""room_name""#) {
        Contract::Kraken
    } else {
        Contract::Urbania
    }
}
