//! Explains a LiveKit token: whose it is, whether it is good, what it allows.

mod doubts;
mod kinds;
mod pasted;
mod problems;
mod spoilt;
mod unreadable;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};

use self::doubts::doubts;
pub use self::pasted::unwrapped;
use self::problems::problems;
pub use self::unreadable::unreadable;
use super::keys::KeyPair;
use super::wording::{grant_sentences, span, unknown_claims};
use crate::jwt::{Parts, Untrusted};

/// The length of a signature.
const SIGNATURE: usize = 43;

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
    let length = parts.signature.len();
    if report.signature == Signature::Invalid && length != SIGNATURE {
        let cut = format!("its signature has {length} characters, and that of HS256 {SIGNATURE}");
        report.problems.push(cut);
    }
    if report.signature != Signature::Valid {
        let keys = keys.unwrap_or_default();
        let why = signer(parts, keys).map(|other| {
            let key = &other.key;
            format!("it was signed with the secret of `{key}`, under another key's name")
        });
        report
            .problems
            .extend(why.or_else(|| spoilt::signer(parts, keys)));
    }
    Ok(report)
}

fn verify(parts: Parts<'_>, pair: &KeyPair) -> Signature {
    verify_with(parts, pair.secret.expose_secret().as_bytes())
}

fn verify_with(parts: Parts<'_>, secret: &[u8]) -> Signature {
    let secret = DecodingKey::from_secret(secret);
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

fn object(part: &str) -> Result<Map<String, Value>, Untrusted> {
    let json = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| Untrusted::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| Untrusted::Malformed)
}

/// A time beyond those that are known is the last of them.
fn time(claims: &Map<String, Value>, name: &str) -> Option<Timestamp> {
    let seconds = kinds::seconds(claims.get(name)?)?;
    let (first, last) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    let second = (seconds as i64).clamp(first, last);
    Timestamp::from_second(second).ok()
}

/// How far `at` is from `now`, in words.
pub fn distance(at: Timestamp, now: Timestamp) -> String {
    match at.as_second() - now.as_second() {
        0 => "now".into(),
        ahead @ 1.. => format!("in {}", span(ahead)),
        behind => format!("{} ago", span(-behind)),
    }
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

#[cfg(test)]
mod tests;
