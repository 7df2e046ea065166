//! The least that a token server in Rust does.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use axum::{Json, Router};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

struct Keys {
    callers: DecodingKey,
    validation: Validation,
    api_key: String,
    signing: EncodingKey,
    url: String,
}

#[derive(Deserialize)]
struct Caller {
    sub: String,
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

/// The one route.
pub fn router() -> Router {
    let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    let keys = Keys {
        callers: DecodingKey::from_secret(variable("JWT_SECRET").as_bytes()),
        validation: Validation::new(Algorithm::HS256),
        api_key: variable("LIVEKIT_API_KEY"),
        signing: EncodingKey::from_secret(variable("LIVEKIT_API_SECRET").as_bytes()),
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
    let caller = decode::<Caller>(bearer, &keys.callers, &keys.validation)
        .map_err(|_| StatusCode::UNAUTHORIZED)?;
    if caller.claims.sub != asked.user_id {
        return Err(StatusCode::FORBIDDEN);
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
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
    let token = encode(&Header::default(), &claims, &keys.signing)
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Json(Answer {
        token,
        url: keys.url.clone(),
        room_name: asked.room_name,
    }))
}
