//! What a place of a schema takes.

use serde_json::{Number, Value};

use super::join;
use crate::config::yaml::scalar;

pub(super) fn types(schema: &Value) -> impl Iterator<Item = &str> {
    let one = schema["type"].as_str();
    let many = schema["type"].as_array().into_iter().flatten();
    one.into_iter().chain(many.filter_map(Value::as_str))
}

/// Whether a schema takes values of this type.
pub(super) fn has_type(schema: &Value, name: &str) -> bool {
    types(schema).any(|t| t == name)
}

/// The schema of keys that are the user's own.
pub(super) fn others(schema: &Value) -> Option<&Value> {
    match &schema["additionalProperties"] {
        Value::Null | Value::Bool(false) => None,
        other => Some(other),
    }
}

pub(super) fn is_secret(schema: &Value) -> bool {
    schema["writeOnly"] == Value::Bool(true)
}

pub(super) fn choices(schema: &Value) -> Option<Vec<&str>> {
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
pub(super) fn typed(text: &str, plain: bool, schema: &Value) -> Option<Value> {
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

pub(super) fn out_of_range(number: &Number, schema: &Value) -> Option<String> {
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

/// Takes numbers out of a value that a schema has no room for, and says which and why.
pub fn fit(value: &mut Value, schema: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    fit_in(value, schema, "", &mut found);
    found
}

fn fit_in(value: &mut Value, schema: &Value, path: &str, found: &mut Vec<(String, String)>) {
    let Some(map) = value.as_object_mut() else {
        return;
    };
    map.retain(|key, value| {
        let (schema, path) = (&schema["properties"][key], join(path, key));
        let complaint = value
            .as_number()
            .and_then(|number| out_of_range(number, schema));
        fit_in(value, schema, &path, found);
        let fits = complaint.is_none();
        found.extend(complaint.map(|complaint| (path, complaint)));
        fits
    });
}
