//! What is wrong in the project's files, all of it in one error.

use std::fmt;

use serde::Serialize;

use super::LIVEKIT_FILE;
use super::lint::Lint;
use super::yaml::{Finding, Position};
use crate::error::Error;

/// Something wrong or doubtful in a file or in an environment variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, relative to the project's folder, or the variable.
    pub source: String,
    /// Where in the file.
    pub at: Option<Position>,
    /// Path of the key; empty where no key is concerned.
    pub path: String,
    /// What is wrong; never quotes a secret.
    pub message: String,
}

impl Problem {
    /// A problem of a whole file or variable.
    pub fn of(source: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            source: source.into(),
            at: None,
            path: String::new(),
            message: message.into(),
        }
    }

    /// Something about `livekit.yaml`.
    pub fn linted(lint: Lint) -> Self {
        Self {
            source: LIVEKIT_FILE.to_owned(),
            at: lint.at,
            path: lint.path,
            message: lint.message,
        }
    }

    /// A finding of the reader, in this file.
    pub fn found(source: &str, finding: Finding) -> Self {
        Self {
            source: source.to_owned(),
            at: Some(finding.at),
            path: finding.path,
            message: finding.message,
        }
    }
}

/// `livekit.yaml:12:3: rtc.port_range_strt: unknown key`
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        if let Some(at) = self.at {
            write!(f, ":{}:{}", at.line, at.column)?;
        }
        f.write_str(": ")?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// `{"source", "line", "column", "path", "message"}`
impl Serialize for Problem {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        serde_json::json!({
            "source": self.source,
            "line": self.at.map(|at| at.line),
            "column": self.at.map(|at| at.column),
            "path": self.path,
            "message": self.message,
        })
        .serialize(to)
    }
}

/// One error for all problems of the project's files (exit 2), in the order of files and lines.
pub fn error(problems: Vec<Problem>) -> Error {
    error_in("the project's files", problems)
}

/// One error for all problems of something (exit 2), in the order of files and lines.
pub fn error_in(what: &str, mut problems: Vec<Problem>) -> Error {
    problems.sort_by(|a, b| (&a.source, a.at).cmp(&(&b.source, b.at)));
    match problems.as_slice() {
        [only] => Error::usage(only.to_string()),
        all => {
            let lines: Vec<_> = all.iter().map(|p| format!("  {p}")).collect();
            Error::usage(format!(
                "{} problems in {what}\n{}",
                all.len(),
                lines.join("\n")
            ))
        }
    }
}
