//! Whose the ports are that are taken: this project's, another project's, a container's, somebody's.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::files::same_folder;
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
    /// Those of other projects.
    pub neighbours: Vec<Neighbour>,
}

/// A detached process of another project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Its process id.
    pub pid: u32,
    /// The project's name.
    pub project: String,
    /// Its service.
    pub service: String,
    /// The project's folder.
    pub dir: PathBuf,
}

impl Ours {
    /// Whether a container is the project's. Two folders of one name are two projects.
    fn has(&self, container: &ContainerFacts) -> bool {
        container.project.as_ref() == Some(&self.project)
            && (container.dir.as_ref()).is_none_or(|dir| same_folder(dir, &self.dir))
    }
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
            if let Some(other) = ours.neighbours.iter().find(|n| n.pid == *pid) {
                return Owner::OtherProject {
                    name: other.project.clone(),
                    service: other.service.clone(),
                    dir: Some(other.dir.clone()),
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
        Holder::Hidden { .. } => {
            publisher().or_else(|| on_the_hosts_network(&need.service, ours, containers))
        }
        Holder::Nobody => publisher(),
        Holder::Ended => None,
    };
    container.map_or(Owner::Process, |facts| named(facts, ours))
}

/// The container that most likely has a port of a service: ours, else the only one of another
/// project.
fn on_the_hosts_network<'a>(
    service: &str,
    ours: &Ours,
    containers: &'a [ContainerFacts],
) -> Option<&'a ContainerFacts> {
    let candidates = || {
        let unpublished = containers.iter().filter(|c| c.published.is_empty());
        unpublished.filter(|c| c.project.is_some() && c.serves(service))
    };
    let mut others = candidates();
    candidates()
        .find(|c| ours.has(c))
        .or_else(|| others.next().filter(|_| others.next().is_none()))
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

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::host::ports::conflicts;
    use crate::host::sockets::{Protocol, listening};

    fn need(port: u16) -> PortNeed {
        PortNeed {
            service: "livekit".into(),
            purpose: "signalling".into(),
            protocol: Protocol::Tcp,
            address: None,
            first: port,
            last: port,
        }
    }

    fn ours() -> Ours {
        Ours {
            project: "shop".into(),
            dir: "/srv/shop".into(),
            processes: vec![("api".into(), std::process::id())],
            neighbours: Vec::new(),
        }
    }

    fn container(project: Option<&str>, dir: &str, published: &[u16]) -> ContainerFacts {
        ContainerFacts {
            id: "0123".into(),
            name: "box".into(),
            image: "image:1".into(),
            project: project.map(Into::into),
            service: project.map(|_| "livekit".into()),
            dir: project.map(|_| dir.into()),
            published: published.iter().map(|p| (Protocol::Tcp, *p)).collect(),
        }
    }

    /// Whose a port is that no process seems to hold.
    fn owner_of_unseen(containers: &[ContainerFacts]) -> Owner {
        let socket = Socket {
            protocol: Protocol::Tcp,
            local: "0.0.0.0:7880".parse().unwrap(),
            only_v6: None,
            inode: 0,
            uid: 0,
        };
        let unseen = Holder::Hidden { user: "ada".into() };
        owner(&need(7880), &socket, &unseen, &ours(), containers)
    }

    #[test]
    fn a_published_port_leads_to_its_container_even_without_root() {
        let other = container(Some("blog"), "/srv/blog", &[7880]);
        let foreign = container(None, "", &[7880]);
        assert_eq!(
            owner_of_unseen(&[container(None, "", &[80]), foreign]),
            Owner::Container {
                id: "0123".into(),
                name: "box".into(),
                image: Some("image:1".into()),
            }
        );
        assert_eq!(
            owner_of_unseen(&[other]),
            Owner::OtherProject {
                name: "blog".into(),
                service: "livekit".into(),
                dir: Some("/srv/blog".into()),
            }
        );
        assert_eq!(owner_of_unseen(&[]), Owner::Process);
    }

    #[test]
    fn a_hidden_port_is_our_containers_or_that_of_the_only_other_project() {
        let on_host = container(Some("shop"), "/srv/shop", &[]);
        let service = "livekit".to_owned();
        assert_eq!(owner_of_unseen(&[on_host]), Owner::ThisProject { service });
        let namesake = container(Some("shop"), "/home/ann/shop", &[]);
        let other = |name: &str, dir: &str| Owner::OtherProject {
            name: name.into(),
            service: "livekit".into(),
            dir: Some(dir.into()),
        };
        assert_eq!(
            owner_of_unseen(&[namesake]),
            other("shop", "/home/ann/shop")
        );
        let blog = container(Some("blog"), "/srv/blog", &[]);
        let published = container(Some("wiki"), "/srv/wiki", &[80]);
        let foreign = container(None, "", &[]);
        assert_eq!(
            owner_of_unseen(&[published, foreign, blog.clone()]),
            other("blog", "/srv/blog")
        );
        // With two of them, either may be the one.
        let wiki = container(Some("wiki"), "/srv/wiki", &[]);
        assert_eq!(owner_of_unseen(&[blog, wiki]), Owner::Process);
    }

    #[test]
    fn a_process_of_the_project_is_known_by_its_number() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let needs = [need(listener.local_addr().unwrap().port())];
        let conflicts = conflicts(&needs, &listening().unwrap());
        let api = claims(&conflicts, &ours(), &[]).remove(0);
        let service = "api".to_owned();
        assert_eq!(api.owner, Owner::ThisProject { service });
        assert!(!api.is_in_the_way());

        let beside = Ours {
            neighbours: vec![Neighbour {
                pid: std::process::id(),
                project: "blog".into(),
                service: "livekit".into(),
                dir: "/srv/blog".into(),
            }],
            ..Ours::default()
        };
        let other = claims(&conflicts, &beside, &[]).remove(0);
        assert_eq!(
            other.owner,
            Owner::OtherProject {
                name: "blog".into(),
                service: "livekit".into(),
                dir: Some("/srv/blog".into()),
            }
        );
        assert!(other.is_in_the_way());

        let foreign = claims(&conflicts, &Ours::default(), &[]).remove(0);
        assert_eq!(foreign.owner, Owner::Process);
        assert!(foreign.is_in_the_way());
        let Holder::Process { pid, .. } = foreign.holder else {
            panic!("{foreign:?}");
        };
        assert_eq!(pid, std::process::id());
    }
}
