//! What LiveKit takes, but was hardly meant.

use serde_json::{Map, Value};

use super::{identity, kinds, text};

/// In seconds, that is the year 5138.
const FAR: f64 = 1e11;

/// What LiveKit knows of `canPublishSources`; another source counts as unknown.
const SOURCES: [&str; 4] = ["camera", "microphone", "screen_share", "screen_share_audio"];

/// What LiveKit takes without a word.
pub(super) fn doubts(claims: &Map<String, Value>) -> Vec<String> {
    let mut doubts = Vec::new();
    let mut doubt = |is: bool, what: &str| {
        if is {
            doubts.push(what.to_owned());
        }
    };
    doubt(
        !claims.contains_key("exp"),
        "it has no `exp`: it is good for ever, and newer LiveKit servers refuse it",
    );
    let number = |name: &str| claims.get(name).and_then(kinds::seconds);
    let reversed = number("nbf")
        .zip(number("exp"))
        .is_some_and(|(from, end)| end <= from);
    doubt(reversed, "it ends before it begins (`nbf`, `exp`)");
    for name in ["nbf", "exp", "iat"] {
        let is_far = number(name).is_some_and(|at| at > FAR);
        doubt(
            is_far,
            &format!("its `{name}` is in milliseconds, and is taken for seconds"),
        );
    }
    let Some(video) = claims.get("video").and_then(Value::as_object) else {
        return doubts;
    };
    let says = |name: &str, yes: bool| video.get(name).and_then(Value::as_bool) == Some(yes);
    let joins = says("roomJoin", true);
    let unnamed = joins && text(claims.get("sub")).is_empty() && !identity(claims).is_empty();
    doubt(
        unnamed,
        "it names no identity (`sub`): its own id (`jti`) is taken for one",
    );
    let sources = video.get("canPublishSources").and_then(Value::as_array);
    let has_sources = sources.is_some_and(|sources| !sources.is_empty());
    doubt(
        says("canPublish", false) && has_sources,
        "`canPublishSources` has no effect where `canPublish` is false",
    );
    let unknown = sources.into_iter().flatten().filter_map(Value::as_str);
    let unknown: Vec<&str> = unknown
        .filter(|source| !SOURCES.contains(&source.to_ascii_lowercase().as_str()))
        .collect();
    doubt(
        !unknown.is_empty(),
        &format!(
            "`canPublishSources` names `{}`: LiveKit knows {} alone",
            unknown.join("`, `"),
            SOURCES.join(", ")
        ),
    );
    doubt(
        !joins && !text(video.get("room")).is_empty() && !says("roomAdmin", true),
        "it names a room but may not join it: `roomJoin` is not true",
    );
    doubt(
        says("roomAdmin", true) && text(video.get("room")).is_empty(),
        "`roomAdmin` counts for the room that is named, and none is",
    );
    doubt(
        says("hidden", true) && !says("recorder", true) && !says("canPublish", false),
        "it is hidden and may publish: the others do not see who sends",
    );
    doubt(
        says("recorder", true) && !says("hidden", true),
        "it is a recorder and not hidden: the others see it as a participant",
    );
    doubts
}
