//! Processes that no project shows any more: its folder is gone, or what named them there.

use std::path::Path;
use std::time::Duration;

use super::api::ApiFiles;
use super::apis::dir_of;
use super::service::Service;
use crate::config::STATE_DIR;
pub use crate::engine::processes::Lost;
use crate::engine::processes::{self, undeleted};
use crate::error::Result;
use crate::host::files::{identity, is_gone, same_folder};
use crate::host::process::{Facts, Handle, facts_of_this_user, is_detached};

/// What our own program is called, whatever else stands behind the name.
const PROGRAM: &str = env!("CARGO_PKG_NAME");

/// How long such a process may take to end by itself.
const GRACE: Duration = Duration::from_secs(5);

/// The processes of this user that are left: those that are lost, and APIs that somebody has started by hand in a
/// folder that is gone.
pub async fn orphans() -> Vec<Lost> {
    let mut found = lost().await;
    for (pid, facts) in facts_of_this_user() {
        if let Some(dir) = left_api(&facts).filter(|_| sees_what_we_see(pid))
            && !found.iter().any(|lost| lost.pid == pid)
        {
            found.push(api(dir, pid));
        }
    }
    found
}

/// Those that `up` has started, and that the state of their projects does not name.
async fn lost() -> Vec<Lost> {
    let mut found = processes::lost().await;
    for (pid, facts) in facts_of_this_user() {
        let Some(cwd) = facts.cwd.filter(|_| dir_of(&facts.arguments).is_some()) else {
            continue;
        };
        let dir = undeleted(&cwd);
        let is_named = async || {
            let process = ApiFiles::at(dir).process().await;
            matches!(process, Ok(Some(process)) if process.pid == pid)
        };
        if is_detached(pid, &dir.join(STATE_DIR)) && !is_named().await {
            found.push(api(dir, pid));
        }
    }
    found.retain(|lost| sees_what_we_see(lost.pid));
    found
}

/// Those of the project in `dir`.
pub async fn lost_in(dir: &Path) -> Vec<Lost> {
    let mut found = lost().await;
    found.retain(|lost| same_folder(&lost.dir, dir));
    found
}

/// Those of projects whose folders are there.
pub async fn lost_somewhere() -> Vec<Lost> {
    let mut found = lost().await;
    found.retain(|lost| !is_gone(&lost.dir));
    found
}

impl Lost {
    /// Ends it. One that has ended meanwhile is fine, also when somebody else has its number now.
    pub async fn end(&self) -> Result<()> {
        let Some(process) = Handle::open(self.pid) else {
            return Ok(());
        };
        if orphans().await.contains(self) {
            process.stop_group(GRACE).await?;
        }
        Ok(())
    }
}

fn api(dir: &Path, pid: u32) -> Lost {
    Lost {
        dir: dir.to_path_buf(),
        service: Service::Api.to_string(),
        pid,
    }
}

/// The folder of an API's project, if it is gone: removed, also where there is another one of that name.
fn left_api(facts: &Facts) -> Option<&Path> {
    let program = Path::new(facts.arguments.first()?).file_name()?;
    let dir =
        dir_of(&facts.arguments).filter(|_| program.to_string_lossy().starts_with(PROGRAM))?;
    let is_removed = |cwd: &Path| undeleted(cwd) == dir && cwd != dir;
    // A project that was moved is where its process runs.
    let is_moved = |cwd: &Path| cwd.join(STATE_DIR).is_dir();
    let cwd = facts.cwd.as_deref();
    (cwd.is_some_and(is_removed) || (is_gone(dir) && !cwd.is_some_and(is_moved))).then_some(dir)
}

/// Whether the process has the same files as this one: a folder in a container is another one.
fn sees_what_we_see(pid: u32) -> bool {
    let theirs = identity(Path::new(&format!("/proc/{pid}/root")));
    theirs.is_some() && theirs == identity(Path::new("/"))
}

#[cfg(test)]
mod tests {
    use std::fs;

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
