//! What of `livekit.yaml` makes no difference to the embedded SFU.

use serde_json::Value;

/// What does. A path stands for all below it.
const SUPPORTED: [&str; 17] = [
    "port",
    "bind_addresses",
    "keys",
    "rtc.tcp_port",
    "rtc.port_range_start",
    "rtc.port_range_end",
    "rtc.udp_port",
    "rtc.node_ip",
    "rtc.enable_loopback_candidate",
    "room.auto_create",
    "room.empty_timeout",
    "room.departure_timeout",
    "room.max_participants",
    "webhook.api_key",
    "webhook.urls",
    "development",
    "region",
];

/// Names the keys that are there and are not heeded.
pub fn unheeded(tree: &Value) -> Option<String> {
    let keys = keys(tree);
    (!keys.is_empty()).then(|| format!("the embedded SFU does not heed {}", keys.join(", ")))
}

fn keys(tree: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (key, value) in tree.as_object().into_iter().flatten() {
        walk(key, value, &mut found);
    }
    found
}

fn walk(path: &str, value: &Value, found: &mut Vec<String>) {
    if SUPPORTED.contains(&path) || says_nothing(value) {
        return;
    }
    let is_parent = SUPPORTED.iter().any(|known| {
        known
            .strip_prefix(path)
            .is_some_and(|rest| rest.starts_with('.'))
    });
    match value.as_object() {
        Some(map) if is_parent => {
            for (key, value) in map {
                walk(&format!("{path}.{key}"), value, found);
            }
        }
        _ => found.push(path.to_owned()),
    }
}

/// What is off needs no support.
fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(is_on) => !is_on,
        Value::Object(map) => map.is_empty() || map.values().all(says_nothing),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_without_effect_are_named_with_their_path() {
        let tree = json!({
            "port": 7880,
            "keys": {"a": "b"},
            "rtc": {"udp_port": 7882, "use_external_ip": false, "stun_servers": ["a"]},
            "turn": {"enabled": true, "domain": "x"},
            "redis": {"address": "localhost:6379"},
        });
        assert_eq!(keys(&tree), ["rtc.stun_servers", "turn", "redis"]);
        assert_eq!(unheeded(&json!({"turn": {"enabled": false}})), None);
    }
}
