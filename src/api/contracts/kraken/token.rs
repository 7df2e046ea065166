//! `POST /api/livekit/token` with a `roomId`.

use std::time::Duration;

use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use crate::api::App;
use crate::api::answer::Secret;
use crate::api::contracts::Contract;
use crate::api::fields::{Field, Problem, Problems, check_length};
use crate::api::iso::iso_of_unix;
use crate::api::mint::{JoinRequest, mint};
use crate::api::policy::{self, JOIN_CHANNEL};
use crate::api::refusal::Refusal;
use crate::auth;
use crate::store::Channel;

/// What is asked for.
#[derive(Debug)]
pub struct Request<'a> {
    /// Id of the channel.
    pub room_id: Field<'a>,
    /// The caller, if it is said at all.
    pub identity: Field<'a>,
    /// How the others see the caller.
    pub name: Field<'a>,
    /// Seconds.
    pub ttl: Field<'a>,
}

/// A token and what it is for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = KrakenToken)]
#[serde(rename_all = "camelCase")]
pub struct Answer<'a> {
    token: &'a str,
    identity: &'a str,
    room_id: &'a str,
    name: &'a str,
    #[schema(format = DateTime)]
    expires_at: String,
}

/// A token with which the caller joins a channel.
pub async fn token(
    app: &App,
    caller: &auth::Caller,
    request: Request<'_>,
) -> Result<Response, Refusal> {
    let mut problems = Problems::default();
    let room = problems.filled("roomId", request.room_id);
    let identity = problems.optional("identity", request.identity);
    let name = problems.optional("name", request.name);
    let ttl = ttl(&mut problems, &request.ttl, app.config.max_token_ttl);
    problems.check()?;
    let identity = identity.as_deref().unwrap_or(&caller.id);
    let name = name.as_deref().unwrap_or(&caller.username);
    check_length("roomId", &room)?;
    check_length("identity", identity)?;
    check_length("name", name)?;
    let join = JoinRequest {
        identity,
        name: Some(name).filter(|name| !name.is_empty()),
        ttl: Some(ttl.unwrap_or(app.config.kraken.token_ttl)),
        ..JoinRequest::new(Contract::Kraken, caller, &room)
    };
    policy::check(&join)?;
    check_channel(app, &room, &caller.id).await?;
    let minted = mint(app, join).await?;
    let answer = Answer {
        token: &minted.token,
        identity: &minted.identity,
        room_id: &room,
        name,
        expires_at: iso_of_unix(minted.expires_at),
    };
    Ok(Secret(&answer).into_response())
}

/// The lifetime that is asked for, within the server's own limit.
fn ttl(problems: &mut Problems, field: &Field<'_>, most: Duration) -> Option<Duration> {
    let problem = match field {
        Field::Missing | Field::Null => return None,
        Field::Integer(seconds) => match u64::try_from(*seconds) {
            Err(_) | Ok(0) => Problem::TooSmall(1),
            Ok(seconds) if seconds > most.as_secs() => {
                Problem::TooLarge(most.as_secs().try_into().unwrap_or(i64::MAX))
            }
            Ok(seconds) => return Some(Duration::from_secs(seconds)),
        },
        _ => Problem::NotInteger,
    };
    problems.add("ttl", problem);
    None
}

/// Whether there is such a channel, and a role of the user's in it that lets them in.
async fn check_channel(app: &App, id: &str, user: &str) -> Result<(), Refusal> {
    let store = app.config.store.as_ref();
    let allows = |channel: &Channel| channel.allows(user, JOIN_CHANNEL);
    let known = app
        .rooms
        .admitting(store, id, |known| {
            known.channel.as_ref().is_some_and(allows)
        })
        .await?;
    match &known.channel {
        None => Err(Refusal::NotFound(
            format!("Channel with ID {id} not found").into(),
        )),
        Some(channel) if allows(channel) => Ok(()),
        Some(_) => Err(Refusal::Forbidden(
            format!("Insufficient permissions. Required: {JOIN_CHANNEL}").into(),
        )),
    }
}
