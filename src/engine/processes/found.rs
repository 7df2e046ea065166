//! The processes of all projects, from anywhere: a process runs in the folder of its instance, and the pid
//! file there names it. A list of our own could be out of date; these two together cannot. What runs there and
//! is named by no pid file is lost: somebody has removed the folder, or the file.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::folder::{Folder, PROCESSES};
use crate::config::STATE_DIR;
use crate::host::process::{facts_of_this_user, is_detached};

/// A process that is a project's, and that the project's state does not name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lost {
    /// The folder of the project, which may be gone.
    pub dir: PathBuf,
    /// What it is to the project.
    pub service: String,
    /// Its process id.
    pub pid: u32,
}

/// The folders of the projects of this user of which a process runs.
pub async fn folders() -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for (pid, folder, project) in in_folders() {
        if is_named(pid, &folder).await {
            found.insert(project);
        }
    }
    found
}

/// The processes of services of this user that are lost.
pub async fn lost() -> Vec<Lost> {
    let mut found = Vec::new();
    for (pid, folder, dir) in in_folders() {
        if is_detached(pid, &folder) && !is_named(pid, &folder).await {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            let service = name.rsplit_once('-').map_or(&*name, |(service, _)| service);
            let service = service.to_owned();
            found.push(Lost { dir, service, pid });
        }
    }
    found
}

/// What runs in the folders of instances, with these and the folders of their projects.
fn in_folders() -> Vec<(u32, PathBuf, PathBuf)> {
    let all = facts_of_this_user().into_iter();
    let found = all.filter_map(|(pid, facts)| {
        let cwd = facts.cwd?;
        let folder = undeleted(&cwd);
        Some((pid, folder.to_path_buf(), project(folder)?.to_path_buf()))
    });
    found.collect()
}

async fn is_named(pid: u32, folder: &Path) -> bool {
    let named = Folder::of(&folder.to_string_lossy()).process().await;
    matches!(named, Ok(Some(process)) if process.pid == pid)
}

/// The folder of a process without what Linux adds when it is removed.
pub fn undeleted(cwd: &Path) -> &Path {
    let name = cwd.as_os_str().as_bytes();
    let removed = name.strip_suffix(b" (deleted)");
    removed.map_or(cwd, |name| Path::new(OsStr::from_bytes(name)))
}

/// The project's folder, of a process that runs in `cwd`.
fn project(cwd: &Path) -> Option<&Path> {
    let processes = cwd.parent().filter(|p| p.ends_with(PROCESSES))?;
    let state = processes.parent().filter(|p| p.ends_with(STATE_DIR))?;
    state.parent()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_folder_of_an_instance_tells_a_project() {
        let project = |cwd: &str| project(undeleted(Path::new(cwd))).map(Path::to_path_buf);
        let cwd = "/home/ada/demo/.urbania/processes/livekit-00c0ffee";
        assert_eq!(project(cwd), Some("/home/ada/demo".into()));
        let removed = format!("{cwd} (deleted)");
        assert_eq!(project(&removed), Some("/home/ada/demo".into()));
        assert_eq!(project("/home/ada/demo/.urbania/processes"), None);
        assert_eq!(project("/home/ada/demo/.urbania"), None);
        assert_eq!(project("/home/ada/processes/livekit"), None);
        assert_eq!(project("/"), None);
    }
}
