//! Explains a LiveKit token: whose it is, whether it is good, what it allows.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};

use super::keys::KeyPair;
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
        claims,
    };
    report.problems = problems(&report, now);
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
        None => problems.push("it has no `exp`, newer LiveKit servers refuse that".into()),
        Some(end) if end.as_second() + LEEWAY <= now => {
            let late = now - end.as_second();
            problems.push(format!("expired {} ago", span(late)));
        }
        Some(_) => {}
    }
    problems.extend(join_problems(&report.claims));
    problems
}

/// What LiveKit only notices when the holder joins.
fn join_problems(claims: &Map<String, Value>) -> Vec<String> {
    let text = |value: Option<&Value>| {
        value
            .and_then(Value::as_str)
            .is_some_and(|text| !text.is_empty())
    };
    let Some(video) = claims.get("video").and_then(Value::as_object) else {
        return Vec::new();
    };
    let mut problems = Vec::new();
    if video.get("roomJoin").and_then(Value::as_bool) == Some(true) {
        if !text(video.get("room")) {
            problems.push("it may join, but names no room (`video.room`)".into());
        }
        if !text(claims.get("sub")) {
            problems.push("it may join, but names no identity (`sub`)".into());
        }
    }
    problems
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
    fn what_is_not_a_token_is_an_error() {
        for text in ["", "a.b.c", "eyJhbGciOiJIUzI1NiJ9.W10.x"] {
            let now = Timestamp::UNIX_EPOCH;
            assert_eq!(inspect(text, None, now).unwrap_err(), Untrusted::Malformed);
        }
    }
}
