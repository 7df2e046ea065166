//! The table of LiveKit's keys, and the JSON schema that a release makes of it.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::version::Version;
use crate::config::yaml::{DECLARED, DECLARED_KEYS};

/// A key with what it takes; its type may have changed, so a path can stand on several lines.
#[derive(Debug)]
struct Line {
    path: &'static str,
    takes: &'static str,
    since: Option<Version>,
    until: Option<Version>,
}

#[derive(Debug)]
struct Table {
    releases: Vec<Version>,
    lines: Vec<Line>,
}

/// Read when the first file of LiveKit's is.
static TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(include_str!("keys.txt")));

impl Table {
    fn read(text: &'static str) -> Self {
        let releases = text
            .lines()
            .find_map(|line| line.strip_prefix("# releases "));
        let releases = releases.unwrap_or_default().split(' ');
        Self {
            releases: releases.filter_map(complete).collect(),
            lines: text.lines().filter_map(Line::read).collect(),
        }
    }
}

impl Line {
    fn read(text: &'static str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let path = words.next().filter(|word| !word.starts_with('#'))?;
        let takes = words.next()?;
        let (since, until) = words.next().and_then(|r| r.split_once("..")).unzip();
        Some(Self {
            path,
            takes,
            since: since.and_then(complete),
            until: until.and_then(complete),
        })
    }

    fn is_in(&self, release: Version) -> bool {
        self.since.is_none_or(|since| since <= release)
            && self.until.is_none_or(|until| release <= until)
    }

    /// Whether it is the key at this path, or one below it.
    fn is_at(&self, path: &str) -> bool {
        let rest = self.path.strip_prefix(path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }
}

/// A release with all its numbers: those of the table are not guessed by the table.
fn complete(text: &str) -> Option<Version> {
    let mut numbers = text.split('.').map(str::parse::<u16>);
    let mut next = || numbers.next()?.ok();
    Some(Version::new(next()?, next()?, next()?))
}

/// The releases that were looked at, the oldest first.
pub fn releases() -> &'static [Version] {
    &TABLE.releases
}

/// The first and the last of them.
pub fn known() -> (Version, Version) {
    let none = Version::new(0, 0, 0);
    let (first, last) = (releases().first(), releases().last());
    (*first.unwrap_or(&none), *last.unwrap_or(&none))
}

/// From when to when LiveKit knew the key at a path; `None` where it never did.
pub fn span(path: &str) -> Option<(Version, Version)> {
    let (oldest, newest) = known();
    let lines = || TABLE.lines.iter().filter(|line| line.is_at(path));
    let since = lines().map(|line| line.since.unwrap_or(oldest)).min()?;
    let until = lines().map(|line| line.until.unwrap_or(newest)).max()?;
    Some((since, until))
}

/// The schema of a release's file; `None`: with the keys of all releases.
pub fn schema(release: Option<Version>) -> Value {
    let mut schema = Value::Null;
    for line in &TABLE.lines {
        if release.is_none_or(|release| line.is_in(release)) {
            *place(&mut schema, line.path) = leaf(line.takes);
        }
    }
    schema
}

fn place<'a>(schema: &'a mut Value, path: &str) -> &'a mut Value {
    let mut place = schema;
    for step in path.split('.') {
        place = entry(place, step.trim_end_matches("[]"));
        for _ in step.matches("[]") {
            if place.is_null() {
                *place = json!({"type": "array"});
            }
            place = &mut place["items"];
        }
    }
    place
}

fn entry<'a>(schema: &'a mut Value, name: &str) -> &'a mut Value {
    let is_own = matches!(name, "*" | "#");
    if schema.is_null() {
        *schema = json!({"type": "object", "additionalProperties": false});
    }
    if name == "#" {
        schema[DECLARED_KEYS] = "numbers".into();
    }
    if !is_own {
        return &mut schema["properties"][name];
    }
    let own = &mut schema["additionalProperties"];
    if own.is_boolean() {
        *own = Value::Null;
    }
    own
}

/// The schema of one key.
fn leaf(takes: &str) -> Value {
    let mut schema = match takes {
        "bool" => json!({"type": "boolean"}),
        "float" | "float32" => json!({"type": "number"}),
        "secret" => json!({"type": "string", "writeOnly": true}),
        "duration" => json!({"type": "string", "format": "go-duration"}),
        // The SFU gets a copy of a file.
        "node-ip" | "file" => json!({"type": "string", "format": takes}),
        "udp-ports" => json!({"type": ["string", "integer"], "format": takes}),
        "empty" => return json!({"type": "object", "additionalProperties": false}),
        "room-configuration" => json!({"type": "object"}),
        "int" => json!({"type": "integer"}),
        "int32" => json!({"type": "integer", "minimum": i32::MIN, "maximum": i32::MAX}),
        "uint8" => json!({"type": "integer", "minimum": 0, "maximum": u8::MAX}),
        "uint16" => json!({"type": "integer", "minimum": 0, "maximum": u16::MAX}),
        "uint32" => json!({"type": "integer", "minimum": 0, "maximum": u32::MAX}),
        "uint64" => json!({"type": "integer", "minimum": 0}),
        _ => json!({"type": "string"}),
    };
    schema[DECLARED] = takes.into();
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_says_what_its_key_takes_and_its_releases_are_known() {
        let text = include_str!("keys.txt");
        let lines = text.lines().filter(|line| !line.starts_with('#')).count();
        assert!(lines > 300);
        assert_eq!(TABLE.lines.len(), lines);
        assert!(releases().is_sorted() && releases().len() > 20);
        for line in &TABLE.lines {
            let known = [
                "bool",
                "float",
                "float32",
                "string",
                "secret",
                "file",
                "duration",
                "node-ip",
                "udp-ports",
                "room-configuration",
                "empty",
                "int",
                "int32",
                "uint8",
                "uint16",
                "uint32",
                "uint64",
            ];
            assert!(known.contains(&line.takes), "{line:?}");
            for release in line.since.iter().chain(&line.until) {
                assert!(releases().contains(release), "{line:?}");
            }
        }
    }

    #[test]
    fn a_key_is_known_from_its_first_release_to_its_last() {
        let knows = |release: &str, path: &str| {
            let schema = schema(complete(release));
            schema
                .pointer(&format!(
                    "/properties/{}",
                    path.replace('.', "/properties/")
                ))
                .is_some()
        };
        assert!(!knows("1.7.0", "prometheus.port") && knows("1.7.1", "prometheus.port"));
        assert!(!knows("1.7.0", "prometheus"));
        assert!(knows("1.8.0", "video.stream_tracker") && !knows("1.8.2", "video.stream_tracker"));
        let (since, until) = span("room.create_room_enabled").unwrap();
        assert_eq!(
            (since.to_string(), until.to_string()),
            ("1.8.0".into(), "1.13.1".into())
        );
        assert_eq!(
            span("rtc.turn_servers").map(|(since, _)| since),
            Some(known().0)
        );
        assert_eq!(span("rtc.turn"), None);
    }

    #[test]
    fn a_type_that_changed_is_that_of_the_release() {
        let node_ip = |release: &str| {
            let schema = schema(complete(release));
            schema["properties"]["rtc"]["properties"]["node_ip"]["format"].clone()
        };
        assert_eq!(node_ip("1.9.12"), Value::Null);
        assert_eq!(node_ip("1.10.0"), "node-ip");
    }
}
