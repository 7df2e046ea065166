//! Explains a LiveKit token: whose it is, whether it is good, what it allows.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};

use super::keys::KeyPair;
use super::token::LONGEST_NAME;
use super::wording::{grant_sentences, span, unknown_claims};
use crate::jwt::{Parts, Untrusted};

/// LiveKit forgives clocks that differ by this many seconds.
const LEEWAY: i64 = 60;

/// What there is to say about a token; never its signature.
#[derive(Clone, Debug)]
pub struct Report {
    /// `alg` of the header.
    pub algorithm: String,
    /// `iss`: the name of the API key.
    pub issuer: Option<String>,
    /// Whether the project has that key; `None` outside a project.
    pub issuer_known: Option<bool>,
    /// What the secret of that key says.
    pub signature: Signature,
    /// `nbf`.
    pub not_before: Option<Timestamp>,
    /// `exp`.
    pub expires: Option<Timestamp>,
    /// What the token allows, sentence by sentence.
    pub grants: Vec<String>,
    /// Claims that LiveKit does not know, as `video.oops`.
    pub unknown: Vec<String>,
    /// Why LiveKit would refuse it; empty for a good token.
    pub problems: Vec<String>,
    /// What LiveKit takes, but was hardly meant.
    pub doubts: Vec<String>,
    /// The whole payload.
    pub claims: Map<String, Value>,
}

/// What a secret says about a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// It matches.
    Valid,
    /// It does not.
    Invalid,
    /// There is no secret to check it with.
    NotChecked,
}

impl Signature {
    /// In one word, also for scripts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::NotChecked => "not checked",
        }
    }
}

/// Explains `token` at the time `now`. `keys` are the project's, `None` outside a project.
pub fn inspect(token: &str, keys: Option<&[KeyPair]>, now: Timestamp) -> Result<Report, Untrusted> {
    let parts = Parts::split(token)?;
    let header = object(parts.header)?;
    let claims = object(parts.payload)?;
    let algorithm = header.get("alg").and_then(Value::as_str).unwrap_or("none");
    let issuer = claims.get("iss").and_then(Value::as_str);
    let pair = keys.map(|keys| keys.iter().find(|pair| Some(pair.key.as_str()) == issuer));
    let signature = match pair.flatten() {
        Some(pair) => verify(parts, pair),
        None => Signature::NotChecked,
    };
    let mut report = Report {
        algorithm: algorithm.to_owned(),
        issuer: issuer.map(str::to_owned),
        issuer_known: pair.map(|pair| pair.is_some()),
        signature,
        not_before: time(&claims, "nbf"),
        expires: time(&claims, "exp"),
        grants: grant_sentences(&claims),
        unknown: unknown_claims(&claims),
        problems: Vec::new(),
        doubts: doubts(&claims),
        claims,
    };
    report.problems = problems(&report, now);
    if report.signature == Signature::Invalid
        && let Some(other) = signer(parts, keys.unwrap_or_default())
    {
        let key = &other.key;
        let why = format!("it was signed with the secret of `{key}`, under another key's name");
        report.problems.push(why);
    }
    Ok(report)
}

fn verify(parts: Parts<'_>, pair: &KeyPair) -> Signature {
    let secret = DecodingKey::from_secret(pair.secret.expose_secret().as_bytes());
    let signed = parts.signed.as_bytes();
    match jsonwebtoken::crypto::verify(parts.signature, signed, &secret, Algorithm::HS256) {
        Ok(true) => Signature::Valid,
        Ok(false) | Err(_) => Signature::Invalid,
    }
}

/// The pair whose secret signed it, whatever it says itself.
fn signer<'a>(parts: Parts<'_>, keys: &'a [KeyPair]) -> Option<&'a KeyPair> {
    let mut keys = keys.iter();
    keys.find(|pair| verify(parts, pair) == Signature::Valid)
}

/// The token in what somebody pasted, and what stood around it.
pub fn unwrapped(text: &str) -> (&str, Option<&'static str>) {
    let blank = text.trim();
    let token = blank.trim_matches(['"', '\'', '`']).trim();
    if let Some(rest) = token
        .strip_prefix("Bearer ")
        .or(token.strip_prefix("bearer "))
    {
        let what = "`Bearer ` stood before it: that belongs into the header, not into the token";
        return (rest.trim(), Some(what));
    }
    if let Some((_, rest)) = token.split_once("access_token=") {
        let what = "it stood in an address: the SDK wants the address and the token apart";
        return (rest.split('&').next().unwrap_or(rest), Some(what));
    }
    let quoted = token.len() != blank.len();
    (
        token,
        quoted.then_some("it stood in quotes, which LiveKit takes for a part of it"),
    )
}

fn object(part: &str) -> Result<Map<String, Value>, Untrusted> {
    let json = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| Untrusted::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| Untrusted::Malformed)
}

fn time(claims: &Map<String, Value>, name: &str) -> Option<Timestamp> {
    let seconds = claims.get(name)?.as_f64()?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "saturates; jiff checks the range"
    )]
    Timestamp::from_second(seconds as i64).ok()
}

/// How far `at` is from `now`, in words.
pub fn distance(at: Timestamp, now: Timestamp) -> String {
    match at.as_second() - now.as_second() {
        0 => "now".into(),
        ahead @ 1.. => format!("in {}", span(ahead)),
        behind => format!("{} ago", span(-behind)),
    }
}

