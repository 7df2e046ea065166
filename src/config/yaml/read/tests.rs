use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::config::yaml::parse;
use crate::config::{Target, lint, livekit_schema, settings_schema};

fn read(text: &str, schema: &Value) -> (Value, Vec<String>) {
    let (node, complaints) = parse(text);
    assert_eq!(complaints, []);
    let (value, found) = Reader::new(schema, "unknown key").read(&node.unwrap());
    let found = found
        .into_iter()
        .map(|f| format!("{}: {}", f.path, f.message));
    (value, found.collect())
}

#[test]
fn values_have_the_types_of_the_schema() {
    let text = "room: {auto_create: yes}\nlimit: {bytes_per_sec: 1_000_000_000}\n\
                keys: {APIone: 0123}\nrtc: {udp_port: 7882}\nlog_level:\n";
    let (value, found) = read(text, &livekit_schema());
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(
        value,
        json!({
            "room": {"auto_create": true},
            "limit": {"bytes_per_sec": 1_000_000_000},
            "keys": {"APIone": "0123"},
            "rtc": {"udp_port": "7882"},
        })
    );
}

#[test]
fn what_was_found_is_named_unless_it_is_secret() {
    let text = "port: -1\nrtc: {tcp_port: '7881', udp_port: a-b}\nroom: {auto_create: 1}\n\
                redis: {password: [x]}\nsignal_relay: {retry_timeout: soon, max_retry_interval: 5}\n";
    let (_, found) = read(text, &livekit_schema());
    assert_eq!(
        found,
        [
            "port: -1 is not between 0 and 4294967295",
            "rtc.tcp_port: expected a whole number, found the text `7881` in quotes",
            "rtc.udp_port: `a-b` is neither a port nor ports such as 7882-7892",
            "room.auto_create: expected true or false, found the number `1`",
            "redis.password: expected a text, found a list",
            "signal_relay.retry_timeout: `soon` is not a duration, such as 500ms or 1m30s",
            "signal_relay.max_retry_interval: expected a duration with its unit, such as `30s`, found the number `5`",
        ]
    );
}

proptest! {
    #[test]
    fn garbage_is_never_a_panic(text in "[a-c:\\-\\[\\]{}&*!|>'\"%@#?, \t\n0-9\\PC]{0,60}") {
        if let (Some(node), _) = parse(&text) {
            let _ = Reader::new(&livekit_schema(), "").read(&node);
        }
        let _ = lint(&text, Target::of_image(""));
    }

    #[test]
    fn half_written_settings_are_never_a_panic(cut in 0_usize..200, extra in "\\PC{0,3}") {
        let whole = "api:\n  listen: 127.0.0.1:8000\n  cors_origins:\n    - http://a\nbackends: [a, 'b']\nservices: {mongodb: {enabled: no}}\n";
        let text = format!("{}{extra}", whole.get(..cut).unwrap_or(whole));
        if let (Some(node), _) = parse(&text) {
            let _ = Reader::new(&settings_schema(), "").read(&node);
        }
    }
}
