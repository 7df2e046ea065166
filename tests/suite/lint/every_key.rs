//! Every key of the table: one file with a good value for each, and a file for each bad value.

use serde_json::{Map, Value, json};
use urbania::config::livekit_schema;

use super::Row;

/// Keys that rows of their own are about, or that would open what is not there.
const ELSEWHERE: [&str; 6] = [
    "key_file",
    "redis.address",
    "redis.sentinel_addresses",
    "redis.cluster_addresses",
    "rtc.turn_servers[].secret_file",
    "room.room_configurations.*",
];

/// Values that are as good as they must be to start with.
fn good(path: &str) -> Option<Value> {
    Some(match path {
        "port" => json!("$PORT"),
        "keys.*" => json!("aaaaaaaaaabbbbbbbbbbccccccccccdd"),
        "bind_addresses[]" | "rtc.node_ip" => json!("127.0.0.1"),
        "prometheus_port" => json!(0),
        "prometheus.port" => json!("$METRICS"),
        "debug_handler.port" => json!("$DEBUG"),
        "rtc.tcp_port" => json!("$TCP"),
        "rtc.port_range_start" | "rtc.port_range_end" => json!("$UDP"),
        "rtc.udp_port" => json!("7882-7892"),
        "rtc.ips.includes[]" | "rtc.ips.excludes[]" => json!("127.0.0.0/8"),
        "rtc.tcp_fallback_rtt_threshold" => json!(100),
        "room.enabled_codecs[].mime" => json!("video/VP8"),
        "node_selector.kind" => json!("any"),
        "node_selector.sort_by" => json!("rooms"),
        "node_selector.algorithm" => json!("twochoice"),
        "webhook.api_key" => json!("own"),
        "logging.level" | "log_level" | "logging.pion_level" => json!("warn"),
        "logging.component_levels.*" => json!("WARN"),
        "trace.jaeger_url" => json!("127.0.0.1:1"),
        _ => return None,
    })
}

pub fn rows() -> Vec<Row> {
    let mut keys = Vec::new();
    collect(&livekit_schema(), "", &mut keys);
    assert!(keys.len() > 300, "{}", keys.len());
    let mut all = json!({});
    let mut rows = Vec::new();
    for (path, takes) in &keys {
        if !ELSEWHERE.contains(&path.as_str()) {
            let value = good(path).unwrap_or_else(|| any(takes));
            *place(&mut all, path) = value;
        }
        let mut one = json!({});
        *place(&mut one, path) = bad(takes);
        rows.push(row(&concrete(path), &one));
    }
    // Some beat others, which is told.
    rows.push(row("rtc.udp_port", &all));
    rows
}

fn row(says: &str, value: &Value) -> Row {
    let entries = value.as_object().into_iter().flatten();
    let lines: Vec<_> = entries
        .map(|(key, value)| format!("{key}: {value}"))
        .collect();
    let mut yaml = lines.join("\n");
    for name in ["PORT", "TCP", "UDP", "METRICS", "DEBUG"] {
        // Ports are numbers.
        yaml = yaml.replace(&format!("\"${name}\""), &format!("${name}"));
    }
    Row {
        says: says.to_owned(),
        yaml,
    }
}

/// Every path of the schema that takes a value, with what LiveKit declares it as.
fn collect(schema: &Value, path: &str, keys: &mut Vec<(String, String)>) {
    if let Some(takes) = schema["x-livekit"].as_str() {
        keys.push((path.to_owned(), takes.to_owned()));
        return;
    }
    let below = |key: &str| match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    for (key, schema) in schema["properties"].as_object().into_iter().flatten() {
        collect(schema, &below(key), keys);
    }
    if schema["items"].is_object() {
        collect(&schema["items"], &format!("{path}[]"), keys);
    }
    if schema["additionalProperties"].is_object() {
        let is_number = schema["x-livekit-keys"] == "numbers";
        collect(
            &schema["additionalProperties"],
            &below(if is_number { "#" } else { "*" }),
            keys,
        );
    }
}

/// Where a value goes in a document.
fn place<'a>(value: &'a mut Value, path: &str) -> &'a mut Value {
    let mut place = value;
    for step in path.split('.') {
        let (name, in_list) = step.strip_suffix("[]").map_or((step, false), |n| (n, true));
        let name = match name {
            "*" => "own",
            "#" => "1",
            name => name,
        };
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        place = &mut place[name];
        if in_list {
            if !place.is_array() {
                *place = json!([null]);
            }
            place = &mut place[0];
        }
    }
    place
}

/// The path as the linter says it.
fn concrete(path: &str) -> String {
    path.replace("[]", "[0]")
        .replace('*', "own")
        .replace('#', "1")
}

fn any(takes: &str) -> Value {
    match takes {
        "bool" => json!(false),
        "duration" => json!("1s"),
        "float" | "float32" => json!(0.5),
        "string" | "secret" | "file" => json!("a"),
        _ => json!(1),
    }
}

/// A value that no reader takes for one of the type.
fn bad(takes: &str) -> Value {
    match takes {
        "duration" => json!(300),
        "string" | "secret" | "file" => json!({"a": 1}),
        "udp-ports" | "node-ip" => json!("wide"),
        "bool" => json!("perhaps"),
        _ => json!("many"),
    }
}
