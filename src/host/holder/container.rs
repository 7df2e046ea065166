//! From processes to containers.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use crate::host::sockets::Protocol;

/// How a process points to a container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContainerRef {
    /// It runs inside: the container's full id.
    Id(String),
    /// It forwards a published port, as `docker-proxy` does; where to, if it says so.
    Proxy(Option<SocketAddr>),
}

/// A running container as its engine knows it.
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
    /// The ports of the host that it publishes.
    pub published: Vec<(Protocol, u16)>,
}

impl ContainerFacts {
    /// Whether it publishes this port of the host.
    pub fn publishes(&self, protocol: Protocol, port: u16) -> bool {
        self.published.contains(&(protocol, port))
    }

    /// Whether it is this service of a project.
    pub fn serves(&self, service: &str) -> bool {
        self.service.as_deref() == Some(service)
    }
}

/// Programs that open published ports on behalf of a container.
const PROXIES: [&str; 6] = [
    "docker-proxy",
    "rootlesskit",
    "rootlessport",
    "slirp4netns",
    "pasta",
    "pasta.avx2",
];

/// The container that a process belongs to, unless it is the one that we are in ourselves.
pub(super) fn of(pid: u32, arguments: &[String]) -> Option<ContainerRef> {
    if let Some(proxy) = proxy(arguments) {
        return Some(proxy);
    }
    let theirs = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    let theirs = id(&theirs)?;
    let ours = fs::read_to_string("/proc/self/cgroup").ok();
    (ours.as_deref().and_then(id) != Some(theirs)).then(|| ContainerRef::Id(theirs.to_owned()))
}

/// `docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 80 -container-ip 172.17.0.2
/// -container-port 80`
fn proxy(arguments: &[String]) -> Option<ContainerRef> {
    let program = arguments.first()?.rsplit('/').next()?;
    if !PROXIES.contains(&program) {
        return None;
    }
    let after = |option: &str| {
        let at = arguments.iter().position(|a| a == option)?;
        arguments.get(at + 1)
    };
    let target = || {
        let ip: IpAddr = after("-container-ip")?.parse().ok()?;
        Some(SocketAddr::new(ip, after("-container-port")?.parse().ok()?))
    };
    Some(ContainerRef::Proxy(target()))
}

/// The container's id in the text of a cgroup file: `…/docker/<id>`, `…/docker-<id>.scope`,
/// `…/libpod-<id>.scope`, with further groups of its own behind it or not.
fn id(cgroup: &str) -> Option<&str> {
    cgroup
        .lines()
        .filter_map(|line| line.splitn(3, ':').nth(2))
        .flat_map(|path| path.split('/'))
        .find_map(|group| {
            let group = group.strip_suffix(".scope").unwrap_or(group);
            let id = group.rsplit('-').next()?;
            (id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit())).then_some(id)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn the_container_is_found_in_every_kind_of_cgroup() {
        for cgroup in [
            format!("12:pids:/docker/{ID}\n1:name=systemd:/docker/{ID}\n0::/\n"),
            format!("0::/system.slice/docker-{ID}.scope\n"),
            format!("0::/user.slice/user-1000.slice/libpod-{ID}.scope/container\n"),
            format!("0::/machine.slice/libpod-{ID}.scope\n"),
            format!("11:memory:/libpod_parent/libpod-{ID}\n"),
            format!("0::/kubepods/besteffort/pod1/cri-containerd-{ID}.scope\n"),
        ] {
            assert_eq!(id(&cgroup), Some(ID), "{cgroup}");
        }
        for cgroup in ["0::/\n", "0::/user.slice/session-1.scope\n", "", "nonsense"] {
            assert_eq!(id(cgroup), None, "{cgroup}");
        }
    }

    #[test]
    fn a_proxy_tells_where_it_forwards_to() {
        let arguments = "/usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 7880 \
                         -container-ip 172.17.0.2 -container-port 80";
        let arguments: Vec<String> = arguments.split_whitespace().map(Into::into).collect();
        assert_eq!(
            proxy(&arguments),
            Some(ContainerRef::Proxy("172.17.0.2:80".parse().ok()))
        );
        assert_eq!(
            proxy(&["rootlessport".into()]),
            Some(ContainerRef::Proxy(None))
        );
        assert_eq!(proxy(&["nginx".into()]), None);
    }
}
