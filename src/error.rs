//! The one error type that reaches the user: what went wrong, why, and the next command.
//!
//! Modules whose callers branch on the kind of failure have an enum of their own and convert it
//! here at the boundary. Only `main` prints an [`Error`] and turns it into an exit code.

use std::error::Error as StdError;
use std::fmt;

/// The result of everything that can fail in front of the user.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// How the process ends. Scripts depend on these numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The command could not do its work.
    Failed = 1,
    /// The command line or a configuration file is wrong.
    Usage = 2,
    /// The command worked; a check that it made found a problem.
    ProblemFound = 3,
}

/// A failure, in words for a person.
#[derive(Debug)]
pub struct Error {
    exit: Exit,
    message: String,
    hints: Vec<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// The command could not do its work (exit 1).
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    /// The command line or a configuration file is wrong (exit 2).
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// A check found a problem (exit 3).
    pub fn problem(message: impl Into<String>) -> Self {
        Self::new(Exit::ProblemFound, message)
    }

    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            hints: Vec::new(),
            source: None,
        }
    }

    /// Adds the next command or the way out, printed as `hint: …`.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds the cause. The message must not repeat it.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The exit code of the process.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The ways out, in the order in which they were added.
    #[must_use]
    pub fn hints(&self) -> &[String] {
        &self.hints
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|e| e as &(dyn StdError + 'static))
    }
}

/// Puts a sentence in front of a foreign error.
pub trait Context<T> {
    /// `message` says what was being done; the foreign error becomes the cause.
    fn or_fail(self, message: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: StdError + Send + Sync + 'static> Context<T> for std::result::Result<T, E> {
    fn or_fail(self, message: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|e| Error::failed(message()).because(e))
    }
}
