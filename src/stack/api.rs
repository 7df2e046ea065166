//! The API's process: `urbania serve`, detached, found again by its pid file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

use crate::auth::Setup;
use crate::config::{Project, STATE_DIR, variable_of};
use crate::error::{Context as _, Error, Result};
use crate::host::files::{PRIVATE, private_dir, replace};
use crate::host::log_file;
use crate::host::process::{Running, Spawn, Stopped, Variables, running, spawn_detached};
use crate::store;

use super::plan::ApiSeen;
use super::serving::serving;

/// Requests in flight are finished within this: more than the API itself gives them.
const GRACE: Duration = Duration::from_secs(12);

/// Where the API's process keeps its files.
#[derive(Clone, Debug)]
pub struct ApiFiles {
    /// The project's folder, in which it runs.
    dir: PathBuf,
    /// Who it is.
    pub pid: PathBuf,
    /// The hash of what it read when it started.
    pub config: PathBuf,
    /// What it prints.
    pub log: PathBuf,
}

impl ApiFiles {
    /// Those of the project in `dir`.
    pub fn at(dir: &Path) -> Self {
        let state = dir.join(STATE_DIR);
        Self {
            dir: dir.to_path_buf(),
            pid: state.join("api.pid"),
            config: state.join("api.config"),
            log: state.join("logs/api.log"),
        }
    }

    /// Those of a project.
    pub fn of(project: &Project) -> Self {
        Self::at(&project.dir)
    }

    /// The API's process, if it runs.
    pub async fn process(&self) -> Result<Option<Running>> {
        running(&self.pid, &self.dir).await
    }

    /// The same, and what it was started with.
    pub async fn seen(&self) -> Result<Option<ApiSeen>> {
        Ok(self.process().await?.map(|process| {
            let config = std::fs::read_to_string(&self.config).unwrap_or_default();
            // Its pairs may have changed since, and it says so itself.
            let says = serving(&self.dir.join(STATE_DIR))
                .into_iter()
                .find(|api| api.pid() == process.pid);
            ApiSeen {
                pid: process.pid,
                config: says.map_or(config.clone(), |api| with_live(&config, &api.live)),
            }
        }))
    }

    /// How long the log is now.
    pub fn log_length(&self) -> u64 {
        std::fs::metadata(&self.log).map_or(0, |m| m.len())
    }

    /// Ends the process if it runs.
    pub async fn stop(&self) -> Result<Stopped> {
        match self.process().await? {
            Some(process) => process.stop(GRACE).await,
            None => Ok(Stopped::Gone),
        }
    }
}

/// The hash of what the API goes by, with another one of what it takes up while it serves.
pub fn with_live(config: &str, live: &str) -> String {
    let rest = config.split('.').next().unwrap_or_default();
    format!("{rest}.{live}")
}

/// Whether two of them differ only in what the API takes up while it serves.
pub fn differ_in_live(one: &str, other: &str) -> bool {
    one != other && with_live(one, "") == with_live(other, "")
}

/// Refuses what the API would refuse at its start: the one that runs is not stopped for that.
pub async fn check(project: &Project) -> Result<()> {
    session_secret(project)?;
    project.pair_to_serve_with()?;
    Setup::of(project, project.settings.api.listen)?;
    store::check(project).await
}

/// What signs the sessions of local users.
pub fn session_secret(project: &Project) -> Result<SecretString> {
    project.session_secret().ok_or_else(|| {
        Error::usage("`URBANIA_SESSION_SECRET` is neither in the environment nor in .env")
            .hint("urbania up   writes what .env lacks")
    })
}

/// Starts the API of a project; it reads its secrets from the project's files by itself. On
/// `webhook_listen` it listens for the SFU's webhooks besides.
pub async fn start(
    project: &Project,
    webhook_listen: Option<SocketAddr>,
    config: &str,
) -> Result<()> {
    let files = ApiFiles::of(project);
    let program =
        std::env::current_exe().or_fail(|| "cannot tell where urbania itself is".into())?;
    let mut args = vec![
        "serve".to_owned(),
        "--project".to_owned(),
        project.dir.display().to_string(),
    ];
    // A flag of `up` counts for the API that it starts too.
    let pass = project.settings.pass_unknown.then(|| {
        let name = variable_of("pass_unknown");
        (name, "true".to_owned())
    });
    if let Some(listen) = webhook_listen {
        args.extend(["--webhook-listen".to_owned(), listen.to_string()]);
    }
    private_dir(&project.state_dir())?;
    log_file::make_room(&files.log)
        .or_fail(|| format!("cannot rename `{}`", files.log.display()))?;
    // Before the process: a process without its hash would be restarted for nothing.
    replace(&files.config, config, PRIVATE)
        .or_fail(|| format!("cannot write `{}`", files.config.display()))?;
    spawn_detached(&Spawn {
        program: &program,
        args: &args,
        env: Variables::Added(pass.as_slice()),
        log: &files.log,
        pid_file: &files.pid,
        dir: &project.dir,
    })
    .await
    // Whether it is still there is asked by whoever waits for its health.
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_the_api_would_refuse_at_its_start_is_refused_before() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        write(
            "livekit.yaml",
            "keys: {APItest: a secret of thirty-two characters}\n",
        );
        write(
            "urbania.yaml",
            "services: {mongodb: {enabled: false}}\nauth: {hs256: [{secret_env: SHOP}]}\n",
        );
        let check = async |env: &[(&str, &str)]| {
            let pairs = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
            let project = Project::load_from(dir.path(), &pairs.collect()).unwrap();
            check(&project).await.map_err(|e| e.to_string())
        };
        let session = ("URBANIA_SESSION_SECRET", "one");
        let missing = check(&[session]).await.unwrap_err();
        assert_eq!(missing, "`SHOP` is neither in the environment nor in .env");
        assert!(check(&[session, ("SHOP", "two")]).await.is_ok());
        assert!(check(&[("SHOP", "two")]).await.is_err());
    }
}
