//! Services as detached processes of this machine.
//!
//! Each instance has a folder in the state of its project, in which its process runs: what it is, its pid
//! file, its log, its files and links to its volumes. Paths in its arguments and its files are relative to
//! that folder, so that equal specs have equal hashes, and the folder of a process tells whose it is.

mod folder;
mod found;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};

use self::folder::{Folder, PROCESSES, VOLUMES, entries};
pub use self::found::{Lost, folders, lost, undeleted};
use super::{
    Condition, Containers, Engine, Instance, LogLine, LogQuery, Owner, ServiceSpec, Signal, State,
    Volume, lines_of_file,
};
use crate::config::STATE_DIR;
use crate::context::Env;
use crate::error::{Context as _, Error, Result};
use crate::host::files::is_gone;
use crate::host::log_file;
use crate::host::process::{Running, Spawn, Variables, spawn_detached};

/// What a process gets of the environment: others may mean something to it that nobody meant, such as
/// LiveKit's own `UDP_PORT` and `LIVEKIT_KEYS`.
const INHERITED: [&str; 7] = [
    "PATH",
    "HOME",
    "LANG",
    "TZ",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// The processes of one project.
#[derive(Clone, Debug)]
pub struct Processes {
    dir: PathBuf,
    inherited: Vec<(String, String)>,
}

impl Processes {
    /// Those of the project in `dir`.
    pub fn of(dir: &Path, env: &Env) -> Self {
        let value = |name: &str| Some((name.to_owned(), env.get(name)?.to_owned()));
        Self {
            dir: dir.to_path_buf(),
            inherited: INHERITED.into_iter().filter_map(value).collect(),
        }
    }

    fn state(&self, what: &str) -> PathBuf {
        self.dir.join(STATE_DIR).join(what)
    }

    fn volume(&self, name: &str) -> PathBuf {
        self.state(VOLUMES).join(name)
    }
}

#[async_trait]
impl Engine for Processes {
    fn containers(&self) -> Option<&dyn Containers> {
        None
    }

    async fn instances(&self, project: Option<&str>) -> Result<Vec<Instance>> {
        let mut found = Vec::new();
        for path in entries(&self.state(PROCESSES)) {
            // One without a record was being made, or removed.
            let Some((folder, record)) = Folder::read(path) else {
                continue;
            };
            if project.is_none_or(|name| name == record.project) {
                found.push(folder.instance(record, &self.dir).await?);
            }
        }
        Ok(found)
    }

    /// Who looks at a process waits for its start by itself.
    async fn recover(&self, _project: &str) -> Result<()> {
        folder::sweep(&self.state(PROCESSES))
    }

    async fn inspect(&self, id: &str) -> Result<Condition> {
        Folder::of(id).condition().await
    }

    async fn create(&self, spec: &ServiceSpec) -> Result<String> {
        folder::make(&self.state(PROCESSES), &self.state(VOLUMES), spec)
    }

    async fn rename(&self, id: &str, name: &str) -> Result<()> {
        Folder::of(id).rename(name)
    }

    async fn start(&self, id: &str, service: &str) -> Result<()> {
        let folder = Folder::of(id);
        if folder.process().await?.is_some() {
            return Ok(());
        }
        let failed = || format!("cannot start `{service}`");
        let record = folder.record().or_fail(failed)?;
        let mut variables = self.inherited.clone();
        variables.extend(record.env);
        variables.extend(folder.secrets().or_fail(failed)?);
        log_file::make_room(&folder.log()).or_fail(failed)?;
        spawn_detached(&Spawn {
            program: &record.program,
            args: &record.args,
            env: Variables::Only(&variables),
            log: &folder.log(),
            pid_file: &folder.pid_file(),
            dir: folder.path(),
        })
        .await
        // Whether it is still there is asked by whoever waits for its health.
        .map(drop)
    }

    async fn signal(&self, id: &str, signal: Signal) -> Result<()> {
        let Some(process) = Folder::of(id).process().await? else {
            return Ok(());
        };
        let Some(handle) = process.handle() else {
            return Ok(());
        };
        match signal {
            Signal::Terminate => handle.terminate().map(drop),
            Signal::Kill => handle.kill_group(),
        }
    }

    /// Only its parent hears how a process ended, and that is not us for long.
    async fn exited(&self, id: &str) -> Result<Option<i64>> {
        let process = Folder::of(id).process().await?;
        if let Some(handle) = process.and_then(|process| process.handle()) {
            handle.ended().await;
        }
        Ok(None)
    }

    async fn remove(&self, id: &str) -> Result<()> {
        let folder = Folder::of(id);
        let process = folder.process().await?;
        if let Some(handle) = process.and_then(|process| process.handle()) {
            handle.end_group().await?;
        }
        folder.remove()
    }

    fn logs(&self, id: &str, query: &LogQuery) -> BoxStream<'static, Result<LogLine>> {
        let (folder, query) = (Folder::of(id), query.clone());
        let log = folder.log();
        stream::once(async move { folder.process().await })
            .flat_map(move |process| match process {
                Ok(process) => {
                    let writes = move || process.as_ref().is_some_and(Running::is_alive);
                    lines_of_file(log.clone(), query.clone(), Box::new(writes)).boxed()
                }
                Err(e) => stream::once(async { Err(e) }).boxed(),
            })
            .boxed()
    }

    async fn volumes(&self, project: Option<&str>) -> Result<Vec<Volume>> {
        let volumes = entries(&self.state(VOLUMES)).into_iter();
        let found = volumes.filter_map(|path| {
            let name = path.file_name()?.to_str()?.to_owned();
            let of = folder::project_of_volume(&name)?.to_owned();
            project.is_none_or(|name| name == of).then(|| Volume {
                name,
                project: of,
                dir: self.dir.clone(),
            })
        });
        Ok(found.collect())
    }

    async fn volume_owner(&self, name: &str) -> Result<Option<Owner>> {
        if is_gone(&self.volume(name)) {
            return Ok(None);
        }
        Ok(Some(
            folder::project_of_volume(name)
                .map_or(Owner::Foreign, |project| Owner::Project(project.to_owned())),
        ))
    }

    async fn remove_volume(&self, name: &str) -> Result<()> {
        folder::remove_dir(&self.volume(name))
    }
}

/// The state of an instance that is there and does not run.
fn at_rest(was_started: bool) -> State {
    if was_started {
        State::Exited
    } else {
        State::Created
    }
}

/// An instance that somebody removed meanwhile.
fn gone(path: &Path) -> Error {
    Error::failed(format!("`{}` is gone", path.display()))
}
