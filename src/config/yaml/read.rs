//! Reads a tree against a JSON schema: what fits becomes a value, what does not a finding.

mod kinds;
mod livekit;
mod wording;

use serde_json::{Map, Value};

use self::kinds::{choices, has_type, is_secret, others, out_of_range, typed};
use super::suggest::Suggestion;
use super::tree::{Entry, Kind, Node, Position};
use super::{DECLARED, formats, scalar};
use crate::config::Effect;

pub use self::kinds::fit;

/// Something in a file that does not fit the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where.
    pub at: Position,
    /// Path of the key, `rtc.port_range_start`.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What comes of it.
    pub effect: Effect,
    /// Whether it is a key that the schema does not have.
    pub unknown_key: bool,
}

/// Reads one document.
#[derive(Debug)]
pub struct Reader<'a> {
    schema: &'a Value,
    unknown: &'a str,
    keeps: bool,
    findings: Vec<Finding>,
}

impl<'a> Reader<'a> {
    /// A reader for documents of `schema`; `unknown` is what it says of keys it has never heard of.
    pub fn new(schema: &'a Value, unknown: &'a str) -> Self {
        Self {
            schema,
            unknown,
            keeps: false,
            findings: Vec::new(),
        }
    }

    /// The same, except that what does not fit stays in the value as it was written.
    #[must_use]
    pub fn keeping(self) -> Self {
        Self {
            keeps: true,
            ..self
        }
    }

    /// What fits, and what does not.
    pub fn read(mut self, node: &Node) -> (Value, Vec<Finding>) {
        let schema = self.schema;
        let value = self.value(node, schema, "");
        (value.unwrap_or(Value::Object(Map::new())), self.findings)
    }

    /// The value that a text has for one place of the schema; a list is written with commas.
    pub fn read_text(mut self, text: &str, schema: &Value) -> (Option<Value>, Vec<Finding>) {
        let node = |text: &str| Node {
            at: Position::default(),
            kind: Kind::Scalar {
                text: text.trim().to_owned(),
                plain: true,
            },
        };
        let node = if has_type(schema, "array") {
            let items = text.split(',').filter(|t| !t.trim().is_empty()).map(node);
            Node {
                at: Position::default(),
                kind: Kind::List(items.collect()),
            }
        } else {
            node(text)
        };
        let value = self.value(&node, schema, "");
        (value, self.findings)
    }

    fn value(&mut self, node: &Node, schema: &Value, path: &str) -> Option<Value> {
        if node.is_null() {
            return None;
        }
        let value = self.fitting(node, schema, path);
        value.or_else(|| self.keeps.then(|| value_of(node)))
    }

    fn fitting(&mut self, node: &Node, schema: &Value, path: &str) -> Option<Value> {
        if let Some(takes) = schema[DECLARED].as_str() {
            return self.declared(takes, node, schema, path);
        }
        if schema.as_object().is_none_or(Map::is_empty) {
            return Some(value_of(node));
        }
        match &node.kind {
            Kind::Map(entries) if has_type(schema, "object") => {
                self.required(node, entries, schema, path);
                Some(self.map(entries, schema, path))
            }
            Kind::List(items) if has_type(schema, "array") => {
                let items = items.iter().enumerate().filter_map(|(n, item)| {
                    self.value(item, &schema["items"], &format!("{path}[{n}]"))
                });
                Some(Value::Array(items.collect()))
            }
            Kind::Scalar { text, plain } => self.scalar(node, text, *plain, schema, path),
            _ => {
                self.wrong_type(node, schema, path);
                None
            }
        }
    }

    fn map(&mut self, entries: &[Entry], schema: &Value, path: &str) -> Value {
        let mut map = Map::new();
        for entry in entries {
            let path = join(path, &entry.key);
            let known = schema["properties"].get(&entry.key);
            let own = known.is_none().then(|| others(schema)).flatten();
            if own.is_some() && !self.is_number(entry, schema, &path) {
                continue;
            }
            let Some(schema) = known.or(own) else {
                self.unknown_key(entry, schema, path);
                // Passed through: whether that is an error is not for the reader to say.
                map.insert(entry.key.clone(), value_of(&entry.value));
                continue;
            };
            let value = self.value(&entry.value, schema, &path);
            // In a map of the user's own keys, a key without a value is still a key.
            let empty = known.is_none() && has_type(schema, "string") && entry.value.is_null();
            if let Some(value) = value.or_else(|| empty.then(|| Value::String(String::new()))) {
                map.insert(entry.key.clone(), value);
            }
        }
        Value::Object(map)
    }

