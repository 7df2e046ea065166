//! Answers as LiveKit writes them in JSON: each field by its name in the protocol's own files, also where it is empty, for
//! whoever reads them without a library. The messages' own JSON leaves both to its reader.

use livekit_protocol as proto;
use serde::Serialize;
use serde_json::{Value, json};

/// A message that is an answer.
pub trait Shaped: Serialize {
    /// How it is with nothing in it, but for lists, which have one such member, and messages within.
    fn shape() -> Value;
}

/// What is sent.
pub fn written<T: Shaped>(answer: &T) -> Vec<u8> {
    // What has a message has its JSON.
    let said = serde_json::to_value(answer).unwrap_or_default();
    filled(&T::shape(), Some(said)).to_string().into_bytes()
}

/// What is said, in its shape. An object without fields is a map: its keys are nobody's but its author's.
fn filled(shape: &Value, said: Option<Value>) -> Value {
    match (shape, said) {
        (Value::Object(fields), None) if !fields.is_empty() => Value::Null,
        (Value::Array(_), None) => json!([]),
        (empty, None) => empty.clone(),
        (Value::Object(fields), Some(Value::Object(mut said))) if !fields.is_empty() => {
            let fields = fields.iter().map(|(name, shape)| {
                let said = said.remove(&camel(name));
                (name.clone(), filled(shape, said))
            });
            fields.collect()
        }
        (Value::Array(member), Some(Value::Array(said))) => match member.first() {
            Some(shape) => {
                let said = said.into_iter();
                said.map(|one| filled(shape, Some(one))).collect()
            }
            None => said.into(),
        },
        (_, Some(said)) => said,
    }
}

/// `twoWords` of `two_words`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (initial, rest) = word.split_at(1);
        name + &initial.to_ascii_uppercase() + rest
    })
}

impl Shaped for proto::Room {
    fn shape() -> Value {
        json!({
            "sid": "", "name": "", "empty_timeout": 0, "departure_timeout": 0, "max_participants": 0,
            "creation_time": "0", "creation_time_ms": "0", "turn_password": "",
            "enabled_codecs": [{"mime": "", "fmtp_line": ""}], "metadata": "", "num_participants": 0,
            "num_publishers": 0, "active_recording": false, "version": null,
        })
    }
}

impl Shaped for proto::ParticipantInfo {
    fn shape() -> Value {
        json!({
            "sid": "", "identity": "", "state": "JOINING", "tracks": [proto::TrackInfo::shape()], "metadata": "",
            "joined_at": "0", "joined_at_ms": "0", "name": "", "version": 0,
            "permission": {
                "can_subscribe": false, "can_publish": false, "can_publish_data": false, "can_publish_sources": [],
                "hidden": false, "recorder": false, "can_update_metadata": false, "agent": false,
                "can_subscribe_metrics": false, "can_manage_agent_session": false,
            },
            "region": "", "is_publisher": false, "kind": "STANDARD", "attributes": {},
            "disconnect_reason": "UNKNOWN_REASON", "kind_details": [], "data_tracks": [], "client_protocol": 0,
            "capabilities": [],
        })
    }
}

impl Shaped for proto::TrackInfo {
    fn shape() -> Value {
        let layers = json!([{
            "quality": "LOW", "width": 0, "height": 0, "bitrate": 0, "ssrc": 0, "spatial_layer": 0, "rid": "",
            "repair_ssrc": 0,
        }]);
        json!({
            "sid": "", "type": "AUDIO", "name": "", "muted": false, "width": 0, "height": 0, "simulcast": false,
            "disable_dtx": false, "source": "UNKNOWN", "layers": layers, "mime_type": "", "mid": "",
            "codecs": [{
                "mime_type": "", "mid": "", "cid": "", "layers": layers, "video_layer_mode": "MODE_UNUSED",
                "sdp_cid": "",
            }],
            "stereo": false, "disable_red": false, "encryption": "NONE", "stream": "", "version": null,
            "audio_features": [], "backup_codec_policy": "PREFER_REGRESSION", "packet_trailer_features": [],
        })
    }
}

impl Shaped for proto::ListRoomsResponse {
    fn shape() -> Value {
        json!({"rooms": [proto::Room::shape()]})
    }
}

impl Shaped for proto::ListParticipantsResponse {
    fn shape() -> Value {
        json!({"participants": [proto::ParticipantInfo::shape()]})
    }
}

impl Shaped for proto::MuteRoomTrackResponse {
    fn shape() -> Value {
        json!({"track": proto::TrackInfo::shape()})
    }
}

/// Answers with nothing in them.
macro_rules! empty {
    ($($answer:ident),*) => {
        $(impl Shaped for proto::$answer {
            fn shape() -> Value {
                json!({})
            }
        })*
    };
}
empty!(
    DeleteRoomResponse,
    RemoveParticipantResponse,
    SendDataResponse,
    UpdateSubscriptionsResponse
);

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: Shaped>(answer: &T) -> Value {
        serde_json::from_slice(&written(answer)).unwrap()
    }

    #[test]
    fn what_is_empty_is_there_and_names_have_underscores() {
        let none = proto::ListRoomsResponse::default();
        assert_eq!(read(&none), json!({"rooms": []}));
        assert_eq!(read(&proto::SendDataResponse::default()), json!({}));
        assert_eq!(
            read(&proto::MuteRoomTrackResponse::default()),
            json!({"track": null})
        );
        let rooms = proto::ListRoomsResponse {
            rooms: vec![proto::Room {
                name: "daily".into(),
                creation_time_ms: 7,
                ..Default::default()
            }],
        };
        let room = &read(&rooms)["rooms"][0];
        assert_eq!(
            (
                &room["name"],
                &room["creation_time_ms"],
                &room["num_participants"]
            ),
            (&json!("daily"), &json!("7"), &json!(0))
        );
    }

    #[test]
    fn names_of_attributes_stay_as_they_are() {
        let info = proto::ParticipantInfo {
            attributes: [("twoWords".to_owned(), "a".to_owned())].into(),
            permission: Some(proto::ParticipantPermission::default()),
            ..Default::default()
        };
        let info = read(&info);
        assert_eq!(info["attributes"], json!({"twoWords": "a"}));
        assert_eq!(info["permission"]["can_publish_data"], false);
    }

    #[test]
    fn what_is_shown_for_nothing_means_nothing() {
        let mut shape = proto::ParticipantInfo::shape();
        let info: proto::ParticipantInfo = serde_json::from_value(shape.clone()).unwrap();
        let mut expected = proto::ParticipantInfo {
            permission: Some(proto::ParticipantPermission::default()),
            ..Default::default()
        };
        shape = shape["tracks"][0].take();
        let track: proto::TrackInfo = serde_json::from_value(shape).unwrap();
        expected.tracks.push(track.clone());
        assert_eq!(info, expected);
        let mut empty = proto::TrackInfo::default();
        #[expect(deprecated, reason = "older clients read them")]
        empty.layers.push(proto::VideoLayer::default());
        empty.codecs.push(proto::SimulcastCodecInfo {
            layers: vec![proto::VideoLayer::default()],
            ..Default::default()
        });
        assert_eq!(track, empty);
    }
}
