//! Ways to run a service: one trait, so that `stack` and its tests know neither Docker nor processes.

pub mod choice;
pub mod docker;
pub mod facts;
mod log_file;
pub mod processes;
pub mod programs;
pub mod spec;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::error::Result;
use crate::host::holder::ContainerFacts;
pub use facts::{Choice, Facts};
pub use log_file::lines as lines_of_file;
pub use spec::{Network, PublishedPort, Runs, ServiceSpec, Upload, VolumeMount};

/// Label with the project's name. What lacks it is not ours and is never touched.
pub const LABEL_PROJECT: &str = "io.urbania.project";
/// Label with the service's name.
pub const LABEL_SERVICE: &str = "io.urbania.service";
/// Label with the hash of everything that the instance was made from.
pub const LABEL_CONFIG: &str = "io.urbania.config";
/// Label with the project's folder.
pub const LABEL_DIR: &str = "io.urbania.dir";

/// Runs instances of services: containers or processes.
#[async_trait]
pub trait Engine: Send + Sync {
    /// What only an engine of containers has.
    fn containers(&self) -> Option<&dyn Containers>;

    /// Every instance of `project`, or of all projects, running or not.
    async fn instances(&self, project: Option<&str>) -> Result<Vec<Instance>>;

    /// After a command was killed: returns when what it asked for last is done, and nothing is left
    /// half-made.
    async fn recover(&self, project: &str) -> Result<()>;

    /// What an instance does now.
    async fn inspect(&self, id: &str) -> Result<Condition>;

    /// Makes an instance with its files and its volumes; the answer is its id.
    async fn create(&self, spec: &ServiceSpec) -> Result<String>;

    /// Gives an instance another name.
    async fn rename(&self, id: &str, name: &str) -> Result<()>;

    /// Starts an instance that was made or stopped; `service` is for the words of a failure.
    async fn start(&self, id: &str, service: &str) -> Result<()>;

    /// Sends a signal; an instance that has gone is fine.
    async fn signal(&self, id: &str, signal: Signal) -> Result<()>;

    /// Returns as soon as the instance does not run, with its exit code where that is known.
    async fn exited(&self, id: &str) -> Result<Option<i64>>;

    /// Removes an instance, killing it if need be; one that has gone is fine.
    async fn remove(&self, id: &str) -> Result<()>;

    /// What an instance printed.
    fn logs(&self, id: &str, query: &LogQuery) -> BoxStream<'static, Result<LogLine>>;

    /// Volumes of `project`, or of all projects.
    async fn volumes(&self, project: Option<&str>) -> Result<Vec<Volume>>;

    /// Whose volume `name` is: `None` where there is no such volume.
    async fn volume_owner(&self, name: &str) -> Result<Option<Owner>>;

    /// Removes a volume and its data; one that has gone is fine.
    async fn remove_volume(&self, name: &str) -> Result<()>;
}

/// What an engine of containers has besides: images, networks, a machine that need not be this one.
#[async_trait]
pub trait Containers: Send + Sync {
    /// What answers, and where it runs.
    async fn facts(&self) -> Result<Facts>;

    /// The machine that it runs on.
    async fn host(&self) -> Result<Host>;

    /// This machine's address on the network of containers that are given none, where there is one.
    async fn gateway(&self) -> Option<IpAddr>;

    /// Every running container, ours or not: one of them may hold a port.
    async fn running(&self) -> Result<Vec<ContainerFacts>>;

    /// What running containers that are not ours have in their environment: those of these variables that they
    /// have, of containers that have one.
    async fn environments(&self, names: &[&str]) -> Result<Vec<Environment>>;

    /// Whether the image is on the engine.
    async fn has_image(&self, image: &str) -> Result<bool>;

    /// Asks the image's registry whether it would give the image; why not, if not.
    async fn can_pull(&self, image: &str) -> Result<()>;

    /// Fetches an image and reports how far it is.
    async fn pull(&self, image: &str, report: &mut (dyn FnMut(Progress) + Send)) -> Result<()>;

    /// The processor that an image is for; `None` where the engine lacks it.
    async fn image_architecture(&self, image: &str) -> Result<Option<String>>;
}

/// The machine that an engine runs on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// The folder of images and volumes, on that machine.
    pub data: PathBuf,
    /// What its clock shows, where it says so.
    pub time: Option<Timestamp>,
    /// Its processor, such as `x86_64`.
    pub architecture: String,
}

