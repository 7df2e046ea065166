//! Processes of projects whose folders are gone: services, and APIs that `up` or somebody else has started.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::apis::dir_of;
use crate::config::STATE_DIR;
use crate::engine::processes::{self, DELETED};
use crate::host::files::is_gone;
use crate::host::process::{Facts, facts_of_this_user};

/// What our own program is called, whatever else stands behind the name.
const PROGRAM: &str = env!("CARGO_PKG_NAME");

/// The processes of this user that are left, with the folders of their projects.
pub fn orphans() -> Vec<(u32, PathBuf)> {
    let mut found = processes::orphans();
    for (pid, facts) in facts_of_this_user() {
        if let Some(dir) = left_api(&facts)
            && sees_what_we_see(pid)
        {
            found.push((pid, dir.to_path_buf()));
        }
    }
    found
}

/// The folder of an API's project, if it is gone: removed, also where there is another one of that name.
fn left_api(facts: &Facts) -> Option<&Path> {
    let program = Path::new(facts.arguments.first()?).file_name()?;
    let dir =
        dir_of(&facts.arguments).filter(|_| program.to_string_lossy().starts_with(PROGRAM))?;
    let removed = format!("{}{DELETED}", dir.display());
    let is_in = |folder: &Path| facts.cwd.as_deref() == Some(folder);
    // A project that was moved is where its process runs.
    let moved = |cwd: &PathBuf| cwd.join(STATE_DIR).is_dir();
    let is_left =
        is_in(Path::new(&removed)) || (is_gone(dir) && !facts.cwd.as_ref().is_some_and(moved));
    is_left.then_some(dir)
}

/// Whether the process has the same files as this one: a folder in a container is another one.
fn sees_what_we_see(pid: u32) -> bool {
    let root = |path: &str| {
        let root = fs::metadata(path).ok()?;
        Some((root.dev(), root.ino()))
    };
    root(&format!("/proc/{pid}/root")).is_some_and(|theirs| root("/") == Some(theirs))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(program: &str, dir: &Path, cwd: &str) -> Facts {
        let dir = dir.display().to_string();
        Facts {
            arguments: [program, "serve", "--project", &dir].map(Into::into).into(),
            uid: 0,
            started: jiff::Timestamp::UNIX_EPOCH,
            parent: None,
            cwd: Some(cwd.into()),
        }
    }

    #[test]
    fn an_api_is_left_when_its_folder_is_removed_and_not_when_it_was_moved() {
        let here = tempfile::tempdir().unwrap();
        let is_left =
            |dir: &Path, cwd: &str| left_api(&facts("/usr/bin/urbania", dir, cwd)).is_some();
        let (dir, gone) = (here.path(), here.path().join("gone"));
        assert!(is_left(&gone, "/"));
        assert!(is_left(&gone, &format!("{} (deleted)", gone.display())));
        assert!(!is_left(dir, &dir.display().to_string()));
        assert!(!is_left(dir, "/"));
        // There is another folder of that name.
        assert!(is_left(dir, &format!("{} (deleted)", dir.display())));
        fs::create_dir(dir.join(STATE_DIR)).unwrap();
        assert!(!is_left(&gone, &dir.display().to_string()));
    }

    #[test]
    fn another_program_is_never_ours() {
        let gone = facts("/usr/bin/hugo", Path::new("/nowhere/site"), "/");
        assert_eq!(left_api(&gone), None);
    }

    #[test]
    fn a_process_beside_us_has_our_files() {
        assert!(sees_what_we_see(std::process::id()));
        assert!(!sees_what_we_see(u32::MAX));
    }
}
