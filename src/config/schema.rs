//! The JSON schemas of `urbania.yaml`, `livekit.yaml` and seed files: what the reader holds files
//! against and what `urbania config schema` prints.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use secrecy::SecretString;
use serde_json::Value;

use super::lint::{Target, schema as keys_of};
use super::{Images, LivekitConfig, Seed, Settings};

/// The schema of `urbania.yaml`.
pub fn settings_schema() -> Value {
    derived::<Settings>("urbania.yaml")
}

/// The schema of seed files.
pub fn seed_schema() -> Value {
    derived::<Seed>("seed.yaml")
}

/// The schema of `livekit.yaml`, for the release that urbania runs where nothing else is said.
pub fn livekit_schema() -> Value {
    let mut schema = typed_schema();
    let target = Target::of_image(&Images::default().livekit);
    complete(&mut schema, keys_of(Some(target.release)));
    schema
}

/// The schema of what urbania itself reads in `livekit.yaml`.
pub(super) fn typed_schema() -> Value {
    derived::<LivekitConfig>("livekit.yaml")
}

/// Whether urbania itself goes by the value at this path of `livekit.yaml`, or LiveKit alone.
pub(super) fn is_read_here(path: &str) -> bool {
    let schema = typed_schema();
    let mut place = &schema;
    for key in path.split('.') {
        if !place["properties"].is_object() {
            // A list or a map of the user's own keys.
            return true;
        }
        let key = key.split_once('[').map_or(key, |(key, _)| key);
        match place["properties"].get(key) {
            Some(inner) => place = inner,
            None => return false,
        }
    }
    true
}

/// Every secret of a `livekit.yaml`.
pub fn livekit_secrets(livekit: &LivekitConfig) -> Vec<SecretString> {
    let mut found = Vec::new();
    collect_secrets(&livekit.tree, &keys_of(None), &mut found);
    found.extend(livekit.keys.iter().map(|pair| pair.secret.clone()));
    found
}

fn collect_secrets(value: &Value, schema: &Value, found: &mut Vec<SecretString>) {
    // Whatever stands where a secret belongs is secret.
    let secret = schema["writeOnly"] == Value::Bool(true);
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let inner = schema["properties"]
                    .get(key)
                    .unwrap_or(&schema["additionalProperties"]);
                collect_secrets(value, if secret { schema } else { inner }, found);
            }
        }
        Value::Array(items) => {
            for item in items {
                let inner = if secret { schema } else { &schema["items"] };
                collect_secrets(item, inner, found);
            }
        }
        Value::String(text) if secret => found.push(text.as_str().into()),
        _ => {}
    }
}

/// The schema of a type.
pub fn derived<T: JsonSchema>(title: &str) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|s| s.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("title".into(), title.into());
    schema.to_value()
}

/// Adds what the first schema does not say.
fn complete(schema: &mut Value, known: Value) {
    match (schema, known) {
        (Value::Object(schema), Value::Object(known)) => {
            for (key, value) in known {
                match schema.get_mut(&key) {
                    Some(own) => complete(own, value),
                    None => {
                        schema.insert(key, value);
                    }
                }
            }
        }
        (schema @ Value::Bool(true), known) => *schema = known,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_schema<'a>(schema: &'a Value, path: &str, seen: &mut Vec<(String, &'a Value)>) {
        seen.push((path.to_owned(), schema));
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            every_schema(property, &format!("{path}.{name}"), seen);
        }
    }

    #[test]
    fn every_setting_has_a_description_and_every_leaf_a_type() {
        let schema = settings_schema();
        let mut seen = Vec::new();
        every_schema(&schema, "", &mut seen);
        assert!(seen.len() > 15);
        for (path, schema) in seen {
            assert!(schema["description"].is_string(), "{path}");
            assert!(
                schema["type"].is_string()
                    || schema["type"].is_array()
                    || schema["oneOf"].is_array(),
                "{path}: {schema}"
            );
        }
    }

    #[test]
    fn every_key_of_livekit_has_a_type_that_the_reader_knows() {
        let schema = livekit_schema();
        let mut seen = Vec::new();
        every_schema(&schema, "", &mut seen);
        assert!(seen.len() > 250, "{}", seen.len());
        let untyped: Vec<_> = seen
            .iter()
            .filter(|(_, s)| s["type"].is_null())
            .map(|(path, _)| path.as_str())
            .collect();
        assert!(untyped.is_empty(), "{untyped:?}");
    }

    #[test]
    fn what_is_read_here_is_told_from_what_livekit_alone_reads() {
        for path in [
            "port",
            "keys.APIone",
            "rtc.udp_port",
            "bind_addresses[1]",
            "rtc",
        ] {
            assert!(is_read_here(path), "{path}");
        }
        for path in [
            "log_level",
            "rtc.strict_acks",
            "rtc.new[0].key",
            "redis.password",
        ] {
            assert!(!is_read_here(path), "{path}");
        }
    }

    #[test]
    fn no_map_of_livekit_takes_keys_of_other_versions() {
        let schema = livekit_schema();
        let mut seen = Vec::new();
        every_schema(&schema, "", &mut seen);
        for (path, schema) in seen {
            if schema["properties"].is_object() {
                assert_eq!(schema["additionalProperties"], false, "{path}");
            }
        }
    }
}
