//! Claims of another kind than LiveKit reads: for one of them it refuses the whole token.

use std::fmt;

use serde_json::{Map, Value};

use crate::livekit::room_config;

/// What a claim must be; `null` is as good as none.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Texts,
    TextOrTexts,
    /// Names with a text each.
    Named,
    YesOrNo,
    Time,
    Object,
}

use Kind::{Named, Object, Text, TextOrTexts, Texts, Time, YesOrNo};

const KINDS: &[(&str, Kind)] = &[
    ("iss", Text),
    ("sub", Text),
    ("jti", Text),
    ("aud", TextOrTexts),
    ("nbf", Time),
    ("exp", Time),
    ("iat", Time),
    ("name", Text),
    ("metadata", Text),
    ("attributes", Named),
    ("kind", Text),
    ("kindDetails", Texts),
    ("sha256", Text),
    ("roomPreset", Text),
    ("roomConfig", Object),
    ("sip", Object),
    ("agent", Object),
    ("inference", Object),
    ("observability", Object),
    ("video", Object),
    ("video.room", Text),
    ("video.destinationRoom", Text),
    ("video.canPublishSources", Texts),
    ("video.roomJoin", YesOrNo),
    ("video.roomAdmin", YesOrNo),
    ("video.roomCreate", YesOrNo),
    ("video.roomList", YesOrNo),
    ("video.roomRecord", YesOrNo),
    ("video.ingressAdmin", YesOrNo),
    ("video.canPublish", YesOrNo),
    ("video.canSubscribe", YesOrNo),
    ("video.canPublishData", YesOrNo),
    ("video.canUpdateOwnMetadata", YesOrNo),
    ("video.canSubscribeMetrics", YesOrNo),
    ("video.canManageAgentSession", YesOrNo),
    ("video.hidden", YesOrNo),
    ("video.recorder", YesOrNo),
    ("video.agent", YesOrNo),
];

/// What is wrong with the kinds of claims.
pub(super) fn wrong(claims: &Map<String, Value>) -> Vec<String> {
    let found = KINDS.iter().filter_map(|(path, kind)| {
        let mut names = path.split('.');
        let first = claims.get(names.next()?)?;
        let value = names.try_fold(first, |at, name| at.get(name))?;
        let is_right = value.is_null() || kind.takes(value);
        (!is_right).then(|| format!("its `{path}` must be {kind}, and is {}", named(value)))
    });
    found.chain(configured(claims)).collect()
}

/// What LiveKit cannot read within `roomConfig`.
fn configured(claims: &Map<String, Value>) -> Option<String> {
    let config = claims.get("roomConfig").filter(|config| config.is_object());
    let why = room_config::read(config?.clone()).err()?;
    Some(format!("its `roomConfig` cannot be read: {why}"))
}

/// Seconds since 1970, which may stand in quotes.
pub(super) fn seconds(value: &Value) -> Option<f64> {
    let quoted = || {
        let text = value.as_str()?;
        let is_number = text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        text.parse().ok().filter(|_| is_number)
    };
    value.as_f64().or_else(quoted)
}

impl Kind {
    fn takes(self, value: &Value) -> bool {
        let all = |is: &dyn Fn(&Value) -> bool| {
            let of_list = value.as_array().map(|list| list.iter().all(is));
            let of_map = || value.as_object().map(|map| map.values().all(is));
            of_list.or_else(of_map).unwrap_or(false)
        };
        let is_text = |value: &Value| value.is_string() || value.is_null();
        match self {
            Text => value.is_string(),
            Texts => value.is_array() && all(&is_text),
            TextOrTexts => value.is_string() || (value.is_array() && all(&Value::is_string)),
            Named => value.is_object() && all(&is_text),
            YesOrNo => value.is_boolean(),
            Time => seconds(value).is_some(),
            Object => value.is_object(),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Text => "a text",
            Texts => "a list of texts",
            TextOrTexts => "a text or a list of texts",
            Named => "names with a text each",
            YesOrNo => "`true` or `false` without quotes",
            Time => "a time in seconds",
            Object => "an object",
        })
    }
}

fn named(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "`true` or `false`",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
