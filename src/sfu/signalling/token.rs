//! Who asks, and what their token lets them do.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use livekit_protocol::RoomConfiguration;
use serde::{Deserialize, Serialize};

use crate::context::Clock;
use crate::jwt::{Hs256, Parts};
use crate::livekit::keys::KeyPair;
use crate::livekit::room_config;
use crate::livekit::token::LONGEST_NAME;
use crate::sfu::refusals::NOT_GRANTED;

/// Clocks of two machines may differ by this many seconds.
const LEEWAY: u64 = 60;

/// The pairs whose tokens are believed.
#[derive(Clone, Debug)]
pub struct Keys {
    pub(super) pairs: Arc<BTreeMap<String, Hs256>>,
    pub(super) clock: Clock,
}

/// The `video` claim.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_excessive_bools, reason = "LiveKit's own shape")]
pub struct Grants {
    pub room: String,
    pub room_join: bool,
    pub room_admin: bool,
    pub room_create: bool,
    pub room_list: bool,
    pub can_publish: Option<bool>,
    pub can_subscribe: Option<bool>,
    pub can_publish_data: Option<bool>,
    pub can_publish_sources: Vec<String>,
    pub can_update_own_metadata: Option<bool>,
    pub hidden: bool,
    pub recorder: bool,
    pub agent: bool,
}

/// What a token says.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Claims {
    #[serde(rename = "iss")]
    pub issuer: String,
    #[serde(rename = "sub")]
    pub identity: String,
    pub name: String,
    pub metadata: String,
    pub attributes: HashMap<String, String>,
    pub video: Grants,
    /// How a room is made that is not there yet.
    #[serde(rename = "roomConfig", deserialize_with = "room_config::claim")]
    pub room_config: Option<RoomConfiguration>,
    /// `agent`, `egress` and such; empty for people.
    pub kind: String,
    pub exp: Option<u64>,
    pub nbf: u64,
}

/// Somebody whose token lets them into a room.
#[derive(Debug)]
pub struct Joiner(pub Claims);

/// Why a token does not serve, in LiveKit's words: clients show them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("no permissions to access the room")]
    NoToken,
    #[error("invalid authorization token")]
    Malformed,
    #[error("invalid API key: {0}")]
    UnknownKey(String),
    #[error("invalid token: {0}")]
    Untrusted(&'static str),
    #[error("permissions denied")]
    Denied,
    /// What somebody asks for in coming.
    #[error("no permissions to access the room")]
    NotGranted,
    #[error("{0}")]
    Unusable(&'static str),
    #[error("requested room does not exist")]
    NoRoom,
    #[error("room has exceeded its max participants")]
    Full,
}

impl Refusal {
    /// What was refused, to be counted.
    pub fn what(&self) -> &'static str {
        match self {
            Self::NoToken | Self::Malformed | Self::UnknownKey(_) | Self::Untrusted(_) => {
                "a token that is not believed"
            }
            Self::Denied | Self::NotGranted => NOT_GRANTED,
            Self::Unusable(_) => "a request to join that is of no use",
            Self::NoRoom | Self::Full => "somebody without a room",
        }
    }
}

impl Keys {
    /// Believes tokens of these pairs.
    pub fn new(pairs: &[KeyPair], clock: Clock) -> Self {
        let prepared = |pair: &KeyPair| (pair.key.clone(), Hs256::new(&pair.secret));
        Self {
            pairs: Arc::new(pairs.iter().map(prepared).collect()),
            clock,
        }
    }

    /// What a token says, if it is to be believed now.
    pub fn verify(&self, token: &str) -> Result<Claims, Refusal> {
        #[derive(Deserialize)]
        struct Issuer {
            #[serde(default)]
            iss: String,
        }
        let parts = Parts::split(token).map_err(|_| Refusal::Malformed)?;
        // Only to find the key: believed is what the signature covers.
        let payload = base64::Engine::decode(
            &base64::engine::general_purpose::URL_SAFE_NO_PAD,
            parts.payload,
        );
        let payload = payload.map_err(|_| Refusal::Malformed)?;
        let Issuer { iss } = serde_json::from_slice(&payload).map_err(|_| Refusal::Malformed)?;
        let Some(key) = self.pairs.get(&iss) else {
            return Err(Refusal::UnknownKey(
                iss.chars().take(LONGEST_NAME).collect(),
            ));
        };
        let payload = key
            .verify(token)
            .map_err(|_| Refusal::Untrusted("the signature does not match"))?;
        let claims: Claims = serde_json::from_slice(&payload)
            .map_err(|_| Refusal::Untrusted("the claims are not LiveKit's"))?;
        let now = self.clock.unix();
        if claims
            .exp
            .is_some_and(|exp| exp.saturating_add(LEEWAY) < now)
        {
            return Err(Refusal::Untrusted("token is expired (exp)"));
        }
        if claims.nbf > now.saturating_add(LEEWAY) {
            return Err(Refusal::Untrusted("token not valid yet (nbf)"));
        }
        Ok(claims)
    }

