//! LiveKit's JSON of an event. A newer LiveKit may add fields and words, which breaks nothing here.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use super::event::{Kind, RoomEvent, RoomRef, Track, Who};
use crate::store::Present;

/// LiveKit has some times in seconds and, newer, in milliseconds.
pub fn millis(millis: i64, seconds: i64) -> i64 {
    if millis == 0 {
        seconds.saturating_mul(1_000)
    } else {
        millis
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Event {
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
    /// `None` when it does not say what its kind must say.
    pub(super) fn read(self) -> Option<RoomEvent> {
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
