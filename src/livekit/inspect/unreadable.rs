//! What it is that cannot be read as a token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};

use crate::livekit::keys::KeyPair;

/// What is wrong with a text that is no token; it is not quoted, for it may be a secret.
pub fn unreadable(text: &str, keys: &[KeyPair]) -> String {
    if let Some(pair) = keys.iter().find(|pair| pair.secret.expose_secret() == text) {
        let key = &pair.key;
        return format!("this is the secret of `{key}`: it signs tokens, and stays on the server");
    }
    if let Some(pair) = keys.iter().find(|pair| pair.key == text) {
        let key = &pair.key;
        return format!("`{key}` is the name of a key: tokens are signed with its secret");
    }
    if text.is_empty() {
        return "there is nothing to read".to_owned();
    }
    if text.contains("://") {
        return "this is an address: tokens begin with `eyJ`".to_owned();
    }
    if text.contains(char::is_whitespace) {
        return "there are blanks or line breaks in it".to_owned();
    }
    let parts: Vec<&str> = text.split('.').collect();
    match parts[..] {
        [header, payload, _] => [("first", header), ("second", payload)]
            .into_iter()
            .find_map(|(which, part)| unreadable_part(which, part))
            .unwrap_or_else(|| "it is longer than any token".to_owned()),
        [_] => "a token has three parts with dots between, and this has no dot".to_owned(),
        [_, _] => "a token has three parts with dots between, and this has two: its end is missing"
            .to_owned(),
        _ => format!(
            "a token has three parts with dots between, and this has {}: is it two tokens?",
            parts.len()
        ),
    }
}

fn unreadable_part(which: &str, part: &str) -> Option<String> {
    let Ok(json) = URL_SAFE_NO_PAD.decode(part) else {
        return Some(format!(
            "its {which} part is not base64url: it is cut off, or there is a letter too many"
        ));
    };
    let is_object = serde_json::from_slice::<Map<String, Value>>(&json).is_ok();
    (!is_object).then(|| format!("its {which} part is no JSON object"))
}