    /// Says which keys are missing.
    fn required(&mut self, node: &Node, entries: &[Entry], schema: &Value, path: &str) {
        let names = schema["required"].as_array().into_iter().flatten();
        for name in names.filter_map(Value::as_str) {
            if !entries.iter().any(|e| e.key == name && !e.value.is_null()) {
                self.found(node, path, format!("lacks `{name}`"));
            }
        }
    }

    fn unknown_key(&mut self, entry: &Entry, schema: &Value, path: String) {
        let message = match Suggestion::find(&entry.key, schema, self.schema) {
            Some(Suggestion::Misspelt(name)) => format!("unknown key; did you mean `{name}`?"),
            Some(Suggestion::Elsewhere(place)) if place.is_empty() => {
                "unknown key here; it belongs at the top level".to_owned()
            }
            Some(Suggestion::Elsewhere(place)) => {
                format!("unknown key here; it belongs under `{place}`")
            }
            None => self.unknown.to_owned(),
        };
        self.findings.push(Finding {
            at: entry.at,
            path,
            message,
            effect: Effect::Refuses,
            unknown_key: true,
        });
    }

    fn scalar(
        &mut self,
        node: &Node,
        text: &str,
        plain: bool,
        schema: &Value,
        path: &str,
    ) -> Option<Value> {
        if let Some(choices) = choices(schema) {
            return self.choice(node, text, &choices, path);
        }
        let value = typed(text, plain, schema);
        let Some(value) = value else {
            self.wrong_type(node, schema, path);
            return None;
        };
        let complaint = match &value {
            Value::Number(number) => out_of_range(number, schema),
            Value::String(text) => schema["format"].as_str().and_then(|format| {
                formats::complaint(format, text).map(|wrong| {
                    if is_secret(schema) {
                        wrong.to_owned()
                    } else {
                        format!("`{text}` {wrong}")
                    }
                })
            }),
            _ => None,
        };
        match complaint {
            Some(message) => {
                self.found(node, path, message);
                None
            }
            None => Some(value),
        }
    }

    fn choice(&mut self, node: &Node, text: &str, choices: &[&str], path: &str) -> Option<Value> {
        if choices.contains(&text) {
            return Some(Value::String(text.to_owned()));
        }
        let guess = Suggestion::nearest(text, choices.iter().copied())
            .map(|c| format!("; did you mean `{c}`?"))
            .unwrap_or_default();
        let all = choices.join(", ");
        self.found(node, path, format!("`{text}` is not one of {all}{guess}"));
        None
    }

    fn wrong_type(&mut self, node: &Node, schema: &Value, path: &str) {
        let expected = wording::expected(schema);
        let found = wording::found(node, is_secret(schema));
        let message = format!("expected {expected}, found {found}");
        self.found(node, path, message);
    }

    fn found(&mut self, node: &Node, path: &str, message: String) {
        self.told(node.at, path, Effect::Refuses, message);
    }

    fn told(&mut self, at: Position, path: &str, effect: Effect, message: String) {
        self.findings.push(Finding {
            at,
            path: path.to_owned(),
            message,
            effect,
            unknown_key: false,
        });
    }
}

/// `path.key`
pub fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// The value of a node that no schema speaks about.
pub fn value_of(node: &Node) -> Value {
    match &node.kind {
        _ if node.is_null() => Value::Null,
        Kind::Scalar { text, plain: true } => scalar::meaning(text),
        Kind::Scalar { text, .. } => Value::String(text.clone()),
        Kind::List(items) => Value::Array(items.iter().map(value_of).collect()),
        Kind::Map(entries) => Value::Object(
            entries
                .iter()
                .map(|e| (e.key.clone(), value_of(&e.value)))
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests;
