//! A volume that has not been ready once: MongoDB may have been stopped while it set it up, and then
//! no later start goes on with that. Nothing of anybody's can be in it.

use std::path::PathBuf;

use crate::config::Project;
use crate::error::{Context as _, Result};
use crate::host::files::{PRIVATE, replace};

/// The note that names such a volume. Without the note, a volume is never made anew.
#[derive(Debug)]
pub struct Unproved(PathBuf);

impl Unproved {
    /// That of a project whose state is in `state_dir`.
    pub fn in_state_dir(state_dir: &std::path::Path) -> Self {
        Self(state_dir.join("mongodb.unproved"))
    }

    /// That of a project.
    pub fn of(project: &Project) -> Self {
        Self::in_state_dir(&project.state_dir())
    }

    /// Whether `volume` has not been ready yet.
    pub fn names(&self, volume: &str) -> bool {
        std::fs::read_to_string(&self.0).is_ok_and(|noted| noted == volume)
    }

    /// Takes note of a volume that is about to be made.
    pub fn note(&self, volume: &str) -> Result<()> {
        replace(&self.0, volume, PRIVATE).or_fail(|| format!("cannot write `{}`", self.0.display()))
    }

    /// Forgets it: the volume is ready, or gone.
    pub fn clear(&self) -> Result<()> {
        match std::fs::remove_file(&self.0) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                Err(e).or_fail(|| format!("cannot remove `{}`", self.0.display()))
            }
            _ => Ok(()),
        }
    }
}
