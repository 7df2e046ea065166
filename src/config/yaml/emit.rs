//! Writes a value as YAML that LiveKit reads back as the same value.

use std::fmt::Write as _;

use serde_json::Value;

use super::read::join;
use super::scalar;

/// Writes a map; `note` is asked for a comment behind each key.
pub fn emit(tree: &Value, note: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    match tree {
        Value::Object(map) if !map.is_empty() => block(&mut out, tree, 0, "", note),
        _ => out.push_str("{}\n"),
    }
    out
}

fn block(
    out: &mut String,
    value: &Value,
    depth: usize,
    path: &str,
    note: &dyn Fn(&str) -> Option<String>,
) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let path = join(path, key);
                let _ = write!(out, "{indent}{}:", key_text(key));
                entry(out, value, depth, &path, note);
            }
        }
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                let _ = write!(out, "{indent}-");
                entry(out, item, depth, &format!("{path}[{n}]"), note);
            }
        }
        _ => {}
    }
}

/// What stands behind `key:` or `-`.
fn entry(
    out: &mut String,
    value: &Value,
    depth: usize,
    path: &str,
    note: &dyn Fn(&str) -> Option<String>,
) {
    let comment = note(path).map(|c| format!(" # {c}")).unwrap_or_default();
    match value {
        Value::Object(map) if map.is_empty() => {
            let _ = writeln!(out, " {{}}{comment}");
        }
        Value::Array(items) if items.is_empty() => {
            let _ = writeln!(out, " []{comment}");
        }
        Value::Object(_) | Value::Array(_) => {
            let _ = writeln!(out, "{comment}");
            block(out, value, depth + 1, path, note);
        }
        Value::String(string) => {
            let _ = writeln!(out, " {}{comment}", text(string));
        }
        other => {
            let _ = writeln!(out, " {other}{comment}");
        }
    }
}

/// A number stays one: some of LiveKit's maps have numbers for keys and take no text.
fn key_text(key: &str) -> String {
    if scalar::integer(key).is_some_and(|n| n.to_string() == key) {
        key.to_owned()
    } else {
        text(key)
    }
}

/// A text without quotes where nothing else could be read into it.
fn text(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && !text.ends_with(':')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-./:@".contains(c))
        && scalar::boolean(text).is_none()
        && !text.eq_ignore_ascii_case("null");
    if plain {
        return text.to_owned();
    }
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() || matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}') => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::yaml::{Reader, parse};

    #[test]
    fn a_tree_reads_back_as_itself() {
        let tree = json!({
            "port": 7880,
            "bind_addresses": ["0.0.0.0", "::1", ""],
            "keys": {"API1": "0123", "on": "yes", "a: b": "# no comment", "n": "null", "1": "x"},
            "rtc": {"turn_servers": [{"host": "a", "port": 1}, {"host": "b"}], "ips": {}},
            "list": [[1, 2], []],
            "text": "two\nlines \"quoted\" \\ \u{7f} ü",
            "loads": [0.5, -3, true],
        });
        let text = emit(&tree, &|_| None);
        let (node, complaints) = parse(&text);
        assert_eq!(complaints, [], "{text}");
        let schema = json!({});
        let (read, _) = Reader::new(&schema, "").read(&node.unwrap());
        assert_eq!(read, tree, "{text}");
    }

    #[test]
    fn notes_stand_behind_their_keys() {
        let tree = json!({"port": 1, "rtc": {"node_ip": "10.0.0.1"}});
        let text = emit(&tree, &|path| {
            (path == "rtc.node_ip").then(|| "added: why".into())
        });
        assert_eq!(
            text,
            "port: 1\nrtc:\n  node_ip: \"10.0.0.1\" # added: why\n"
        );
    }
}
