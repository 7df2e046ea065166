//! Claims in plain words.

use serde_json::{Map, Value};

use super::room_config::is_field;

/// Top-level claims that LiveKit knows.
const CLAIMS: &[&str] = &[
    "iss",
    "sub",
    "nbf",
    "exp",
    "iat",
    "jti",
    "aud",
    "name",
    "video",
    "metadata",
    "attributes",
    "roomConfig",
    "roomPreset",
    "sip",
    "agent",
    "inference",
    "observability",
    "sha256",
    "kind",
    "kindDetails",
];

/// Members of `video` that LiveKit knows, with a sentence where `true` grants something.
const GRANTS: &[(&str, &str)] = &[
    ("roomJoin", ""),
    ("room", ""),
    ("roomAdmin", "may moderate the room"),
    ("roomCreate", "may create and delete rooms"),
    ("roomList", "may list rooms"),
    ("roomRecord", "may record"),
    ("ingressAdmin", "may manage ingress"),
    ("canPublish", ""),
    ("canSubscribe", ""),
    ("canPublishData", ""),
    ("canPublishSources", ""),
    (
        "canUpdateOwnMetadata",
        "may change its own name, metadata and attributes",
    ),
    ("canSubscribeMetrics", "may subscribe to metrics"),
    ("canManageAgentSession", "may manage agent sessions"),
    ("hidden", "is not shown to the others"),
    ("recorder", "is a recorder"),
    ("agent", "is an agent"),
    ("destinationRoom", ""),
];

/// Grants beside `video`: the claim, its member, and what that grants.
const OTHER_GRANTS: &[(&str, &str, &str)] = &[
    ("sip", "admin", "may manage SIP trunks and dispatch rules"),
    ("sip", "call", "may make SIP calls"),
    ("agent", "admin", "may manage agents"),
    ("inference", "perform", "may use LiveKit's inference"),
    ("observability", "write", "may write observability data"),
];

/// What the grants allow, sentence by sentence.
pub fn grant_sentences(claims: &Map<String, Value>) -> Vec<String> {
    let granted = OTHER_GRANTS.iter().filter(|(claim, member, _)| {
        claims.get(*claim).and_then(|of| of.get(member)) == Some(&Value::Bool(true))
    });
    let others: Vec<String> = granted
        .map(|(.., sentence)| (*sentence).to_owned())
        .collect();
    let video = claims.get("video").and_then(Value::as_object);
    match (video.map(video_sentences), others.as_slice()) {
        (None, []) => vec!["no `video` grant: allows nothing".into()],
        (Some(of_video), []) if of_video.is_empty() => {
            vec!["the `video` grant allows nothing".into()]
        }
        (of_video, _) => of_video.into_iter().flatten().chain(others).collect(),
    }
}

fn video_sentences(video: &Map<String, Value>) -> Vec<String> {
    let granted = |name: &str| video.get(name).and_then(Value::as_bool);
    let room = video.get("room").and_then(Value::as_str).unwrap_or("");
    let mut sentences = Vec::new();
    if granted("roomJoin") == Some(true) {
        sentences.push(format!("may join room `{room}`"));
        // LiveKit takes a missing value for yes, and for data that of publishing.
        let publish = granted("canPublish").unwrap_or(true);
        sentences.push(if publish {
            format!("may publish {}", sources(video))
        } else {
            "may not publish".into()
        });
        let may = |yes| if yes { "may" } else { "may not" };
        let subscribe = granted("canSubscribe").unwrap_or(true);
        sentences.push(format!("{} subscribe to the others", may(subscribe)));
        let data = granted("canPublishData").unwrap_or(publish);
        sentences.push(format!("{} send data", may(data)));
    } else if !room.is_empty() {
        sentences.push(format!("may not join; its room is `{room}`"));
    }
    sentences.extend(
        GRANTS
            .iter()
            .filter(|(name, sentence)| !sentence.is_empty() && granted(name) == Some(true))
            .map(|(_, sentence)| (*sentence).to_owned()),
    );
    if let Some(to) = video.get("destinationRoom").and_then(Value::as_str) {
        sentences.push(format!("may forward to room `{to}`"));
    }
    sentences
}

