//! LiveKit's `RoomConfiguration` in JSON: in the claim `roomConfig`, and where a client asks for one.

use livekit_protocol::RoomConfiguration;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The fields, in the spelling that tokens have. LiveKit passes over others, and nobody learns why a room is not as it
/// was asked for.
const FIELDS: [&str; 11] = [
    "name",
    "emptyTimeout",
    "departureTimeout",
    "maxParticipants",
    "metadata",
    "egress",
    "minPlayoutDelay",
    "maxPlayoutDelay",
    "syncStreams",
    "agents",
    "tags",
];

/// Whether LiveKit knows a field of this name, in either spelling.
pub fn is_field(name: &str) -> bool {
    FIELDS.contains(&camel(name).as_str())
}

/// Reads it as LiveKit does: `null` is as good as nothing.
pub fn read(mut value: Value) -> serde_json::Result<RoomConfiguration> {
    without_nulls(&mut value);
    RoomConfiguration::deserialize(value)
}

/// Reads it where it is a claim.
pub fn claim<'de, D: Deserializer<'de>>(of: D) -> Result<Option<RoomConfiguration>, D::Error> {
    let value = Option::<Value>::deserialize(of)?;
    value.map(read).transpose().map_err(D::Error::custom)
}

fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

/// `empty_timeout` as `emptyTimeout`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::*;
    use livekit_protocol::{RoomAgentDispatch, RoomEgress};

    #[test]
    fn every_field_of_livekits_message_is_known() {
        let all = RoomConfiguration {
            name: "n".into(),
            empty_timeout: 1,
            departure_timeout: 1,
            max_participants: 1,
            metadata: "m".into(),
            egress: Some(RoomEgress::default()),
            min_playout_delay: 1,
            max_playout_delay: 1,
            sync_streams: true,
            agents: vec![RoomAgentDispatch::default()],
            tags: [("k".to_owned(), "v".to_owned())].into(),
        };
        let value = serde_json::to_value(&all).unwrap();
        let names: Vec<_> = value.as_object().unwrap().keys().collect();
        assert_eq!(names, FIELDS);
        assert!(is_field("empty_timeout") && !is_field("empty_timout"));
    }
}
