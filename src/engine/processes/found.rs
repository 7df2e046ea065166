//! The processes of all projects, from anywhere: a process runs in the folder of its instance, and the pid
//! file there names it. A list of our own could be out of date; these two together cannot.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::folder::{Folder, PROCESSES};
use crate::config::STATE_DIR;
use crate::host::files::is_gone;
use crate::host::process::facts_of_this_user;

/// What Linux adds to the folder of a process when that is removed.
pub const DELETED: &str = " (deleted)";

/// The folders of the projects of this user of which a process runs.
pub async fn folders() -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for (pid, facts) in facts_of_this_user() {
        let Some((project, folder)) = facts.cwd.as_deref().and_then(places) else {
            continue;
        };
        let named = Folder::of(&folder.to_string_lossy()).process().await;
        if matches!(named, Ok(Some(process)) if process.pid == pid) {
            found.insert(project.to_path_buf());
        }
    }
    found
}

/// Processes of projects whose folders are gone, with these folders.
pub fn orphans() -> Vec<(u32, PathBuf)> {
    let of_this_user = facts_of_this_user().into_iter();
    let found = of_this_user.filter_map(|(pid, facts)| {
        let cwd = facts.cwd?;
        let (project, _) = places(Path::new(cwd.to_str()?.strip_suffix(DELETED)?))?;
        is_gone(project).then(|| (pid, project.to_path_buf()))
    });
    found.collect()
}

/// The project's folder and the instance's, of a process that runs in `cwd`.
fn places(cwd: &Path) -> Option<(&Path, &Path)> {
    let processes = cwd.parent().filter(|p| p.ends_with(PROCESSES))?;
    let state = processes.parent().filter(|p| p.ends_with(STATE_DIR))?;
    Some((state.parent()?, cwd))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_folder_of_an_instance_tells_a_project() {
        let project = |cwd: &str| places(Path::new(cwd)).map(|(dir, _)| dir.to_path_buf());
        let cwd = "/home/ada/demo/.urbania/processes/livekit-00c0ffee";
        assert_eq!(project(cwd), Some("/home/ada/demo".into()));
        assert_eq!(project("/home/ada/demo/.urbania/processes"), None);
        assert_eq!(project("/home/ada/demo/.urbania"), None);
        assert_eq!(project("/home/ada/processes/livekit"), None);
        assert_eq!(project("/"), None);
    }
}
