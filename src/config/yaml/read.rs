//! Reads a tree against a JSON schema: what fits becomes a value, what does not a finding.

use serde_json::{Map, Number, Value};

use super::suggest::Suggestion;
use super::tree::{Entry, Kind, Node, Position};
use super::{formats, scalar};

/// Something in a file that does not fit the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where.
    pub at: Position,
    /// Path of the key, `rtc.port_range_start`.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// Whether it is a key that the schema does not have.
    pub unknown_key: bool,
}

/// Reads one document.
#[derive(Debug)]
pub struct Reader<'a> {
    schema: &'a Value,
    unknown: &'static str,
    findings: Vec<Finding>,
}

impl<'a> Reader<'a> {
    /// A reader for documents of `schema`; `unknown` is what it says of keys it has never heard of.
    pub fn new(schema: &'a Value, unknown: &'static str) -> Self {
        Self {
            schema,
            unknown,
            findings: Vec::new(),
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
            let Some(schema) = known.or_else(|| others(schema)) else {
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
        let expected: Vec<_> = types(schema).filter_map(name_of_type).collect();
        let message = format!(
            "expected {}, found {}",
            expected.join(" or "),
            found(node, is_secret(schema))
        );
        self.found(node, path, message);
    }

    fn found(&mut self, node: &Node, path: &str, message: String) {
        self.findings.push(Finding {
            at: node.at,
            path: path.to_owned(),
            message,
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

fn types(schema: &Value) -> impl Iterator<Item = &str> {
    let one = schema["type"].as_str();
    let many = schema["type"].as_array().into_iter().flatten();
    one.into_iter().chain(many.filter_map(Value::as_str))
}

/// Whether a schema takes values of this type.
pub fn has_type(schema: &Value, name: &str) -> bool {
    types(schema).any(|t| t == name)
}

/// The schema of keys that are the user's own.
fn others(schema: &Value) -> Option<&Value> {
    match &schema["additionalProperties"] {
        Value::Null | Value::Bool(false) => None,
        other => Some(other),
    }
}

fn is_secret(schema: &Value) -> bool {
    schema["writeOnly"] == Value::Bool(true)
}

fn choices(schema: &Value) -> Option<Vec<&str>> {
    if let Some(values) = schema["enum"].as_array() {
        return Some(values.iter().filter_map(Value::as_str).collect());
    }
    let variants = schema["oneOf"].as_array()?;
    Some(
        variants
            .iter()
            .filter_map(|v| v["const"].as_str())
            .collect(),
    )
}

/// The first type of the schema that the text can be.
fn typed(text: &str, plain: bool, schema: &Value) -> Option<Value> {
    types(schema).find_map(|name| match name {
        "boolean" if plain => scalar::boolean(text).map(Value::Bool),
        "integer" if plain => scalar::integer(text)
            .and_then(scalar::whole)
            .map(Value::Number),
        "number" if plain => scalar::number(text).map(Value::Number),
        "string" => Some(Value::String(text.to_owned())),
        _ => None,
    })
}

fn out_of_range(number: &Number, schema: &Value) -> Option<String> {
    let value = number.as_f64()?;
    let minimum = schema["minimum"].as_f64().filter(|m| value < *m);
    let maximum = schema["maximum"].as_f64().filter(|m| value > *m);
    if minimum.is_none() && maximum.is_none() {
        return None;
    }
    Some(match (&schema["minimum"], &schema["maximum"]) {
        (minimum, Value::Null) => format!("{number} is less than {minimum}"),
        (Value::Null, maximum) => format!("{number} is more than {maximum}"),
        (minimum, maximum) => format!("{number} is not between {minimum} and {maximum}"),
    })
}

fn name_of_type(name: &str) -> Option<&'static str> {
    Some(match name {
        "object" => "a map",
        "array" => "a list",
        "string" => "a text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        _ => return None,
    })
}

fn found(node: &Node, secret: bool) -> String {
    let Kind::Scalar { text, plain } = &node.kind else {
        return match node.kind {
            Kind::List(_) => "a list".into(),
            _ => "a map".into(),
        };
    };
    let meaning = if *plain {
        scalar::meaning(text)
    } else {
        Value::String(text.clone())
    };
    match meaning {
        Value::Number(_) if secret => "a number".into(),
        Value::Number(_) => format!("the number `{text}`"),
        Value::Bool(value) => format!("`{value}`"),
        _ if secret => "a text".into(),
        _ if *plain => format!("the text `{}`", short(text)),
        _ => format!("the text `{}` in quotes", short(text)),
    }
}

/// Enough of a long text to recognise it.
fn short(text: &str) -> String {
    let mut chars = text.chars();
    let head: String = chars.by_ref().take(40).collect();
    if chars.next().is_some() {
        format!("{head}…")
    } else {
        head
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
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::config::yaml::parse;
    use crate::config::{livekit_schema, settings_schema};

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
        let text = "port: 70000\nrtc: {tcp_port: '7881', udp_port: a-b}\nroom: {auto_create: 1}\n\
                    redis: {password: [x]}\nsignal_relay: {retry_timeout: soon}\n";
        let (_, found) = read(text, &livekit_schema());
        assert_eq!(
            found,
            [
                "port: 70000 is not between 1 and 65535",
                "rtc.tcp_port: expected a whole number, found the text `7881` in quotes",
                "rtc.udp_port: `a-b` is neither a port nor ports such as 7882-7892",
                "room.auto_create: expected true or false, found the number `1`",
                "redis.password: expected a text, found a list",
                "signal_relay.retry_timeout: `soon` is not a duration, such as 500ms or 1m30s",
            ]
        );
    }

    proptest! {
        #[test]
        fn garbage_is_never_a_panic(text in "[a-c:\\-\\[\\]{}&*!|>'\"%@#?, \t\n0-9\\PC]{0,60}") {
            if let (Some(node), _) = parse(&text) {
                let _ = Reader::new(&livekit_schema(), "").read(&node);
            }
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
}
