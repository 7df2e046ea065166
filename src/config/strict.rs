//! Files of the user's own beside those of a project, read as strictly.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::problem::Problem;
use super::schema::derived;
use super::yaml::{Node, Reader, parse};

/// The text of a file, unless it has more bytes than this.
pub fn bounded_text(path: &Path, most: u64) -> io::Result<String> {
    let mut text = String::new();
    let length = File::open(path)?.take(most + 1).read_to_string(&mut text)?;
    if length as u64 > most {
        return Err(io::Error::other(format!("it has more than {most} bytes")));
    }
    Ok(text)
}

/// What YAML or JSON says, held against the schema of the type, and every problem at once. `more` looks for what no
/// schema can say.
pub fn strictly<T: DeserializeOwned + JsonSchema>(
    name: &str,
    text: &str,
    more: impl FnOnce(&Node) -> Vec<Problem>,
) -> Result<T, Vec<Problem>> {
    let (tree, complaints) = parse(text);
    let mut problems: Vec<Problem> = complaints
        .into_iter()
        .map(|(at, message)| Problem {
            at: Some(at),
            ..Problem::of(name, message)
        })
        .collect();
    let mut value = Value::Object(Map::new());
    if let Some(tree) = &tree {
        let (read, found) = Reader::new(&derived::<T>(name), "unknown key").read(tree);
        value = read;
        problems.extend(found.into_iter().map(|f| Problem::found(name, f)));
        problems.extend(more(tree));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    // What was read fits the schema, and the schema is that of the type.
    serde_json::from_value(value)
        .map_err(|e| vec![Problem::of(name, format!("cannot be understood: {e}"))])
}