fn sources(video: &Map<String, Value>) -> String {
    let sources: Vec<_> = video
        .get("canPublishSources")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if sources.is_empty() {
        "from any source".into()
    } else {
        format!("{} alone", sources.join(", "))
    }
}

/// Claims that LiveKit does not know: usually misspelt, always without effect.
pub fn unknown_claims(claims: &Map<String, Value>) -> Vec<String> {
    let top = claims
        .keys()
        .filter(|name| !CLAIMS.contains(&name.as_str()))
        .cloned();
    let video = claims.get("video").and_then(Value::as_object);
    let grants = video
        .into_iter()
        .flat_map(Map::keys)
        .filter(|name| !GRANTS.iter().any(|(known, _)| known == name))
        .map(|name| format!("video.{name}"));
    let config = claims.get("roomConfig").and_then(Value::as_object);
    let fields = config
        .into_iter()
        .flat_map(Map::keys)
        .filter(|name| !is_field(name))
        .map(|name| format!("roomConfig.{name}"));
    top.chain(grants).chain(fields).collect()
}

/// A length of time in words, from seconds.
pub fn span(seconds: i64) -> String {
    let (minute, hour, day) = (60, 3_600, 86_400);
    let pair = |big, big_unit, small, small_unit| {
        let rest = seconds % big / small;
        let big = seconds / big;
        if rest == 0 {
            format!("{big} {big_unit}")
        } else {
            format!("{big} {big_unit} {rest} {small_unit}")
        }
    };
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / minute),
        3_600..86_400 => pair(hour, "h", minute, "min"),
        _ => pair(day, "d", hour, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sentences(video: Value) -> Vec<String> {
        grant_sentences(&Map::from_iter([("video".to_owned(), video)]))
    }

    #[test]
    fn what_is_not_said_is_what_livekit_makes_of_it() {
        assert_eq!(
            sentences(json!({"roomJoin": true, "room": "daily"})),
            [
                "may join room `daily`",
                "may publish from any source",
                "may subscribe to the others",
                "may send data",
            ]
        );
        assert_eq!(
            sentences(json!({"roomJoin": true, "room": "daily", "canPublish": false})),
            [
                "may join room `daily`",
                "may not publish",
                "may subscribe to the others",
                "may not send data",
            ]
        );
        assert_eq!(sentences(json!({})), ["the `video` grant allows nothing"]);
    }

    #[test]
    fn every_grant_has_its_sentence() {
        assert_eq!(
            sentences(json!({
                "roomJoin": true, "room": "daily", "canPublishSources": ["microphone", "camera"],
                "roomAdmin": true, "hidden": true, "roomList": false,
            })),
            [
                "may join room `daily`",
                "may publish microphone, camera alone",
                "may subscribe to the others",
                "may send data",
                "may moderate the room",
                "is not shown to the others",
            ]
        );
    }

    #[test]
    fn grants_beside_video_have_their_sentences_too() {
        let of = |claims: Value| grant_sentences(claims.as_object().unwrap());
        assert_eq!(
            of(json!({"sip": {"admin": true, "call": true}})),
            [
                "may manage SIP trunks and dispatch rules",
                "may make SIP calls"
            ]
        );
        assert_eq!(
            of(json!({"video": {"roomList": true}, "agent": {"admin": true}})),
            ["may list rooms", "may manage agents"]
        );
        let nothing = ["no `video` grant: allows nothing"];
        assert_eq!(of(json!({"sip": {"admin": false}})), nothing);
        assert_eq!(of(json!({})), nothing);
    }

    #[test]
    fn misspelt_claims_are_found() {
        let claims = json!({
            "iss": "", "vidoe": {}, "video": {"can_publish": true, "room": "x"},
            "roomConfig": {"empty_timeout": 1, "maxParticipants": 2, "maxPeople": 3},
        });
        assert_eq!(
            unknown_claims(claims.as_object().unwrap()),
            ["vidoe", "video.can_publish", "roomConfig.maxPeople"]
        );
    }

    #[test]
    fn spans_have_at_most_two_units() {
        for (seconds, words) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_599, "59 min"),
            (3_600, "1 h"),
            (3_660, "1 h 1 min"),
            (90_000, "1 d 1 h"),
            (864_000, "10 d"),
        ] {
            assert_eq!(span(seconds), words);
        }
    }
}
