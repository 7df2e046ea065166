//! Whose the ports are that are taken: this project's, another project's, a container's, somebody's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::holder::{self, ContainerFacts, ContainerRef, Holder};
use super::ports::{Conflict, PortNeed};
use super::sockets::Socket;

/// The processes and containers that belong to the project at hand.
#[derive(Clone, Debug, Default)]
pub struct Ours {
    /// The project's name, as in the label `io.urbania.project`.
    pub project: String,
    /// The project's folder, as in the label `io.urbania.dir`.
    pub dir: PathBuf,
    /// Detached processes of the project: service and process id.
    pub processes: Vec<(String, u32)>,
}

impl Ours {
    /// Whether a container is the project's. Two folders of one name are two projects.
    fn has(&self, container: &ContainerFacts) -> bool {
        container.project.as_ref() == Some(&self.project)
            && (container.dir.as_ref()).is_none_or(|dir| same_folder(dir, &self.dir))
    }
}

fn same_folder(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// Whose a taken port is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// The very project that needs it.
    ThisProject {
        /// Its service.
        service: String,
    },
    /// Another urbania project of this machine.
    OtherProject {
        /// Its name.
        name: String,
        /// Its service.
        service: String,
        /// Its folder.
        dir: Option<PathBuf>,
    },
    /// A container that is no project's.
    Container {
        /// Its full id.
        id: String,
        /// Its name; the start of its id where the engine was not asked.
        name: String,
        /// Its image, where the engine was asked.
        image: Option<String>,
    },
    /// Any other process, seen or hidden.
    Process,
}

/// Ports of one need that one owner has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What needs them.
    pub need: PortNeed,
    /// The ports, in order, each once.
    pub ports: Vec<u16>,
    /// Whose they are.
    pub owner: Owner,
    /// The process behind them.
    pub holder: Holder,
    /// Whether the need can do without these ports.
    pub tolerable: bool,
}

impl Claim {
    /// Whether this keeps the project from starting.
    pub fn is_in_the_way(&self) -> bool {
        !self.tolerable && !matches!(self.owner, Owner::ThisProject { .. })
    }
}

/// Finds out whose the sockets of `conflicts` are, in the order of the needs and of the ports.
/// `containers` are those that run, ours and others'.
pub fn claims(conflicts: &[Conflict], ours: &Ours, containers: &[ContainerFacts]) -> Vec<Claim> {
    let sockets: Vec<Socket> = (conflicts.iter().flat_map(|c| &c.sockets).cloned()).collect();
    let holders = holder::find(&sockets);
    conflicts
        .iter()
        .flat_map(|conflict| of_one(conflict, &holders, ours, containers))
        .collect()
}

fn of_one(
    conflict: &Conflict,
    holders: &BTreeMap<u32, Holder>,
    ours: &Ours,
    containers: &[ContainerFacts],
) -> Vec<Claim> {
    let mut grouped: BTreeMap<(Owner, Holder), Vec<u16>> = BTreeMap::new();
    for socket in &conflict.sockets {
        let Some(holder) = holders.get(&socket.inode) else {
            continue;
        };
        let owner = owner(&conflict.need, socket, holder, ours, containers);
        let ports = grouped.entry((owner, holder.clone())).or_default();
        if ports.last() != Some(&socket.local.port()) {
            ports.push(socket.local.port());
        }
    }
    let mut claims: Vec<Claim> = grouped
        .into_iter()
        .map(|((owner, holder), ports)| Claim {
            need: conflict.need.clone(),
            ports,
            owner,
            holder,
            tolerable: conflict.is_tolerable(),
        })
        .collect();
    claims.sort_by_key(|claim| claim.ports.first().copied());
    claims
}

fn owner(
    need: &PortNeed,
    socket: &Socket,
    holder: &Holder,
    ours: &Ours,
    containers: &[ContainerFacts],
) -> Owner {
    let publisher = || {
        containers
            .iter()
            .find(|c| c.publishes(socket.protocol, socket.local.port()))
    };
    let container = match holder {
        Holder::Process { pid, container, .. } => {
            if let Some((service, _)) = ours.processes.iter().find(|(_, p)| p == pid) {
                return Owner::ThisProject {
                    service: service.clone(),
                };
            }
            match container {
                None => None,
                Some(ContainerRef::Proxy(_)) => publisher(),
                Some(ContainerRef::Id(id)) => match containers.iter().find(|c| c.id == *id) {
                    None => return unknown(id),
                    found => found,
                },
            }
        }
        // Without root, a container on the host's network is behind a process that we cannot see.
        Holder::Hidden { .. } | Holder::Nobody => publisher().or_else(|| {
            containers
                .iter()
                .find(|c| c.published.is_empty() && ours.has(c) && c.serves(&need.service))
        }),
    };
    container.map_or(Owner::Process, |facts| named(facts, ours))
}

/// A container of an engine that was not asked.
fn unknown(id: &str) -> Owner {
    Owner::Container {
        id: id.to_owned(),
        name: id.chars().take(12).collect(),
        image: None,
    }
}

fn named(facts: &ContainerFacts, ours: &Ours) -> Owner {
    let service = facts.service.clone().unwrap_or_default();
    match &facts.project {
        Some(_) if ours.has(facts) => Owner::ThisProject { service },
        Some(name) => Owner::OtherProject {
            name: name.clone(),
            service,
            dir: facts.dir.clone(),
        },
        None => Owner::Container {
            id: facts.id.clone(),
            name: facts.name.clone(),
            image: Some(facts.image.clone()),
        },
    }
}