fn problems(report: &Report, now: Timestamp) -> Vec<String> {
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
    match report.expires {
        None if report.claims.get("exp").is_some_and(|exp| !exp.is_null()) => {
            problems.push("its `exp` is no time".into());
        }
        Some(end) if end.as_second() + LEEWAY <= now => {
            let late = now - end.as_second();
            problems.push(format!("expired {} ago", span(late)));
        }
        Some(_) | None => {}
    }
    for name in ["iss", "sub", "jti"] {
        let claim = report.claims.get(name);
        if claim.is_some_and(|claim| !claim.is_string() && !claim.is_null()) {
            problems.push(format!("its `{name}` is no text"));
        }
    }
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

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

/// LiveKit takes the token's own id for a missing identity.
fn identity(claims: &Map<String, Value>) -> &str {
    match text(claims.get("sub")) {
        "" => text(claims.get("jti")),
        identity => identity,
    }
}

/// What LiveKit takes without a word.
fn doubts(claims: &Map<String, Value>) -> Vec<String> {
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
    let number = |name: &str| claims.get(name).and_then(Value::as_f64);
    let reversed = number("nbf")
        .zip(number("exp"))
        .is_some_and(|(from, end)| end <= from);
    doubt(reversed, "it ends before it begins (`nbf`, `exp`)");
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::livekit::token::{JoinToken, Signer};
    use serde_json::json;
    use std::time::Duration;

    const NOW: i64 = 1_800_000_000;

    fn pair(key: &str) -> KeyPair {
        KeyPair {
            key: key.into(),
            secret: format!("{key}: a secret of at least thirty-two characters").into(),
        }
    }

    fn join() -> String {
        let join = JoinToken::new("daily", "ada", Duration::from_hours(1));
        Signer::new(&pair("APIone"))
            .mint(&join, NOW.try_into().unwrap())
            .unwrap()
            .token
    }

    fn report(token: &str, keys: &[KeyPair], at: i64) -> Report {
        inspect(token, Some(keys), Timestamp::from_second(at).unwrap()).unwrap()
    }

    #[test]
    fn a_good_token_has_no_problems_from_its_first_to_its_last_second() {
        for at in [NOW - 60, NOW, NOW + 3600, NOW + 3659] {
            let report = report(&join(), &[pair("APItwo"), pair("APIone")], at);
            assert_eq!(report.problems, [""; 0]);
            assert_eq!(report.signature, Signature::Valid);
            assert_eq!(report.issuer_known, Some(true));
        }
    }

    #[test]
    fn a_token_out_of_its_time_says_by_how_much() {
        let keys = [pair("APIone")];
        let late = report(&join(), &keys, NOW + 3600 + 180);
        assert_eq!(late.problems, ["expired 3 min ago"]);
        let early = report(&join(), &keys, NOW - 7200);
        assert_eq!(early.problems, ["not valid yet, in 2 h"]);
    }

    #[test]
    fn the_key_and_the_secret_are_told_apart() {
        let other = report(&join(), &[pair("APItwo")], NOW);
        assert_eq!(other.problems, ["its key `APIone` is not in livekit.yaml"]);
        assert_eq!(other.signature, Signature::NotChecked);
        let imposter = KeyPair {
            key: "APIone".into(),
            secret: "another".into(),
        };
        let wrong = report(&join(), &[imposter], NOW);
        assert_eq!(
            wrong.problems,
            ["the signature does not match the secret of its key"]
        );
        let outside = inspect(&join(), None, Timestamp::from_second(NOW).unwrap()).unwrap();
        assert_eq!(outside.issuer_known, None);
        assert_eq!(outside.signature, Signature::NotChecked);
        assert_eq!(outside.problems, [""; 0]);
    }

    #[test]
    fn tokens_that_livekit_would_refuse_say_why() {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = json!({"video": {"roomJoin": true}, "exp": NOW + 10});
        let none = format!("{}.{}.", part(json!({"alg": "none"})), part(claims));
        assert_eq!(
            report(&none, &[], NOW).problems,
            [
                "signed with `none`, LiveKit accepts HS256 alone",
                "it names no API key (`iss`)",
                "it may join, but names no room (`video.room`)",
                "it may join, but names no identity (`sub`)",
            ]
        );
    }

    #[test]
    fn what_stood_around_a_token_is_taken_off_and_told() {
        let token = join();
        for (around, told) in [
            (token.clone(), None),
            (format!(" {token}\n"), None),
            (format!("\"{token}\""), Some("quotes")),
            (format!("'{token}' "), Some("quotes")),
            (format!("Bearer {token}"), Some("Bearer")),
            (
                format!("wss://sfu/rtc?access_token={token}&auto=1"),
                Some("address"),
            ),
        ] {
            let (found, what) = unwrapped(&around);
            assert_eq!(found, token, "{around}");
            assert_eq!(what.is_some(), told.is_some(), "{around}");
            assert!(what.unwrap_or_default().contains(told.unwrap_or_default()));
        }
    }

    #[test]
    fn a_secret_of_another_pair_is_recognised() {
        let imposter = KeyPair {
            secret: "another".into(),
            ..pair("APIone")
        };
        let twin = KeyPair {
            key: "APItwo".into(),
            ..pair("APIone")
        };
        let report = report(&join(), &[imposter, twin], NOW);
        assert_eq!(
            report.problems[1],
            "it was signed with the secret of `APItwo`, under another key's name"
        );
    }

    #[test]
    fn what_is_not_a_token_is_an_error() {
        for text in ["", "a.b.c", "eyJhbGciOiJIUzI1NiJ9.W10.x"] {
            let now = Timestamp::UNIX_EPOCH;
            assert_eq!(inspect(text, None, now).unwrap_err(), Untrusted::Malformed);
        }
    }
}