/// A service of a project as it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// The engine's id.
    pub id: String,
    /// Its name, which tells it from others of the service.
    pub name: String,
    /// The project's name.
    pub project: String,
    /// The service's name.
    pub service: String,
    /// The project's folder.
    pub dir: PathBuf,
    /// What it is.
    pub form: Form,
    /// The hash of everything it was made from.
    pub config: String,
    /// What it does.
    pub state: State,
}

/// What an instance is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// A container with our labels.
    Container {
        /// The image it was made from.
        image: String,
    },
    /// A process that one of our pid files names.
    Process {
        /// The program.
        program: PathBuf,
        /// Its process id while it runs.
        pid: Option<u32>,
    },
}

impl Instance {
    /// What engines and systems call it: the first twelve characters of a container's id, or a pid.
    pub fn short_id(&self) -> String {
        match &self.form {
            Form::Container { .. } => self.id.get(..12).unwrap_or(&self.id).to_owned(),
            Form::Process { pid: Some(pid), .. } => format!("pid {pid}"),
            Form::Process { pid: None, .. } => String::new(),
        }
    }

    /// By what somebody finds it: a container's name, or a pid.
    pub fn handle(&self) -> String {
        match &self.form {
            Form::Process { pid: Some(pid), .. } => format!("pid {pid}"),
            _ => self.name.clone(),
        }
    }

    /// What it is, with that.
    pub fn described(&self) -> String {
        match &self.form {
            Form::Container { .. } => format!("container {}", self.name),
            Form::Process { .. } => self.handle(),
        }
    }

    /// Its process, if it is one that runs.
    pub fn pid(&self) -> Option<u32> {
        match self.form {
            Form::Process { pid, .. } => pid,
            Form::Container { .. } => None,
        }
    }
}

/// A container that is not ours, and what it has in its environment.
#[derive(Debug)]
pub struct Environment {
    /// The container's name.
    pub name: String,
    /// The folder that Compose made it in.
    pub dir: Option<PathBuf>,
    /// The variables that were asked for; any of them may be a secret.
    pub variables: BTreeMap<String, SecretString>,
}

/// What an instance does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Made, never started: whoever made it did not get to the end.
    Created,
    /// Running.
    Running,
    /// Frozen by somebody.
    Paused,
    /// It ran and has ended.
    Exited,
    /// Being removed, or broken.
    Dead,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Exited => "exited",
            Self::Dead => "dead",
        })
    }
}

/// The details of what an instance does.
#[derive(Clone, Debug)]
pub struct Condition {
    /// What it does.
    pub state: State,
    /// Since when it runs, or ran.
    pub started: Option<Timestamp>,
    /// With what it ended.
    pub exit_code: Option<i64>,
    /// Ended by the kernel for lack of memory.
    pub out_of_memory: bool,
    /// Its process while it runs, as the engine's machine counts.
    pub pid: Option<u32>,
    /// How often the engine has started it again by itself.
    pub restarts: u64,
}

/// How far the pull of an image is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The layer, empty for words about the whole image.
    pub layer: String,
    /// The engine's words, such as `Downloading`.
    pub status: String,
    /// Bytes so far.
    pub current: u64,
    /// Bytes in all, 0 where unknown.
    pub total: u64,
}

/// A signal that ends a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Ends it in its own way; LiveKit drains at the first and ends at the second.
    Terminate,
    /// Ends it at once.
    Kill,
}

/// Which part of a log.
#[derive(Clone, Debug, Default)]
pub struct LogQuery {
    /// Go on until the instance ends.
    pub follow: bool,
    /// The last so many lines.
    pub tail: Option<usize>,
    /// Not older than this.
    pub since: Option<Timestamp>,
}

/// A line of a service's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When it was written, where the engine knows.
    pub at: Option<Timestamp>,
    /// The text without its line end.
    pub text: String,
}

/// Data that outlives the instances that use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// The volume's name.
    pub name: String,
    /// The project's name.
    pub project: String,
    /// The folder of the project that it was made for.
    pub dir: PathBuf,
}

/// Whose a volume is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// It is of this project.
    Project(String),
    /// It is none of ours.
    Foreign,
}

/// How long an engine may take for a small request.
pub const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);
