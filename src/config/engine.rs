//! The engine that runs a project, remembered in its state from `up` to `down`: whoever looks at the
//! project meanwhile looks there, whatever the settings or the machine have become.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{EngineChoice, STATE_DIR};
use crate::error::{Context as _, Result};
use crate::host::files::{PRIVATE, private_dir, replace};

/// What runs the services of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// Containers of a Docker engine.
    Docker,
    /// Programs of this machine.
    Native,
    /// The development SFU of this very program.
    Embedded,
}

impl EngineKind {
    /// The name on the command line and in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Native => "native",
            Self::Embedded => "embedded",
        }
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl EngineChoice {
    /// The engine that is asked for, if it is a certain one.
    pub fn kind(self) -> Option<EngineKind> {
        match self {
            Self::Auto => None,
            Self::Docker => Some(EngineKind::Docker),
            Self::Native => Some(EngineKind::Native),
            Self::Embedded => Some(EngineKind::Embedded),
        }
    }
}

/// What is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunsOn {
    /// The engine.
    pub engine: EngineKind,
    /// The programs that it runs: they need not be on everybody's PATH.
    #[serde(default)]
    pub programs: Programs,
}

/// The programs of the native engine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Programs {
    /// LiveKit's server.
    pub livekit: Option<PathBuf>,
    /// MongoDB's, or one that speaks its protocol.
    pub mongodb: Option<PathBuf>,
}

impl Programs {
    /// Whether the database's program is FerretDB, which is told what to do by its environment.
    pub fn is_ferretdb(program: &Path) -> bool {
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        name.contains("ferretdb")
    }
}

impl RunsOn {
    /// What is remembered of the project in `dir`. A file that nobody can read says nothing.
    pub fn of(dir: &Path) -> Option<Self> {
        read(&file(dir))
    }

    /// An engine of which no program is known.
    pub fn on(engine: EngineKind) -> Self {
        let programs = Programs::default();
        Self { engine, programs }
    }

    /// Whether the database makes its user by itself: images and FerretDB do, MongoDB's own server does not.
    pub fn makes_its_user(&self) -> bool {
        let program = self.programs.mongodb.as_deref();
        program.is_none_or(Programs::is_ferretdb)
    }

    /// Remembers it.
    pub fn remember(&self, dir: &Path) -> Result<()> {
        let path = file(dir);
        let failed = || format!("cannot write `{}`", path.display());
        private_dir(&dir.join(STATE_DIR))?;
        let text = serde_json::to_string(self).or_fail(failed)?;
        replace(&path, &text, PRIVATE).or_fail(failed)
    }

    /// Forgets it: nothing of the project is there any more but the records that it made.
    pub fn forget(dir: &Path) -> Result<()> {
        let path = file(dir);
        match fs::rename(&path, last(dir)) {
            Err(e) if e.kind() != ErrorKind::NotFound => {
                Err(e).or_fail(|| format!("cannot rename `{}`", path.display()))
            }
            _ => Ok(()),
        }
    }

    /// The engine that ran the project in `dir` last, and has been forgotten: its records are where it had them.
    pub fn last(dir: &Path) -> Option<EngineKind> {
        read(&last(dir)).map(|runs_on| runs_on.engine)
    }
}

fn read(path: &Path) -> Option<RunsOn> {
    serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
}

fn file(dir: &Path) -> PathBuf {
    dir.join(STATE_DIR).join("engine.json")
}

fn last(dir: &Path) -> PathBuf {
    dir.join(STATE_DIR).join("engine.last.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_there_until_it_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(RunsOn::of(dir.path()), None);
        let runs = RunsOn {
            engine: EngineKind::Native,
            programs: Programs {
                livekit: Some("/opt/livekit-server".into()),
                mongodb: None,
            },
        };
        runs.remember(dir.path()).unwrap();
        assert_eq!(RunsOn::of(dir.path()).as_ref(), Some(&runs));
        fs::write(file(dir.path()), "half").unwrap();
        assert_eq!(RunsOn::of(dir.path()), None);
        runs.remember(dir.path()).unwrap();
        assert_eq!(RunsOn::last(dir.path()), None);
        RunsOn::forget(dir.path()).unwrap();
        RunsOn::forget(dir.path()).unwrap();
        assert_eq!(RunsOn::of(dir.path()), None);
        assert_eq!(RunsOn::last(dir.path()), Some(EngineKind::Native));
    }
}
