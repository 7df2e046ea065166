//! What a command is given instead of reaching for globals: arguments common to all commands, the
//! environment, the clock and the output.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use jiff::Timestamp;

use crate::output::Output;

/// Everything that a command may touch besides its own arguments.
#[derive(Clone, Debug)]
pub struct Context {
    /// `--project DIR`, as given.
    pub project: Option<PathBuf>,
    /// The folder that the command was typed in.
    pub cwd: PathBuf,
    /// The process environment, read once.
    pub env: Env,
    /// The clock.
    pub clock: Clock,
    /// Where results and talk go.
    pub out: Output,
}

impl Context {
    /// The same with another variable in the environment.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut changed = self.clone();
        changed.env.0.insert(name.to_owned(), value.to_owned());
        changed
    }
}

/// The process environment as a value.
#[derive(Clone, Debug, Default)]
pub struct Env(BTreeMap<String, String>);

impl Env {
    /// The environment of this process; variables that are not UTF-8 are left out.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
    pub fn of_process() -> Self {
        Self(
            std::env::vars_os()
                .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
                .collect(),
        )
    }

    /// The value of `name`, unless it is unset or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|v| !v.is_empty())
    }
}

impl FromIterator<(String, String)> for Env {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(iter: I) -> Self {
        Self(iter.into_iter().collect())
    }
}

/// A clock that tests can set.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    /// The clock of this machine.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
    pub fn system() -> Self {
        Self(Arc::new(SystemTime::now))
    }

    /// A clock that always shows `at`.
    pub fn fixed(at: Timestamp) -> Self {
        let at = SystemTime::from(at);
        Self(Arc::new(move || at))
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        Timestamp::try_from((self.0)()).unwrap_or(Timestamp::MAX)
    }

    /// Seconds since 1970, the unit of JWT claims.
    pub fn unix(&self) -> u64 {
        self.now().as_second().try_into().unwrap_or(0)
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}
