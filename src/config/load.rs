//! Reads the project's YAML files and the environment's overrides.

use std::io;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::problem::Problem;
use super::roles::Roles;
use super::schema::{is_read_here, livekit_schema, settings_schema};
use super::yaml::{Node, Position, Reader, join, parse};
use super::{Images, LIVEKIT_FILE, LivekitConfig, SETTINGS_FILE, Settings, files};
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

/// `livekit.yaml`, which must be there.
pub fn livekit(
    dir: &Path,
    settings: &Settings,
    findings: &mut Findings,
) -> (Source, LivekitConfig) {
    let schema = livekit_schema();
    let (tree, text) = tree(dir, LIVEKIT_FILE, findings);
    if text.is_none() {
        let missing = Problem::of(LIVEKIT_FILE, NO_FILE);
        findings.problems.push(missing);
    }
    let mut value = Value::Object(Map::new());
    let mut whole = value.clone();
    let mut files = Vec::new();
    if let Some(tree) = &tree {
        let unknown = "not a key that LiveKit 1.13 knows";
        let (read, found) = Reader::new(&schema, unknown).read(tree);
        value = read;
        whole = if settings.pass_unknown {
            Reader::new(&schema, unknown).keeping().read(tree).0
        } else {
            value.clone()
        };
        // Another image may know other keys: it has the last word.
        let may_know_more = settings.images.livekit != Images::default().livekit;
        for finding in found {
            let pass = settings.pass_unknown || (finding.unknown_key && may_know_more);
            let is_needed = is_read_here(&finding.path);
            let is_misspelt = finding.unknown_key && finding.message != unknown;
            let problem = Problem::found(LIVEKIT_FILE, finding);
            if is_needed {
                findings.problems.push(problem);
            } else {
                findings.is_for_livekit |= !pass && !is_misspelt;
                findings.doubt(problem, pass);
            }
        }
        files = files::named(tree, &schema);
    }
    let mut config: LivekitConfig = typed(LIVEKIT_FILE, value, findings);
    config.tree = whole;
    config.files = files;
    if let (Some(tree), Some(text)) = (&tree, &text) {
        config.roles = Roles::read(text, tree);
    }
    if config.development && config.rtc.port_range_start == 0 {
        // What LiveKit does in its development mode.
        config.rtc.udp_port.get_or_insert_with(|| "7882".into());
    }
    let source = Source {
        name: LIVEKIT_FILE,
        tree,
    };
    (source, config)
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
        findings.problems.push(Problem {
            at: Some(at),
            ..Problem::of(name, message)
        });
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
