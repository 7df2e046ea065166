//! The folder of one process.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};

use super::{at_rest, gone};
use crate::engine::{Condition, Form, Instance, Runs, ServiceSpec, State};
use crate::error::{Context as _, Error, Result};
use crate::host::files::{PRIVATE, private_dir, replace};
use crate::host::process::{Running, running};

/// Where the processes of a project are, in its state.
pub(super) const PROCESSES: &str = "processes";
/// Where their data is.
pub(super) const VOLUMES: &str = "volumes";

const RECORD: &str = "instance.json";
const SECRETS: &str = "secrets.json";
const PID_FILE: &str = "process.pid";
const LOG: &str = "log";

/// What an instance was made from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Record {
    pub project: String,
    pub service: String,
    pub name: String,
    pub config: String,
    pub program: PathBuf,
    pub args: Vec<String>,
    pub env: BTreeMap<String, String>,
}

/// The folder of one process.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// That of an instance.
    pub fn of(id: &str) -> Self {
        Self(id.into())
    }

    /// The folder at `path` and what it is for, if it is complete.
    pub fn read(path: PathBuf) -> Option<(Self, Record)> {
        let folder = Self(path);
        let record = folder.record().ok()?;
        Some((folder, record))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn log(&self) -> PathBuf {
        self.0.join(LOG)
    }

    pub fn pid_file(&self) -> PathBuf {
        self.0.join(PID_FILE)
    }

    pub fn record(&self) -> io::Result<Record> {
        Ok(serde_json::from_str(&fs::read_to_string(
            self.0.join(RECORD),
        )?)?)
    }

    fn write(&self, record: &Record) -> io::Result<()> {
        let text = serde_json::to_string(record)?;
        replace(&self.0.join(RECORD), &text, PRIVATE)
    }

    /// The part of the environment that is nobody else's business.
    pub fn secrets(&self) -> io::Result<BTreeMap<String, String>> {
        match fs::read_to_string(self.0.join(SECRETS)) {
            Ok(text) => Ok(serde_json::from_str(&text)?),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(e) => Err(e),
        }
    }

    /// The process, if it runs.
    pub async fn process(&self) -> Result<Option<Running>> {
        running(&self.pid_file(), &self.0).await
    }

    /// A pid file is there from the first start on.
    fn was_started(&self) -> bool {
        self.pid_file().exists()
    }

    pub async fn instance(self, record: Record, dir: &Path) -> Result<Instance> {
        let process = self.process().await?;
        Ok(Instance {
            id: self.0.to_string_lossy().into_owned(),
            name: record.name,
            project: record.project,
            service: record.service,
            dir: dir.to_path_buf(),
            state: self.state(process.as_ref()),
            form: Form::Process {
                program: record.program,
                pid: process.map(|process| process.pid),
            },
            config: record.config,
        })
    }

    pub async fn condition(&self) -> Result<Condition> {
        if !self.0.join(RECORD).exists() {
            return Err(gone(&self.0));
        }
        let process = self.process().await?;
        Ok(Condition {
            state: self.state(process.as_ref()),
            started: process.as_ref().and_then(Running::since),
            exit_code: None,
            out_of_memory: false,
            pid: process.map(|process| process.pid),
            restarts: 0,
        })
    }

    fn state(&self, process: Option<&Running>) -> State {
        match process {
            Some(process) if process.is_frozen() => State::Paused,
            Some(_) => State::Running,
            None => at_rest(self.was_started()),
        }
    }

    pub fn rename(&self, name: &str) -> Result<()> {
        let failed = || format!("cannot rename `{}`", self.0.display());
        let record = Record {
            name: name.to_owned(),
            ..self.record().or_fail(failed)?
        };
        self.write(&record).or_fail(failed)
    }

    /// First what makes it one: half a folder is none.
    pub fn remove(&self) -> Result<()> {
        match fs::remove_file(self.0.join(RECORD)) {
            Err(e) if e.kind() != ErrorKind::NotFound => {
                return Err(e).or_fail(|| format!("cannot remove `{}`", self.0.display()));
            }
            _ => {}
        }
        remove_dir(&self.0)
    }
}

/// Makes the folder of a new instance; its record comes last. The answer is the instance's id.
pub(super) fn make(processes: &Path, volumes: &Path, spec: &ServiceSpec) -> Result<String> {
    let Runs::Program { path, secrets, .. } = &spec.runs else {
        return Err(Error::failed(format!(
            "`{}` is to run an image, and a process is made from a program",
            spec.name
        )));
    };
    let folder = Folder(processes.join(format!("{}-{:08x}", spec.service, rand::random::<u32>())));
    private_dir(&folder.0)?;
    let filled = fill(&folder, volumes, spec).and_then(|()| {
        if !secrets.is_empty() {
            let secrets: BTreeMap<_, _> = (secrets.iter())
                .map(|(name, value)| (name, value.expose_secret()))
                .collect();
            let text = serde_json::to_string(&secrets)?;
            replace(&folder.0.join(SECRETS), &text, PRIVATE)?;
        }
        folder.write(&Record {
            project: spec.project.clone(),
            service: spec.service.clone(),
            name: spec.name.clone(),
            config: spec.config_hash(),
            program: path.clone(),
            args: spec.args.clone(),
            env: spec.env.clone(),
        })
    });
    if let Err(e) = filled {
        // That it could not be filled is the failure to report.
        let _ = folder.remove();
        return Err(e).or_fail(|| format!("cannot write the files of `{}`", spec.service));
    }
    Ok(folder.0.to_string_lossy().into_owned())
}

fn fill(folder: &Folder, volumes: &Path, spec: &ServiceSpec) -> io::Result<()> {
    for file in &spec.files {
        let path = folder.0.join(within(&file.path)?);
        replace(&path, file.contents.expose_secret(), PRIVATE)?;
    }
    for volume in &spec.volumes {
        let name = within(&volume.name)?;
        private_dir(&volumes.join(name)).map_err(io::Error::other)?;
        // Relative, as a project may be moved.
        let data = Path::new("../..").join(VOLUMES).join(name);
        std::os::unix::fs::symlink(data, folder.0.join(within(&volume.target)?))?;
    }
    Ok(())
}

/// One name, and no way out of a folder.
fn within(name: &str) -> io::Result<&str> {
    let mut parts = Path::new(name).components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(_)), None) => Ok(name),
        _ => Err(io::Error::other(format!("`{name}` is not one name"))),
    }
}

/// Removes what a killed command left half-made; nobody else may be making anything.
pub(super) fn sweep(processes: &Path) -> Result<()> {
    let half = |path: &PathBuf| !path.join(RECORD).exists();
    entries(processes)
        .into_iter()
        .filter(half)
        .try_for_each(|path| remove_dir(&path))
}

/// The folders in a folder; none where there is none.
pub(super) fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let paths = entries.map_while(io::Result::ok).map(|entry| entry.path());
    let mut found: Vec<PathBuf> = paths.filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

/// Removes a folder; one that has gone is fine.
pub(super) fn remove_dir(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => {
            Err(e).or_fail(|| format!("cannot remove `{}`", path.display()))
        }
        _ => Ok(()),
    }
}

/// The project in the name of a volume, `urbania-PROJECT-SERVICE`.
pub(super) fn project_of_volume(name: &str) -> Option<&str> {
    let (project, _) = name.strip_prefix("urbania-")?.rsplit_once('-')?;
    Some(project)
}
