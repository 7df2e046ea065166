//! Tokens that go on where one ends: a client whose connection breaks late in a call comes back with the newest.

use livekit_protocol as proto;

use super::token::{Claims, Grants, Keys};
use crate::context::Clock;
use crate::jwt::Hs256;

/// A renewed token lets its holder in for so many seconds: twice the time until the next one.
const RENEWED: u64 = 600;

/// A token that can be renewed.
#[derive(Clone, Debug)]
pub struct Pass {
    claims: Claims,
    key: Hs256,
    clock: Clock,
}

impl Pass {
    /// What is renewed of a token whose issuer is one of ours.
    pub fn new(keys: &Keys, claims: Claims) -> Option<Self> {
        let key = keys.pairs.get(&claims.issuer)?.clone();
        let clock = keys.clock.clone();
        Some(Self { claims, key, clock })
    }

    /// A token for who is now as `info` says.
    pub fn renewed(&self, info: &proto::ParticipantInfo) -> Option<String> {
        let may = info.permission.clone().unwrap_or_default();
        let sources = may.can_publish_sources().map(|source| source.as_str_name());
        let now = self.clock.unix();
        #[expect(deprecated, reason = "older clients read them")]
        let video = Grants {
            can_publish: Some(may.can_publish),
            can_subscribe: Some(may.can_subscribe),
            can_publish_data: Some(may.can_publish_data),
            can_publish_sources: sources.map(str::to_ascii_lowercase).collect(),
            can_update_own_metadata: Some(may.can_update_metadata),
            hidden: may.hidden,
            recorder: may.recorder,
            agent: may.agent,
            ..self.claims.video.clone()
        };
        let claims = Claims {
            name: info.name.clone(),
            metadata: info.metadata.clone(),
            attributes: info.attributes.clone(),
            video,
            exp: Some(now + RENEWED),
            nbf: now,
            ..self.claims.clone()
        };
        self.key.sign(&claims).ok()
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, Uri};
    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::*;
    use crate::livekit::keys::KeyPair;
    use crate::sfu::signalling::token::Joiner;

    const NOW: i64 = 1_800_000_000;

    /// The pair that signs, at a time.
    fn keys(second: i64) -> (Keys, KeyPair) {
        let pair = KeyPair {
            key: "APIone".into(),
            secret: "a secret of thirty-two characters".into(),
        };
        let clock = Clock::fixed(Timestamp::from_second(second).unwrap());
        (Keys::new(std::slice::from_ref(&pair), clock), pair)
    }

    fn joins(keys: &Keys, token: &str) -> Claims {
        let uri: Uri = format!("/rtc?access_token={token}").parse().unwrap();
        let Joiner(claims) = Joiner::of(keys, &HeaderMap::new(), &uri).unwrap();
        claims
    }

    #[test]
    fn a_renewed_token_lets_its_holder_in_with_what_is_so_now() {
        let (now, pair) = keys(NOW);
        let first: Value = json!({"iss": "APIone", "sub": "anna", "exp": NOW, "kind": "agent",
            "video": {"room": "r", "roomJoin": true, "roomAdmin": true},
            "roomConfig": {"maxParticipants": 3}});
        let first = Hs256::new(&pair.secret).sign(&first).unwrap();
        let pass = Pass::new(&now, joins(&now, &first)).unwrap();
        let info = proto::ParticipantInfo {
            name: "Anna".into(),
            permission: Some(proto::ParticipantPermission {
                can_publish: true,
                can_publish_sources: vec![proto::TrackSource::Microphone.into()],
                ..Default::default()
            }),
            ..Default::default()
        };
        let (later, _) = keys(NOW + 599);
        let renewed = joins(&later, &pass.renewed(&info).unwrap());
        assert_eq!((&*renewed.identity, &*renewed.name), ("anna", "Anna"));
        let config = renewed.room_config.unwrap();
        assert_eq!((&*renewed.kind, config.max_participants), ("agent", 3));
        let video = renewed.video;
        assert!(video.room_admin && video.room == "r");
        assert_eq!(video.can_publish_sources, ["microphone"]);
        assert_eq!(
            (video.can_publish, video.can_subscribe),
            (Some(true), Some(false))
        );
    }
}
