//! Places whose type LiveKit's table of keys declares: read as LiveKit reads them.

use serde_json::Value;

use super::{Reader, join, value_of};
use crate::config::Effect;
use crate::config::yaml::declared::{DECLARED_KEYS, Taken, Wrong, take};
use crate::config::yaml::scalar;
use crate::config::yaml::suggest::Suggestion;
use crate::config::yaml::tree::{Entry, Kind, Node};

/// What a named configuration of rooms may say; LiveKit takes `emptyTimeout`, too.
const ROOM_CONFIGURATION: [&str; 11] = [
    "name",
    "empty_timeout",
    "departure_timeout",
    "max_participants",
    "egress",
    "min_playout_delay",
    "max_playout_delay",
    "sync_streams",
    "agents",
    "metadata",
    "tags",
];

impl Reader<'_> {
    pub(super) fn declared(
        &mut self,
        takes: &str,
        node: &Node,
        schema: &Value,
        path: &str,
    ) -> Option<Value> {
        let Kind::Scalar { text, plain } = &node.kind else {
            return self.declared_otherwise(takes, node, schema, path);
        };
        match take(takes, text, *plain) {
            Ok(Taken::As(value)) => Some(value),
            Ok(Taken::Unset) => None,
            Ok(Taken::Altered(value)) => {
                let message = format!("LiveKit takes `{text}` for {value}");
                self.told(node.at, path, Effect::Alters, message);
                Some(value)
            }
            Err(Wrong::Type) => {
                self.wrong_type(node, schema, path);
                None
            }
            Err(Wrong::Value(complaint)) => {
                self.found(node, path, complaint);
                None
            }
        }
    }

    /// A list or a map.
    fn declared_otherwise(
        &mut self,
        takes: &str,
        node: &Node,
        schema: &Value,
        path: &str,
    ) -> Option<Value> {
        match (takes, &node.kind) {
            // They read the text of the node, whatever it is.
            ("udp-ports" | "node-ip", _) => {
                let message = "without effect: LiveKit takes a list or a map for nothing at all";
                self.told(node.at, path, Effect::Ignores, message.to_owned());
                None
            }
            ("room-configuration", Kind::Map(entries)) => {
                for entry in entries {
                    self.room_configuration(entry, path);
                }
                Some(value_of(node))
            }
            _ => {
                self.wrong_type(node, schema, path);
                None
            }
        }
    }

    fn room_configuration(&mut self, entry: &Entry, path: &str) {
        let is_it = |name: &&str| **name == entry.key || camel_case(name) == entry.key;
        if ROOM_CONFIGURATION.iter().any(is_it) {
            return;
        }
        let near = Suggestion::nearest(&entry.key, ROOM_CONFIGURATION.into_iter());
        let guess = near.map_or(String::new(), |name| format!("; did you mean `{name}`?"));
        let path = join(path, &entry.key);
        let message = format!("unknown key{guess}");
        self.told(entry.at, &path, Effect::Refuses, message);
    }

    /// Whether a key of the user's own is a number where LiveKit wants one.
    pub(super) fn is_number(&mut self, entry: &Entry, schema: &Value, path: &str) -> bool {
        let is_it = schema[DECLARED_KEYS] != "numbers" || scalar::integer(&entry.key).is_some();
        if !is_it {
            let message = format!("the key `{}` is not a whole number", entry.key);
            self.told(entry.at, path, Effect::Refuses, message);
        }
        is_it
    }
}

/// `empty_timeout` as `emptyTimeout`.
fn camel_case(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let (head, tail) = part.split_at(1);
        text + &head.to_uppercase() + tail
    })
}
