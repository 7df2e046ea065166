//! Key pairs, and the webhooks that one of them signs.

use serde_json::{Map, Value};

use super::File;
use crate::config::Effect;
use crate::config::yaml::{Kind, Node};
use crate::livekit::keys::{KeyPair, SHORTEST_SECRET};

/// What is said of a `livekit.yaml` without key pairs.
pub const NO_KEY: &str = "no API key; LiveKit does not start without one";

pub fn judge(file: &mut File) {
    let written = file.tree.entry("keys").map(|entry| &entry.value);
    if !file.text("key_file").is_empty() {
        let message =
            "LiveKit takes its pairs from this file, which must be there and closed to others";
        file.found("key_file", Effect::Depends, message);
        if written.is_some() {
            file.ignores("keys", "without effect: key_file beats it");
        }
        return;
    }
    if written.is_none_or(is_empty) {
        if file.flag("development") {
            let message =
                "without keys, LiveKit's development mode takes devkey with the secret `secret`";
            file.found("development", Effect::Warns, message);
        } else {
            file.refuses("keys", NO_KEY);
        }
    } else {
        pairs(file, written);
    }
    webhook(file);
}

fn is_empty(node: &Node) -> bool {
    node.is_null() || matches!(&node.kind, Kind::Map(entries) if entries.is_empty())
}

fn pairs(file: &mut File, written: Option<&Node>) {
    let Some(Kind::Map(entries)) = written.map(|node| &node.kind) else {
        return;
    };
    for entry in entries {
        let path = format!("keys.{}", entry.key);
        let secret = file.at("keys").and_then(|keys| keys.get(&entry.key));
        let Some(secret) = secret.and_then(Value::as_str) else {
            continue;
        };
        let pair = KeyPair {
            key: entry.key.clone(),
            secret: secret.into(),
        };
        for doubt in doubts(&pair, secret, &entry.value) {
            // A name can have a dot, which paths cannot tell from their own.
            file.found(&path, Effect::Warns, doubt);
            if let Some(lint) = file.lints.last_mut() {
                lint.at = Some(entry.at);
            }
        }
    }
}

/// What is doubtful about a pair.
fn doubts(pair: &KeyPair, secret: &str, value: &Node) -> Vec<String> {
    let mut doubts = Vec::new();
    let is_number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if is_number(&pair.key) {
        doubts.push("the key is a number; some YAML readers change it".to_owned());
    }
    if let Kind::Scalar { text, plain: true } = &value.kind
        && is_number(text)
    {
        doubts.push("the secret is a number; put it in quotes".to_owned());
    }
    if pair.is_documented() {
        doubts.push("the documented development pair: anybody can make tokens for it".to_owned());
    } else if secret.is_empty() {
        doubts.push("an empty secret: anybody can make tokens for it".to_owned());
    } else if pair.is_short() {
        doubts.push(format!(
            "the secret has {} characters; LiveKit asks for {SHORTEST_SECRET} or more",
            secret.len()
        ));
    }
    doubts
}

fn webhook(file: &mut File) {
    let key = file.text("webhook.api_key");
    let none = Map::new();
    let keys = file.at("keys").and_then(Value::as_object).unwrap_or(&none);
    let secret = keys.get(key).and_then(Value::as_str).unwrap_or_default();
    let is_default = keys.is_empty() && file.flag("development") && key == "devkey";
    let is_known = !secret.is_empty() || is_default;
    let calls = file
        .list("webhook.urls")
        .is_some_and(|urls| !urls.is_empty());
    match (key, calls) {
        _ if is_known => {}
        ("", true) => {
            let message =
                "needs webhook.api_key, the name of a key under `keys`; `urbania up` adds it";
            file.refuses("webhook.urls", message);
        }
        // Not quoted: a secret is what people put here by mistake.
        (_, true) => file.refuses("webhook.api_key", "not the name of a key under `keys`"),
        ("", false) => {}
        (_, false) => {
            let message =
                "without effect: not the name of a key under `keys`, and nobody is told of events";
            file.ignores("webhook.api_key", message);
        }
    }
}
