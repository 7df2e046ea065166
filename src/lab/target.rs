//! The SFU that is tried, and the tokens that let participants in.

use std::time::Duration;

use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::cast::Member;
use super::scenario::Media;
use crate::context::Clock;
use crate::error::{Context as _, Error, Result};
use crate::http;
use crate::livekit::grants::Source;
use crate::livekit::inspect::inspect;
use crate::livekit::keys::KeyPair;
use crate::livekit::room_service::RoomService;
use crate::livekit::token::{JoinToken, Signer};

/// The SFU or a token endpoint answers within this time.
const PATIENCE: Duration = Duration::from_secs(5);

/// So much of a refusal is quoted.
const MOST_WORDS: usize = 200;

/// Where tokens come from.
#[derive(Debug)]
pub enum Tokens {
    /// Signed here, as `urbania token create` does.
    Signed {
        /// The SFU's address for browsers.
        url: String,
        /// A pair that it knows.
        pair: KeyPair,
    },
    /// Asked of a standard token endpoint.
    Endpoint {
        /// Its address.
        url: String,
        /// The SFU's address for browsers [default: what the endpoint says].
        sfu: Option<String>,
        /// What lets us ask: nothing, one for all, or one for each participant.
        bearers: Vec<SecretString>,
    },
}

/// What one participant joins with.
#[derive(Debug)]
pub struct Seat {
    /// The SFU's address for browsers.
    pub url: String,
    /// Lets it in.
    pub token: SecretString,
    /// Who it is in the room.
    pub identity: String,
    /// The room that the token is for.
    pub room: String,
}

/// A standard endpoint's answer.
#[derive(Deserialize)]
struct Answer {
    #[serde(alias = "serverUrl")]
    server_url: String,
    #[serde(alias = "participantToken")]
    participant_token: SecretString,
}

impl Tokens {
    /// A seat in `room` for a member, valid for so many seconds.
    pub async fn seat(&self, room: &str, member: &Member, ttl: u32, clock: &Clock) -> Result<Seat> {
        match self {
            Self::Signed { url, pair } => sign(url, pair, room, member, ttl, clock),
            Self::Endpoint { url, sfu, bearers } => {
                ask(url, sfu.as_deref(), bearers, room, member, clock).await
            }
        }
    }

    /// Ends the room for everybody, where we may.
    pub async fn delete(&self, room: &str, clock: &Clock) {
        if let Self::Signed { url, pair } = self {
            // An SFU that does not answer forgets an empty room by itself.
            let rooms = RoomService::new(&http_of(url), Some(pair), clock.clone());
            let _ = rooms.delete(room).await;
        }
    }
}

fn sign(
    url: &str,
    pair: &KeyPair,
    room: &str,
    member: &Member,
    ttl: u32,
    clock: &Clock,
) -> Result<Seat> {
    let sources: Vec<Source> = member
        .may_publish
        .iter()
        .map(|media| source(*media))
        .collect();
    let mut token = JoinToken::new(room, &member.identity, Duration::from_secs(ttl.into()));
    token.grant.can_publish = Some(!sources.is_empty());
    token.grant.can_publish_sources = &sources;
    token.grant.can_subscribe = Some(member.may_subscribe);
    let minted = Signer::new(pair).mint(&token, clock.unix())?;
    Ok(Seat {
        url: url.to_owned(),
        token: minted.token.into(),
        identity: member.identity.clone(),
        room: room.to_owned(),
    })
}

fn source(media: Media) -> Source {
    match media {
        Media::Camera => Source::Camera,
        Media::Microphone => Source::Microphone,
    }
}

async fn ask(
    url: &str,
    sfu: Option<&str>,
    bearers: &[SecretString],
    room: &str,
    member: &Member,
    clock: &Clock,
) -> Result<Seat> {
    let failed = || {
        format!(
            "the token endpoint at `{url}` gives no token for `{}`",
            member.identity
        )
    };
    let mut body = json!({"room_name": room, "participant_name": member.identity});
    let own = bearers.get(member.place());
    if bearers.len() < 2 {
        // Whoever comes with a session of their own has an identity already.
        body["participant_identity"] = member.identity.as_str().into();
    }
    let client = http::for_url(url, PATIENCE).or_fail(failed)?;
    let mut request = client.post(url).json(&body);
    if let Some(bearer) = own.or(bearers.first()) {
        request = request.bearer_auth(bearer.expose_secret());
    }
    let answer = request.send().await.or_fail(failed)?;
    let status = answer.status();
    if !status.is_success() {
        let words = words(&answer.text().await.unwrap_or_default());
        return Err(Error::failed(failed())
            .because(std::io::Error::other(format!(
                "it answers {status}: {words}"
            )))
            .hint("URBANIA_CALL_TOKEN is sent to it as a bearer token; several, with a space between, are one for each"));
    }
    let answer: Answer = answer.json().await.or_fail(failed)?;
    let token = answer.participant_token;
    let report = inspect(token.expose_secret(), None, clock.now()).or_fail(failed)?;
    let claim = |name: &str| report.claims.get(name);
    let identity = claim("sub").and_then(|sub| sub.as_str());
    let room = claim("video").and_then(|video| video["room"].as_str());
    Ok(Seat {
        url: sfu.map_or(answer.server_url, str::to_owned),
        identity: identity.unwrap_or(&member.identity).to_owned(),
        room: room.unwrap_or_default().to_owned(),
        token,
    })
}

/// Asks the SFU whether it would let the holder in; why not.
pub async fn knock(seat: &Seat) -> Result<(), String> {
    let base = http_of(&seat.url);
    let silent = format!("the SFU at {} does not answer", seat.url);
    let client = http::for_url(&base, PATIENCE).map_err(|e| e.to_string())?;
    let answer = client
        .get(format!("{base}/rtc/validate"))
        .bearer_auth(seat.token.expose_secret())
        .send()
        .await
        .map_err(|_| silent)?;
    if answer.status() != StatusCode::UNAUTHORIZED {
        // Whatever else it objects to, a browser hears as well.
        return Ok(());
    }
    let said = answer.text().await.unwrap_or_default();
    // LiveKit quotes the token, which is nobody else's business.
    let said = said.replace(seat.token.expose_secret(), "…");
    Err(format!("token refused: {}", words(&said)))
}

fn words(said: &str) -> String {
    let line = said.lines().next().unwrap_or_default().trim();
    line.chars()
        .filter(|c| !c.is_control())
        .take(MOST_WORDS)
        .collect()
}

/// The address of signalling, for browsers.
pub fn websocket_of(url: &str) -> String {
    match url.strip_prefix("http") {
        Some(rest) => format!("ws{rest}"),
        None => url.to_owned(),
    }
}

/// The address of the server API beside that of signalling.
pub fn http_of(url: &str) -> String {
    let url = url.trim_end_matches('/');
    match url.strip_prefix("ws") {
        Some(rest) => format!("http{rest}"),
        None => url.to_owned(),
    }
}