    /// The same of the token that comes with a request.
    pub fn of_request(&self, headers: &HeaderMap, uri: &Uri) -> Result<Option<Claims>, Refusal> {
        if let Some(header) = headers.get(AUTHORIZATION) {
            let header = header.to_str().map_err(|_| Refusal::Malformed)?;
            let token = header.strip_prefix("Bearer ").ok_or(Refusal::Malformed)?;
            return self.verify(token).map(Some);
        }
        let query = uri.query().unwrap_or_default().as_bytes();
        let token = form_urlencoded::parse(query).find(|(name, _)| name == "access_token");
        token.map(|(_, token)| self.verify(&token)).transpose()
    }
}

impl Joiner {
    /// Whoever asks to join a room.
    pub fn of(keys: &Keys, headers: &HeaderMap, uri: &Uri) -> Result<Self, Refusal> {
        let claims = keys.of_request(headers, uri)?.ok_or(Refusal::NoToken)?;
        let too_long = |text: &str| text.len() > LONGEST_NAME;
        match &claims {
            claims if !claims.video.room_join => Err(Refusal::Denied),
            claims if claims.video.room.is_empty() => Err(Refusal::Unusable("no room name")),
            claims if claims.identity.is_empty() => {
                Err(Refusal::Unusable("identity cannot be empty"))
            }
            claims if too_long(&claims.identity) || too_long(&claims.name) => Err(
                Refusal::Unusable("identity or name is longer than 256 characters"),
            ),
            claims if too_long(&claims.video.room) => {
                Err(Refusal::Unusable("room name is longer than 256 characters"))
            }
            _ => Ok(Self(claims)),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Unusable(_) => StatusCode::BAD_REQUEST,
            Self::NoRoom => StatusCode::NOT_FOUND,
            Self::Full => StatusCode::FORBIDDEN,
            _ => StatusCode::UNAUTHORIZED,
        };
        (status, self.to_string()).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use serde_json::{Value, json};

    const NOW: i64 = 1_800_000_000;

    fn pair() -> KeyPair {
        KeyPair {
            key: "APIone".into(),
            secret: "a secret of thirty-two characters".into(),
        }
    }

    fn judged(claims: &Value) -> Result<Joiner, Refusal> {
        let at = Timestamp::from_second(NOW).unwrap();
        let keys = Keys::new(&[pair()], Clock::fixed(at));
        let token = Hs256::new(&pair().secret).sign(claims).unwrap();
        let uri = format!("/rtc?access_token={token}").parse().unwrap();
        Joiner::of(&keys, &HeaderMap::new(), &uri)
    }

    fn with(change: impl FnOnce(&mut Value)) -> Result<Joiner, Refusal> {
        let mut claims = json!({"iss": "APIone", "sub": "anna", "exp": NOW,
            "video": {"room": "r", "roomJoin": true}});
        change(&mut claims);
        judged(&claims)
    }

    #[test]
    fn a_token_lets_its_holder_into_its_room() {
        let Joiner(claims) = with(|_| {}).unwrap();
        assert_eq!((&*claims.identity, &*claims.video.room), ("anna", "r"));
    }

    #[test]
    fn what_is_wrong_is_said_in_livekits_words() {
        type Change = fn(&mut Value);
        let cases: [(Change, &str); 6] = [
            (|c| c["iss"] = "APItwo".into(), "invalid API key: APItwo"),
            (
                |c| c["exp"] = (NOW - 61).into(),
                "invalid token: token is expired (exp)",
            ),
            (
                |c| c["nbf"] = (NOW + 61).into(),
                "invalid token: token not valid yet (nbf)",
            ),
            (
                |c| c["video"]["roomJoin"] = false.into(),
                "permissions denied",
            ),
            (|c| c["video"]["room"] = "".into(), "no room name"),
            (|c| c["sub"] = "".into(), "identity cannot be empty"),
        ];
        for (change, words) in cases {
            assert_eq!(with(change).unwrap_err().to_string(), words);
        }
    }

    #[test]
    fn forged_and_broken_tokens_are_refused() {
        let keys = Keys::new(&[pair()], Clock::system());
        let claims = json!({"iss": "APIone"});
        let forged = Hs256::new(&"another".into()).sign(&claims).unwrap();
        let untrusted = Refusal::Untrusted("the signature does not match");
        assert_eq!(keys.verify(&forged).unwrap_err(), untrusted);
        for broken in ["", "a.b.c", "..", &forged[1..]] {
            assert!(keys.verify(broken).is_err(), "{broken}");
        }
    }
}
