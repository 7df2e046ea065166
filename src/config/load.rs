//! Reads the project's YAML files and the environment's overrides.

mod livekit;

use std::io;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub use self::livekit::{lint_project, livekit, livekit_file};
use super::problem::Problem;
use super::schema::settings_schema;
use super::yaml::{Node, Position, Reader, is_passed_over, join, parse};
use super::{LIVEKIT_FILE, SETTINGS_FILE, Settings};
use crate::context::Env;

/// What is said of a `livekit.yaml` that is not there.
pub const NO_FILE: &str = "no such file";

/// A file as it was read: where its keys stand.
#[derive(Debug)]
pub struct Source {
    /// Its name, relative to the project's folder.
    pub name: &'static str,
    /// Its tree; `None` when there is no file, when it is empty, or when it is no YAML.
    pub tree: Option<Node>,
}

impl Source {
    /// Where a key stands; for one that is missing from a list's item, where the item does.
    pub fn at(&self, path: &str) -> Option<Position> {
        self.tree.as_ref()?.position(path)
    }

    /// A problem with the value of a key.
    pub fn problem(&self, path: &str, message: impl Into<String>) -> Problem {
        Problem {
            source: self.name.to_owned(),
            at: self.at(path),
            path: path.to_owned(),
            message: message.into(),
        }
    }
}

/// What reading gathered that is wrong or doubtful.
#[derive(Debug, Default)]
pub struct Findings {
    /// What keeps the project from being used.
    pub problems: Vec<Problem>,
    /// What works, but probably not as meant.
    pub warnings: Vec<Problem>,
    /// Whether one of the problems is probably none to LiveKit.
    pub is_for_livekit: bool,
}

impl Findings {
    /// Something wrong that LiveKit may understand all the same: with `pass`, that is left to it.
    pub fn doubt(&mut self, problem: Problem, pass: bool) {
        if pass {
            self.warnings.push(problem);
        } else {
            self.problems.push(problem);
        }
    }
}

/// `urbania.yaml` with the environment's overrides; without the file, the defaults.
pub fn settings(dir: &Path, env: &Env, findings: &mut Findings) -> (Source, Settings) {
    let schema = settings_schema();
    let (tree, _) = tree(dir, SETTINGS_FILE, findings);
    let mut value = Value::Object(Map::new());
    if let Some(tree) = &tree {
        let (read, found) = Reader::new(&schema, "unknown key").read(tree);
        value = read;
        let problems = found.into_iter().map(|f| Problem::found(SETTINGS_FILE, f));
        findings.problems.extend(problems);
    }
    override_by(
        env,
        &schema,
        &schema,
        "",
        &mut value,
        &mut findings.problems,
    );
    let source = Source {
        name: SETTINGS_FILE,
        tree,
    };
    (source, typed(SETTINGS_FILE, value, findings))
}

/// The tree of a file and its text; no text where there is no file.
fn tree(dir: &Path, name: &'static str, findings: &mut Findings) -> (Option<Node>, Option<String>) {
    let text = match std::fs::read_to_string(dir.join(name)) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return (None, None),
        Err(e) => {
            let problem = Problem::of(name, format!("cannot be read: {e}"));
            findings.problems.push(problem);
            return (None, Some(String::new()));
        }
    };
    let (tree, complaints) = parse(&text);
    for (at, message) in complaints {
        // LiveKit does not look at it.
        let is_harmless = name == LIVEKIT_FILE && is_passed_over(&message);
        let problem = Problem {
            at: Some(at),
            ..Problem::of(name, message)
        };
        if is_harmless {
            findings.warnings.push(problem);
        } else {
            findings.problems.push(problem);
        }
    }
    (tree, Some(text))
}

/// What was read fits the schema, and the schema is that of the type: a failure is our own mistake.
fn typed<T: DeserializeOwned + Default>(name: &str, value: Value, findings: &mut Findings) -> T {
    serde_json::from_value(value).unwrap_or_else(|e| {
        let problem = Problem::of(name, format!("cannot be understood: {e}"));
        findings.problems.push(problem);
        T::default()
    })
}

/// Every setting can be set by a variable: `api.listen` by `URBANIA_API_LISTEN`.
fn override_by(
    env: &Env,
    root: &Value,
    schema: &Value,
    path: &str,
    value: &mut Value,
    problems: &mut Vec<Problem>,
) {
    for (key, schema) in schema["properties"].as_object().into_iter().flatten() {
        let path = join(path, key);
        if schema["properties"].is_object() {
            let mut inner = value[key].take();
            if !inner.is_object() {
                inner = Value::Object(Map::new());
            }
            override_by(env, root, schema, &path, &mut inner, problems);
            value[key] = inner;
            continue;
        }
        let variable = variable_of(&path);
        let Some(text) = env.get(&variable) else {
            continue;
        };
        let (read, found) = Reader::new(root, "").read_text(text, schema);
        let wrong = found.into_iter().map(|f| Problem::of(&variable, f.message));
        problems.extend(wrong);
        if let Some(read) = read {
            value[key] = read;
        }
    }
}

/// The environment variable that overrides a setting.
pub fn variable_of(path: &str) -> String {
    format!("URBANIA_{}", path.to_uppercase().replace('.', "_"))
}
