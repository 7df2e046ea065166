//! What was found in a `livekit.yaml`.

use serde::Serialize;

use super::rules::NO_KEY;
use super::table;
use super::version::Target;
use crate::config::yaml::{Finding, Position, is_passed_over};
use crate::config::{Effect, Problem};

/// Something that LiveKit does not do as the file says, or that was hardly meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    /// Where in the file.
    pub at: Option<Position>,
    /// Path of the key; empty where no key is concerned.
    pub path: String,
    /// What comes of it.
    pub effect: Effect,
    /// What it is; never quotes a secret.
    pub message: String,
    /// What was looked at.
    pub(in crate::config) origin: Origin,
}

impl Lint {
    /// Of a file that it names and that cannot be read.
    pub(in crate::config) fn unreadable(problem: Problem) -> Self {
        Self {
            at: problem.at,
            path: problem.path,
            effect: Effect::Refuses,
            message: problem.message,
            origin: Origin::Rule,
        }
    }
}

/// What a lint was found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The release has no such key, and none that it could be meant for.
    Unknown,
    /// LiveKit has no such key, but a similar one.
    Misspelt,
    /// The value is not of the key's type.
    Type,
    /// The value is, and does not go with others or with the world.
    Rule,
}

/// `{"line", "column", "path", "effect", "message"}`
impl Serialize for Lint {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        serde_json::json!({
            "line": self.at.map(|at| at.line),
            "column": self.at.map(|at| at.column),
            "path": self.path,
            "effect": self.effect,
            "message": self.message,
        })
        .serialize(to)
    }
}

/// Of what the YAML reader said.
pub fn of_complaint((at, message): (Position, String)) -> Lint {
    let effect = if is_passed_over(&message) {
        Effect::Ignores
    } else {
        Effect::Refuses
    };
    Lint {
        at: Some(at),
        path: String::new(),
        effect,
        message,
        origin: Origin::Type,
    }
}

/// Of a file without anything in it.
pub fn of_nothing() -> Lint {
    Lint {
        at: None,
        path: "keys".to_owned(),
        effect: Effect::Refuses,
        message: NO_KEY.to_owned(),
        origin: Origin::Rule,
    }
}

/// Of what the reader found; `unknown` is what it says of keys that it has never heard of.
pub fn of_finding(finding: Finding, target: Target, unknown: &str) -> Lint {
    let Finding {
        at,
        path,
        mut message,
        mut effect,
        unknown_key,
    } = finding;
    let mut origin = Origin::Type;
    if unknown_key {
        origin = Origin::Misspelt;
        let when = when(&path, target);
        if when.is_some() || message == unknown {
            origin = Origin::Unknown;
        }
        message = when.unwrap_or(message);
        if target.is_guessed() {
            // Another release may know the key: it has the last word.
            effect = Effect::Depends;
        }
    }
    Lint {
        at: Some(at),
        path,
        effect,
        message,
        origin,
    }
}

/// When LiveKit knew a key that the release does not know.
fn when(path: &str, target: Target) -> Option<String> {
    let (since, until) = table::span(&without_numbers(path))?;
    let release = target.release;
    if release < since {
        Some(format!("came with LiveKit {since}; this is {release}"))
    } else if until < release {
        Some(format!(
            "LiveKit {until} was the last to know it; this is {release}"
        ))
    } else {
        None
    }
}

/// `rtc.turn_servers[1].ttl` as the table has it.
fn without_numbers(path: &str) -> String {
    let mut parts = path.split('[');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + "[]" + part.split_once(']').map_or("", |(_, rest)| rest)
    })
}
