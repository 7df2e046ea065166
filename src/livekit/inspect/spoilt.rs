//! Secrets that an env file or its loader has spoilt on the way to a backend.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use secrecy::ExposeSecret as _;

use super::{Signature, verify_with};
use crate::jwt::Parts;
use crate::livekit::keys::KeyPair;

/// What stands before and behind the secret, and what that is called.
const AROUND: [(&str, &str, &str); 8] = [
    ("\"", "\"", "in double quotes"),
    ("'", "'", "in single quotes"),
    ("`", "`", "in backquotes"),
    ("", "\n", "with a line end behind it"),
    ("", "\r", "with a carriage return behind it"),
    ("", "\r\n", "with a line end behind it"),
    ("", " ", "with a blank behind it"),
    (" ", "", "with a blank before it"),
];

/// Whose secret signed it, and how that was spoilt; the secret itself is not said.
pub(super) fn signer(parts: Parts<'_>, keys: &[KeyPair]) -> Option<String> {
    let signed = |secret: &[u8]| verify_with(parts, secret) == Signature::Valid;
    keys.iter().find_map(|pair| {
        let how = spoilt(pair.secret.expose_secret(), &signed)?;
        Some(format!(
            "it was signed with the secret of `{}` {how}: look at the env file of the backend, and how it is loaded",
            pair.key
        ))
    })
}

fn spoilt(secret: &str, signed: &dyn Fn(&[u8]) -> bool) -> Option<&'static str> {
    let around = AROUND
        .iter()
        .find(|(before, behind, _)| signed(format!("{before}{secret}{behind}").as_bytes()));
    if let Some((.., how)) = around {
        return Some(how);
    }
    let readings = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD];
    let mut decoded = readings.iter().filter_map(|of| of.decode(secret).ok());
    if decoded.any(|bytes| signed(&bytes)) {
        return Some("decoded from base64");
    }
    signed(STANDARD.encode(secret).as_bytes()).then_some("encoded in base64")
}
