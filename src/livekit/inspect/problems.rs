//! Why LiveKit would refuse a token.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Report, Signature, identity, kinds, text};
use crate::livekit::token::LONGEST_NAME;
use crate::livekit::wording::span;

/// LiveKit forgives clocks that differ by this many seconds.
const LEEWAY: i64 = 60;

/// Why LiveKit would refuse the token of `report` at the time `now`.
pub(super) fn problems(report: &Report, now: Timestamp) -> Vec<String> {
    let mut problems = Vec::new();
    let now = now.as_second();
    if report.algorithm != "HS256" {
        problems.push(format!(
            "signed with `{}`, LiveKit accepts HS256 alone",
            report.algorithm
        ));
    } else if report.signature == Signature::Invalid {
        problems.push("the signature does not match the secret of its key".into());
    }
    match (&report.issuer, report.issuer_known) {
        (None, _) => problems.push("it names no API key (`iss`)".into()),
        (Some(key), Some(false)) => {
            problems.push(format!("its key `{key}` is not in livekit.yaml"));
        }
        _ => {}
    }
    if let Some(from) = report.not_before
        && from.as_second() > now + LEEWAY
    {
        let early = from.as_second() - now;
        problems.push(format!("not valid yet, in {}", span(early)));
    }
    if let Some(end) = report.expires
        && end.as_second() + LEEWAY <= now
    {
        let late = now - end.as_second();
        problems.push(format!("expired {} ago", span(late)));
    }
    problems.extend(kinds::wrong(&report.claims));
    problems.extend(join_problems(&report.claims));
    problems
}

/// What LiveKit only notices when the holder joins.
fn join_problems(claims: &Map<String, Value>) -> Vec<String> {
    let Some(video) = claims.get("video").and_then(Value::as_object) else {
        return Vec::new();
    };
    let mut problems = Vec::new();
    if video.get("roomJoin").and_then(Value::as_bool) == Some(true) {
        let room = text(video.get("room"));
        if room.is_empty() {
            problems.push("it may join, but names no room (`video.room`)".into());
        }
        let identity = identity(claims);
        if identity.is_empty() {
            problems.push("it may join, but names no identity (`sub`)".into());
        }
        for (what, name) in [("room", room), ("identity", identity)] {
            if name.len() > LONGEST_NAME {
                let length = name.len();
                let message =
                    format!("its {what} has {length} bytes, LiveKit takes {LONGEST_NAME}");
                problems.push(message);
            }
        }
    }
    problems
}
