//! What a check found.

use serde::{Serialize, Serializer};

use super::mend::Mend;
use crate::output::{BAD, DIM, GOOD, WARN};

/// How bad it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    #[default]
    Ok,
    /// Worth knowing; nothing needs to be done.
    Note,
    /// It works, but not as well or as safely as it should, or not for long.
    Warning,
    /// It does not work, for somebody at least.
    Problem,
}

impl Verdict {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }

    /// Its colour.
    pub fn style(self) -> anstyle::Style {
        match self {
            Self::Ok => GOOD,
            Self::Note => DIM,
            Self::Warning => WARN,
            Self::Problem => BAD,
        }
    }
}

/// One thing that a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub verdict: Verdict,
    /// What it is, in one plain line.
    pub message: String,
    /// What shows it.
    pub evidence: Vec<String>,
    /// What to do: commands, or words with a command in them.
    pub fix: Vec<String>,
    /// What `--fix` does.
    #[serde(rename = "mendable", serialize_with = "is_some")]
    pub mend: Option<Mend>,
}

impl Finding {
    /// As it should be; the line of the group shows it.
    pub fn ok(message: impl Into<String>) -> Self {
        Self::new(Verdict::Ok, message)
    }

    /// Worth knowing.
    pub fn note(message: impl Into<String>) -> Self {
        Self::new(Verdict::Note, message)
    }

    /// Not as it should be.
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Verdict::Warning, message)
    }

    /// Broken.
    pub fn problem(message: impl Into<String>) -> Self {
        Self::new(Verdict::Problem, message)
    }

    /// This bad.
    pub fn new(verdict: Verdict, message: impl Into<String>) -> Self {
        Self {
            verdict,
            message: message.into(),
            evidence: Vec::new(),
            fix: Vec::new(),
            mend: None,
        }
    }

    /// Adds what shows it.
    #[must_use]
    pub fn evidence(mut self, line: impl Into<String>) -> Self {
        self.evidence.push(line.into());
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn fix(mut self, way: impl Into<String>) -> Self {
        self.fix.push(way.into());
        self
    }

    /// Adds what `--fix` does.
    #[must_use]
    pub fn mend(mut self, mend: Mend) -> Self {
        self.mend = Some(mend);
        self
    }
}

#[expect(clippy::ref_option, reason = "serde's own signature")]
fn is_some<S: Serializer>(mend: &Option<Mend>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_bool(mend.is_some())
}
