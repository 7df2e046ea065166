//! What was expected and what was found, in words.

use serde_json::Value;

use super::kinds::types;
use crate::config::yaml::scalar;
use crate::config::yaml::tree::{Kind, Node};

/// What a place of a schema takes.
pub(super) fn expected(schema: &Value) -> String {
    if schema["format"] == "go-duration" {
        return "a duration with its unit, such as `30s`".to_owned();
    }
    let names: Vec<_> = types(schema).filter_map(name_of_type).collect();
    names.join(" or ")
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

pub(super) fn found(node: &Node, secret: bool) -> String {
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
