//! The least that a token server in Rust does.

mod hmac;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use axum::{Json, Router};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

/// How JSON Web Tokens are read and signed.
pub enum Crypto {
    /// By `jsonwebtoken`, its keys made once.
    Library(Box<(DecodingKey, Validation, EncodingKey)>),
    /// By hand, the states of HMAC made once.
    Prepared {
        callers: hmac::Key,
        signing: hmac::Key,
    },
}

struct Keys {
    crypto: Crypto,
    api_key: String,
    url: String,
}

#[derive(Deserialize)]
struct Caller {
    sub: String,
    exp: u64,
}

#[derive(Deserialize)]
struct Asked {
    room_name: String,
    user_id: String,
    username: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    nbf: u64,
    exp: u64,
    name: &'a str,
    video: Grant<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Grant<'a> {
    room: &'a str,
    room_join: bool,
    can_publish: bool,
    can_subscribe: bool,
    can_publish_data: bool,
}

#[derive(Serialize)]
struct Answer {
    token: String,
    url: String,
    room_name: String,
}

impl Crypto {
    /// Of the secrets in the environment.
    pub fn library() -> Self {
        Self::Library(Box::new((
            DecodingKey::from_secret(variable("JWT_SECRET").as_bytes()),
            Validation::new(Algorithm::HS256),
            EncodingKey::from_secret(variable("LIVEKIT_API_SECRET").as_bytes()),
        )))
    }

    /// Of the secrets in the environment.
    pub fn prepared() -> Self {
        Self::Prepared {
            callers: hmac::Key::new(&variable("JWT_SECRET")),
            signing: hmac::Key::new(&variable("LIVEKIT_API_SECRET")),
        }
    }

    fn caller(&self, token: &str, now: u64) -> Option<Caller> {
        match self {
            Self::Library(keys) => Some(decode(token, &keys.0, &keys.1).ok()?.claims),
            Self::Prepared { callers, .. } => {
                callers.verified(token).filter(|c: &Caller| c.exp > now)
            }
        }
    }

    fn sign(&self, claims: &Claims<'_>) -> String {
        match self {
            Self::Library(keys) => encode(&Header::default(), claims, &keys.2).unwrap(),
            Self::Prepared { signing, .. } => signing.signed(claims),
        }
    }
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

/// The one route.
pub fn router(crypto: Crypto) -> Router {
    let keys = Keys {
        crypto,
        api_key: variable("LIVEKIT_API_KEY"),
        url: variable("LIVEKIT_URL"),
    };
    Router::new()
        .route("/api/livekit/token", post(token))
        .with_state(Arc::new(keys))
}

async fn token(
    State(keys): State<Arc<Keys>>,
    headers: HeaderMap,
    Json(asked): Json<Asked>,
) -> Result<Json<Answer>, StatusCode> {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
        .ok_or(StatusCode::UNAUTHORIZED)?;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let caller = keys
        .crypto
        .caller(bearer, now)
        .ok_or(StatusCode::UNAUTHORIZED)?;
    if caller.sub != asked.user_id {
        return Err(StatusCode::FORBIDDEN);
    }
    let claims = Claims {
        iss: &keys.api_key,
        sub: &asked.user_id,
        nbf: now,
        exp: now + 3600,
        name: &asked.username,
        video: Grant {
            room: &asked.room_name,
            room_join: true,
            can_publish: true,
            can_subscribe: true,
            can_publish_data: true,
        },
    };
    Ok(Json(Answer {
        token: keys.crypto.sign(&claims),
        url: keys.url.clone(),
        room_name: asked.room_name,
    }))
}
