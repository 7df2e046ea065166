//! Who holds a socket: a process, and the container that it belongs to. Looked up only when a port
//! is in the way, because it walks the open files of every process.

mod container;
mod walk;

use std::collections::BTreeMap;

use jiff::Timestamp;

pub use container::{ContainerFacts, ContainerRef};

use super::command_line;
use super::process::{Facts, facts, user_name};
use super::sockets::Socket;

/// Who has a socket open.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
    /// No process any more: a connection that has ended keeps its port for a while.
    Ended,
    /// No process that we can see, although we are root: the kernel itself, as with NFS and
    /// WireGuard, or a process that has just ended.
    Nobody,
}

/// The holder of each of `sockets`, by inode.
pub fn find(sockets: &[Socket]) -> BTreeMap<u32, Holder> {
    let inodes = sockets
        .iter()
        .map(|s| s.inode)
        .filter(|i| *i != 0)
        .collect();
    let by_inode = walk::processes(&inodes);
    let mut pids: Vec<u32> = by_inode.values().flatten().copied().collect();
    pids.sort_unstable();
    pids.dedup();
    let seen: BTreeMap<u32, Candidate> = facts(&pids)
        .into_iter()
        .map(|(pid, facts)| (pid, Candidate::new(pid, facts)))
        .collect();
    let mut users = BTreeMap::new();
    let mut name = |uid| users.entry(uid).or_insert_with(|| user_name(uid)).clone();
    sockets
        .iter()
        .map(|socket| {
            let best = by_inode
                .get(&socket.inode)
                .into_iter()
                .flatten()
                .filter_map(|pid| seen.get(pid))
                .min_by_key(|candidate| candidate.rank());
            let holder = match best {
                Some(candidate) => candidate.holder(name(candidate.facts.uid)),
                None if socket.has_ended() => Holder::Ended,
                None if rustix::process::geteuid().is_root() => Holder::Nobody,
                None => Holder::Hidden {
                    user: name(socket.uid),
                },
            };
            (socket.inode, holder)
        })
        .collect()
}

/// One of the processes that have a socket open.
struct Candidate {
    pid: u32,
    facts: Facts,
    container: Option<ContainerRef>,
}

impl Candidate {
    fn new(pid: u32, facts: Facts) -> Self {
        let container = container::of(pid, &facts.arguments);
        Self {
            pid,
            facts,
            container,
        }
    }

    /// A socket is often inherited. The one to name is what serves it: a container rather than the
    /// engine behind it, anything rather than the system's first process, a parent rather than its
    /// workers.
    fn rank(&self) -> (bool, bool, Timestamp, u32) {
        (
            self.container.is_none(),
            self.pid == 1,
            self.facts.started,
            self.pid,
        )
    }

    fn holder(&self, user: String) -> Holder {
        Holder::Process {
            pid: self.pid,
            command: command_line::shown(&self.facts.arguments),
            user,
            started: self.facts.started,
            container: self.container.clone(),
        }
    }
}
