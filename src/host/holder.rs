//! Who holds a socket: a process, and the container that it belongs to. Looked up only when a port
//! is in the way, because it walks the open files of every process.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use jiff::Timestamp;

use super::sockets::{Protocol, Socket};
use crate::error::Result;

/// Who has a socket open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A process that we can see.
    Process {
        /// Its process id.
        pid: u32,
        /// Its command line, fit to be shown.
        command: String,
        /// The name of its user, or the number where there is no name.
        user: String,
        /// Since when it runs.
        started: Timestamp,
        /// The container that it runs in or publishes a port for.
        container: Option<ContainerRef>,
    },
    /// A process of somebody else, which only the administrator may see.
    Hidden {
        /// The user that opened the socket.
        user: String,
    },
}

/// How a process points to a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContainerRef {
    /// It runs inside: the container's full id.
    Id(String),
    /// It forwards a published port, as `docker-proxy` does; where to, if it says so.
    Proxy(Option<SocketAddr>),
}

/// What an engine knows about a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerFacts {
    /// Its full id.
    pub id: String,
    /// Its name, without a leading slash.
    pub name: String,
    /// The image as it was named at creation.
    pub image: String,
    /// The label `io.urbania.project`.
    pub project: Option<String>,
    /// The label `io.urbania.service`.
    pub service: Option<String>,
    /// The label `io.urbania.dir`.
    pub dir: Option<PathBuf>,
}

/// Which containers run, as the engine saw it last.
pub trait Containers {
    /// The container with this full id.
    fn by_id(&self, id: &str) -> Option<ContainerFacts>;

    /// The container that publishes this port of the host.
    fn by_published(&self, protocol: Protocol, port: u16) -> Option<ContainerFacts>;
}

/// No engine was asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoContainers;

impl Containers for NoContainers {
    fn by_id(&self, _id: &str) -> Option<ContainerFacts> {
        None
    }

    fn by_published(&self, _protocol: Protocol, _port: u16) -> Option<ContainerFacts> {
        None
    }
}

/// The holder of each of `sockets`, by inode.
pub fn find(sockets: &[Socket]) -> Result<BTreeMap<u32, Holder>> {
    let _ = sockets;
    Ok(BTreeMap::new())
}
