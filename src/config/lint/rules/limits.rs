//! Logs, limits, rooms, traces: what LiveKit hardly looks at when it starts.

use serde_json::Value;

use super::File;
use crate::config::Effect;

/// In lower or upper case.
const LEVELS: [&str; 8] = [
    "debug", "info", "warn", "warning", "error", "dpanic", "panic", "fatal",
];

/// What rooms can carry.
const CODECS: [&str; 10] = [
    "audio/opus",
    "audio/red",
    "audio/pcmu",
    "audio/pcma",
    "video/vp8",
    "video/h264",
    "video/vp9",
    "video/av1",
    "video/h265",
    "video/rtx",
];

pub fn judge(file: &mut File) {
    levels(file);
    codecs(file);
    moved(file);
    trace(file);
    if file.is_set("prometheus.port") {
        let has = |key: &str| !file.text(&format!("prometheus.{key}")).is_empty();
        if has("username") != has("password") {
            let message = "metrics are open to everybody: username and password go together";
            file.found("prometheus", Effect::Ignores, message);
        }
    }
}

fn levels(file: &mut File) {
    for path in ["log_level", "logging.level", "logging.pion_level"] {
        level(file, path);
    }
    let components = file
        .at("logging.component_levels")
        .and_then(Value::as_object);
    for component in components.into_iter().flat_map(|map| map.keys()) {
        level(file, &format!("logging.component_levels.{component}"));
    }
    if !file.text("log_level").is_empty() {
        let message = "deprecated; its new name is logging.level";
        file.found("log_level", Effect::Warns, message);
    }
}

fn level(file: &mut File, path: &str) {
    let level = file.text(path);
    let is_known = |known: &&str| *known == level || known.to_uppercase() == level;
    if !level.is_empty() && !LEVELS.iter().any(is_known) {
        let message = format!(
            "`{level}` is no level: LiveKit takes info; there are debug, info, warn, error"
        );
        file.ignores(path, message);
    }
}

fn codecs(file: &mut File) {
    const ENABLED: &str = "room.enabled_codecs";
    let Some(codecs) = file.list(ENABLED) else {
        return;
    };
    if codecs.is_empty() {
        file.found(ENABLED, Effect::Fails, "an empty list: nobody can publish");
    }
    for (n, codec) in codecs.iter().enumerate() {
        let mime = codec["mime"].as_str().unwrap_or_default();
        if !CODECS.contains(&mime.to_lowercase().as_str()) {
            let message = format!("without effect: LiveKit has no codec `{mime}`");
            file.ignores(&format!("{ENABLED}[{n}]"), message);
        }
    }
}

/// Keys that beat their successors.
fn moved(file: &mut File) {
    for key in [
        "max_metadata_size",
        "max_room_name_length",
        "max_participant_identity_length",
    ] {
        let (old, new) = (format!("room.{key}"), format!("limit.{key}"));
        if file.int(&old, 0) == 0 {
            continue;
        }
        file.found(
            &old,
            Effect::Warns,
            format!("deprecated; its new name is {new}"),
        );
        if file.is_set(&new) {
            file.ignores(&new, format!("without effect: {old} beats it"));
        }
    }
}

/// LiveKit panics on what is no address.
fn trace(file: &mut File) {
    const URL: &str = "trace.jaeger_url";
    let url = file.text(URL);
    if url.is_empty() {
        return;
    }
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let port = host.rsplit_once(':').map_or("", |(_, port)| port);
    let is_port = port.chars().all(|c| c.is_ascii_digit()) || host.ends_with(']');
    if host.contains([' ', '<', '>', '"', '\\', '^', '`', '{', '|', '}']) || !is_port {
        file.refuses(URL, "no address such as http://jaeger:4318");
    }
}
