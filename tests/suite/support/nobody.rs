//! Programs run by the user `nobody`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A program where `nobody` can start it: the folder that it was built in may be root's alone.
pub struct ForNobody {
    program: PathBuf,
    dir: TempDir,
}

impl ForNobody {
    /// A copy of the program, gone with the value.
    pub fn of(program: &Path) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        let copy = dir.path().join(program.file_name().unwrap());
        // A link costs nothing, but works on one filesystem only.
        fs::hard_link(program, &copy)
            .or_else(|_| fs::copy(program, &copy).map(drop))
            .unwrap();
        Self { program: copy, dir }
    }

    /// Starts it as `nobody`, in a folder where `nobody` may be.
    pub fn command(&self) -> Command {
        self.in_groups("--clear-groups")
    }

    /// The same by a `nobody` who may use the engine.
    pub fn with_docker(&self) -> Command {
        self.in_groups("--groups=docker")
    }

    fn in_groups(&self, groups: &str) -> Command {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", groups])
            .arg(&self.program)
            .current_dir(self.dir.path());
        command
    }
}
