//! LiveKit's webhooks: whether they are LiveKit's, and what they say.
//!
//! The `Authorization` header has a token, signed with one of the pairs of livekit.yaml, that names
//! the hash of the body. LiveKit repeats what is not answered with success for about half a minute.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use sha2::{Digest as _, Sha256};

use super::keys::KeyPair;
use crate::jwt::{Hs256, Parts, Untrusted};
use crate::store::Present;

/// Clocks of two machines may differ by this many seconds.
const LEEWAY: u64 = 60;
/// An event that is older than this is not news, in seconds.
pub const MAX_AGE: i64 = 5 * 60;

/// Knows LiveKit's webhooks from others.
#[derive(Debug)]
pub struct Receiver(Vec<(String, Hs256)>);

/// A header that LiveKit signed; the body is still to be compared.
#[derive(Debug)]
pub struct Signed {
    sha256: Vec<u8>,
}

/// Why a webhook is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The header is no token, or not one of ours.
    #[error("{0}")]
    Untrusted(#[from] Untrusted),
    /// The claims are not those of a webhook.
    #[error("not signed for a webhook")]
    Claims,
    /// No pair of livekit.yaml has this key.
    #[error("signed with a key that is not in livekit.yaml")]
    UnknownKey,
    /// Its time is over, or has not come.
    #[error("the signature is too old or from the future")]
    Expired,
    /// The body is not the one that was signed.
    #[error("the body is not what was signed")]
    Body,
    /// The event happened too long ago.
    #[error("the event is too old or from the future")]
    Stale,
    /// The body is no event.
    #[error("not an event of LiveKit")]
    Malformed,
}

impl Receiver {
    /// Believes what one of these pairs has signed.
    pub fn new(pairs: &[KeyPair]) -> Self {
        let prepared = |pair: &KeyPair| (pair.key.clone(), Hs256::new(&pair.secret));
        Self(pairs.iter().map(prepared).collect())
    }

    /// Judges the `Authorization` header, at `now` in seconds since 1970.
    pub fn verify(&self, authorization: &str, now: u64) -> Result<Signed, Rejected> {
        #[derive(Deserialize)]
        struct Claims {
            iss: String,
            exp: u64,
            #[serde(default)]
            nbf: u64,
            sha256: String,
        }
        let token = authorization.trim();
        let token = token.strip_prefix("Bearer ").unwrap_or(token);
        // Only to find the key: believed is what the signature covers.
        let payload = URL_SAFE_NO_PAD
            .decode(Parts::split(token)?.payload)
            .map_err(|_| Untrusted::Malformed)?;
        let claims: Claims = serde_json::from_slice(&payload).map_err(|_| Rejected::Claims)?;
        let (_, key) = self
            .0
            .iter()
            .find(|(key, _)| *key == claims.iss)
            .ok_or(Rejected::UnknownKey)?;
        key.verify(token)?;
        if claims.exp.saturating_add(LEEWAY) <= now || claims.nbf > now.saturating_add(LEEWAY) {
            return Err(Rejected::Expired);
        }
        let sha256 = STANDARD.decode(claims.sha256);
        Ok(Signed {
            sha256: sha256.map_err(|_| Rejected::Claims)?,
        })
    }
}

impl Signed {
    /// The event in the body that was signed.
    pub fn open(&self, body: &[u8], now: u64) -> Result<RoomEvent, Rejected> {
        if !same(&self.sha256, &Sha256::digest(body)) {
            return Err(Rejected::Body);
        }
        let event: Event = serde_json::from_slice(body).map_err(|_| Rejected::Malformed)?;
        let event = event.read().ok_or(Rejected::Malformed)?;
        let age = i64::try_from(now).unwrap_or(i64::MAX) - event.at.as_second();
        if (-MAX_AGE..=MAX_AGE).contains(&age) {
            Ok(event)
        } else {
            Err(Rejected::Stale)
        }
    }
}

/// Takes as long for a wrong first byte as for a wrong last one.
fn same(a: &[u8], b: &[u8]) -> bool {
    let differences = a.iter().zip(b).map(|(a, b)| a ^ b);
    a.len() == b.len() && std::hint::black_box(differences.fold(0, |all, one| all | one)) == 0
}

/// Something that happened in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomEvent {
    /// LiveKit's own id of it: the same when it is repeated.
    pub id: String,
    /// What happened.
    pub kind: Kind,
    /// When.
    pub at: Timestamp,
    /// Where.
    pub room: RoomRef,
    /// To whom; always there for [`Kind::Joined`], [`Kind::Left`] and tracks.
    pub participant: Option<Who>,
    /// With what.
    pub track: Option<Track>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The room was made.
    RoomStarted,
    /// The room is no more.
    RoomFinished,
    /// Somebody is connected.
    Joined,
    /// Somebody went, or never was connected in full.
    Left,
    /// A track can be subscribed to.
    TrackPublished,
    /// It no longer can.
    TrackUnpublished,
    /// Something that does not concern us, or that we do not know.
    Other,
}

