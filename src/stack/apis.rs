//! The APIs of every project of this user, also of those of which nothing else is left.

use std::path::{Path, PathBuf};

use super::api::ApiFiles;
use crate::config::Project;
use crate::context::Env;
use crate::host::process::facts_of_this_user;

/// The API of a project, as its process shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundApi {
    /// The project's name; its folder's where its files cannot be read.
    pub project: String,
    /// The project's folder.
    pub dir: PathBuf,
    /// The process.
    pub pid: u32,
}

/// Every process that was started as an API, and that the pid file of its project names. A list of
/// our own could be out of date; these two together cannot.
pub async fn apis(env: &Env) -> Vec<FoundApi> {
    let mut found = Vec::new();
    for (pid, facts) in facts_of_this_user() {
        let Some(named) = dir_of(&facts.arguments) else {
            continue;
        };
        // A project that was moved is where its process runs.
        let dir = facts.cwd.as_deref().unwrap_or(named);
        let seen = ApiFiles::at(dir).process().await;
        if matches!(seen, Ok(Some(api)) if api.pid == pid) {
            found.push(FoundApi {
                project: name_of(dir, env),
                dir: dir.to_path_buf(),
                pid,
            });
        }
    }
    found
}

/// The folder in the arguments that [`super::api::start`] gives.
pub(super) fn dir_of(arguments: &[String]) -> Option<&Path> {
    match arguments {
        // An address for webhooks may follow.
        [_, serve, project, dir, ..] if serve == "serve" && project == "--project" => {
            Some(Path::new(dir)).filter(|dir| dir.is_absolute())
        }
        _ => None,
    }
}

/// What the project in `dir` is called; its folder where its files cannot be read.
pub fn name_of(dir: &Path, env: &Env) -> String {
    match Project::load_from(dir, env) {
        Ok(project) => project.name,
        Err(_) => dir
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_up_starts_counts_as_an_api() {
        let dir = |arguments: &[&str]| {
            let arguments: Vec<String> = arguments.iter().map(|&a| a.to_owned()).collect();
            dir_of(&arguments).map(Path::to_path_buf)
        };
        assert_eq!(
            dir(&["/usr/bin/urbania", "serve", "--project", "/home/ada/demo"]),
            Some("/home/ada/demo".into())
        );
        let for_webhooks = [
            "urbania",
            "serve",
            "--project",
            "/home/ada/demo",
            "--webhook-listen",
            "172.17.0.1:8000",
        ];
        assert_eq!(dir(&for_webhooks), Some("/home/ada/demo".into()));
        assert_eq!(dir(&["urbania", "serve", "--project", "demo"]), None);
        assert_eq!(dir(&["urbania", "up", "--project", "/home/ada/demo"]), None);
        assert_eq!(dir(&["urbania", "serve"]), None);
    }
}
