//! The one place that signs LiveKit tokens.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use livekit_protocol::RoomConfiguration;
use serde::Serialize;

use super::grants::VideoGrant;
use super::keys::KeyPair;
use crate::error::{Context as _, Result};
use crate::jwt::Hs256;

/// Longest name of a room or of a participant, in bytes of UTF-8: LiveKit counts those.
pub const LONGEST_NAME: usize = 256;

/// What goes into a token.
#[derive(Clone, Debug)]
pub struct JoinToken<'a> {
    /// Who holds it; unique in the room.
    pub identity: &'a str,
    /// How the others see the holder.
    pub name: Option<&'a str>,
    /// What the holder may do.
    pub grant: VideoGrant<'a>,
    /// How long it lets somebody in; a call that has begun goes on.
    pub ttl: Duration,
    /// Free text that travels with the participant.
    pub metadata: Option<&'a str>,
    /// Named values that travel with the participant.
    pub attributes: BTreeMap<&'a str, &'a str>,
    /// How the SFU makes the room when it is not there yet: agents, egress, timeouts.
    pub room_config: Option<&'a RoomConfiguration>,
}

impl<'a> JoinToken<'a> {
    /// Lets `identity` into `room` with the usual grants, for as long as `ttl`.
    pub fn new(room: &'a str, identity: &'a str, ttl: Duration) -> Self {
        Self {
            identity,
            name: None,
            grant: VideoGrant::join(room),
            ttl,
            metadata: None,
            attributes: BTreeMap::new(),
            room_config: None,
        }
    }
}

/// A signed token and what a log may know of it.
#[derive(Clone)]
pub struct Minted {
    /// The token itself: a secret.
    pub token: String,
    /// The token's own id.
    pub jti: String,
    /// Seconds since 1970.
    pub expires_at: u64,
}

/// The claims in LiveKit's spelling.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    nbf: u64,
    exp: u64,
    jti: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    video: &'a VideoGrant<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: &'a BTreeMap<&'a str, &'a str>,
    #[serde(rename = "roomConfig", skip_serializing_if = "Option::is_none")]
    room_config: Option<&'a RoomConfiguration>,
}

/// A key pair, ready to sign.
#[derive(Clone, Debug)]
pub struct Signer {
    key: String,
    hs256: Hs256,
}

impl Signer {
    /// Prepares the pair.
    pub fn new(pair: &KeyPair) -> Self {
        Self {
            key: pair.key.clone(),
            hs256: Hs256::new(&pair.secret),
        }
    }

    /// Signs a token that is valid from `now`, in seconds since 1970.
    pub fn mint(&self, request: &JoinToken<'_>, now: u64) -> Result<Minted> {
        let jti = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 12]>());
        let expires_at = now.saturating_add(request.ttl.as_secs());
        let claims = Claims {
            iss: &self.key,
            sub: request.identity,
            nbf: now,
            exp: expires_at,
            jti: &jti,
            name: request.name,
            video: &request.grant,
            metadata: request.metadata,
            attributes: &request.attributes,
            room_config: request.room_config,
        };
        let token = self
            .hs256
            .sign(&claims)
            .or_fail(|| "cannot sign a token".into())?;
        Ok(Minted {
            token,
            jti,
            expires_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::livekit::grants::Source;
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
    use serde_json::{Value, json};

    const NOW: u64 = 4_000_000_000;

    fn claims(request: &JoinToken<'_>) -> Value {
        let pair = KeyPair {
            key: "APIkey".into(),
            secret: "a secret of thirty-two characters".into(),
        };
        let minted = Signer::new(&pair).mint(request, NOW).unwrap();
        let key = DecodingKey::from_secret(b"a secret of thirty-two characters");
        let mut claims = decode::<Value>(&minted.token, &key, &Validation::new(Algorithm::HS256))
            .unwrap()
            .claims;
        let jti = claims.as_object_mut().unwrap().remove("jti");
        assert_eq!(jti, Some(minted.jti.into()));
        assert_eq!(claims["exp"], minted.expires_at);
        claims
    }

    #[test]
    fn a_plain_join_token_has_the_usual_grants_and_nothing_else() {
        assert_eq!(
            claims(&JoinToken::new("daily", "ada", Duration::from_hours(1))),
            json!({
                "iss": "APIkey", "sub": "ada", "nbf": NOW, "exp": NOW + 3600,
                "video": {
                    "room": "daily", "roomJoin": true,
                    "canPublish": true, "canSubscribe": true, "canPublishData": true,
                },
            })
        );
    }

    #[test]
    fn every_claim_has_livekits_spelling() {
        let request = JoinToken {
            identity: "ada",
            name: Some("Ada \"the first\" ü"),
            grant: VideoGrant {
                room: Some("daily"),
                room_join: true,
                can_publish: Some(false),
                can_subscribe: Some(true),
                can_publish_data: Some(false),
                can_update_own_metadata: Some(true),
                can_publish_sources: &Source::ALL,
                room_admin: true,
                room_record: true,
                room_create: true,
                room_list: true,
                hidden: true,
            },
            ttl: Duration::from_secs(1),
            metadata: Some("{}"),
            attributes: BTreeMap::from([("k", "v")]),
            room_config: Some(&RoomConfiguration {
                empty_timeout: 60,
                metadata: "m".into(),
                ..RoomConfiguration::default()
            }),
        };
        assert_eq!(
            claims(&request),
            json!({
                "iss": "APIkey", "sub": "ada", "nbf": NOW, "exp": NOW + 1, "name": "Ada \"the first\" ü",
                "video": {
                    "room": "daily", "roomJoin": true, "canPublish": false, "canSubscribe": true,
                    "canPublishData": false, "canUpdateOwnMetadata": true,
                    "canPublishSources": ["camera", "microphone", "screen_share", "screen_share_audio"],
                    "roomAdmin": true, "roomRecord": true, "roomCreate": true, "roomList": true,
                    "hidden": true,
                },
                "metadata": "{}", "attributes": {"k": "v"},
                "roomConfig": {"emptyTimeout": 60, "metadata": "m"},
            })
        );
    }
}