/// A room of the SFU: another one of the same name has another id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomRef {
    /// Its name.
    pub name: String,
    /// Its id.
    pub sid: String,
    /// When it was made, in milliseconds since 1970; 0 in news of tracks.
    pub began: i64,
}

/// A participant as events tell of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// Identity, id and begin of the stay.
    pub stay: Present,
    /// How the others see them.
    pub name: String,
    /// Named values that came with their token, or were set since.
    pub attributes: BTreeMap<String, String>,
}

/// A track as events tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// Its id.
    pub sid: String,
    /// LiveKit's word: `camera`, `microphone`, `screen_share`, `screen_share_audio`, `unknown`.
    pub source: String,
}

/// LiveKit has some times in seconds and, newer, in milliseconds.
pub fn millis(millis: i64, seconds: i64) -> i64 {
    if millis == 0 {
        seconds.saturating_mul(1_000)
    } else {
        millis
    }
}

// What is read of the JSON: a newer LiveKit may add fields and words, which breaks nothing here.

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Event {
    #[serde(rename = "event")]
    kind: String,
    id: String,
    #[serde(alias = "created_at")]
    created_at: Int,
    room: Option<EventRoom>,
    participant: Option<EventParticipant>,
    track: Option<EventTrack>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct EventRoom {
    sid: String,
    name: String,
    #[serde(alias = "creation_time")]
    creation_time: Int,
    #[serde(alias = "creation_time_ms")]
    creation_time_ms: Int,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct EventParticipant {
    sid: String,
    identity: String,
    name: String,
    attributes: BTreeMap<String, String>,
    #[serde(alias = "joined_at")]
    joined_at: Int,
    #[serde(alias = "joined_at_ms")]
    joined_at_ms: Int,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct EventTrack {
    sid: String,
    source: serde_json::Value,
}

impl Event {
    fn read(self) -> Option<RoomEvent> {
        let kind = match self.kind.as_str() {
            "" => return None,
            "room_started" => Kind::RoomStarted,
            "room_finished" => Kind::RoomFinished,
            "participant_joined" => Kind::Joined,
            "participant_left" | "participant_connection_aborted" => Kind::Left,
            "track_published" => Kind::TrackPublished,
            "track_unpublished" => Kind::TrackUnpublished,
            _ => Kind::Other,
        };
        let event = RoomEvent {
            id: self.id,
            kind,
            at: Timestamp::from_second(self.created_at.0).ok()?,
            room: self.room.map(EventRoom::read).unwrap_or_default(),
            participant: self.participant.map(EventParticipant::read),
            track: self.track.map(EventTrack::read),
        };
        event.is_whole().then_some(event)
    }
}

impl RoomEvent {
    /// Whether it says what its kind must say.
    fn is_whole(&self) -> bool {
        let room = !self.room.sid.is_empty() && !self.room.name.is_empty();
        let who = (self.participant.as_ref())
            .is_some_and(|who| !who.stay.sid.is_empty() && !who.stay.identity.is_empty());
        match self.kind {
            Kind::Other => true,
            Kind::RoomStarted | Kind::RoomFinished => room,
            Kind::Joined | Kind::Left => room && who,
            Kind::TrackPublished | Kind::TrackUnpublished => room && who && self.track.is_some(),
        }
    }
}

impl EventRoom {
    fn read(self) -> RoomRef {
        RoomRef {
            name: self.name,
            sid: self.sid,
            began: millis(self.creation_time_ms.0, self.creation_time.0),
        }
    }
}

impl EventParticipant {
    fn read(self) -> Who {
        Who {
            stay: Present {
                identity: self.identity,
                sid: self.sid,
                since: millis(self.joined_at_ms.0, self.joined_at.0),
            },
            name: self.name,
            attributes: self.attributes,
        }
    }
}

impl EventTrack {
    fn read(self) -> Track {
        let source = self.source.as_str().unwrap_or("unknown");
        Track {
            sid: self.sid,
            source: source.to_ascii_lowercase(),
        }
    }
}

/// Protocol Buffers' JSON has 64-bit integers as strings; numbers are allowed too.
#[derive(Clone, Copy, Default)]
struct Int(i64);

impl<'de> Deserialize<'de> for Int {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Int;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer or a string of one")
            }

            fn visit_i64<E>(self, number: i64) -> Result<Int, E> {
                Ok(Int(number))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Int, E> {
                Ok(Int(i64::try_from(number).unwrap_or(i64::MAX)))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Int, E> {
                text.parse().map(Int).map_err(E::custom)
            }

            fn visit_unit<E>(self) -> Result<Int, E> {
                Ok(Int(0))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests;
