//! Every socket of this machine that occupies a port.
//!
//! Linux answers one query of its socket tables (`NETLINK_SOCK_DIAG`) in a fraction of a
//! millisecond; where a sandbox forbids that, `/proc/net` says the same more slowly.

#[cfg(target_os = "linux")]
mod netlink;
#[cfg(target_os = "linux")]
mod proc_net;

use std::fmt;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::error::Result;

/// A transport protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

/// A socket that listens (TCP) or is bound (UDP).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Socket {
    /// Its protocol.
    pub protocol: Protocol,
    /// Where it is bound.
    pub local: SocketAddr,
    /// Whether an IPv6 socket leaves IPv4 alone; `None` where the kernel does not say.
    pub only_v6: Option<bool>,
    /// The inode by which `/proc/<pid>/fd` refers to it.
    pub inode: u32,
    /// The user that opened it.
    pub uid: u32,
}

/// All listening TCP and all bound UDP sockets, IPv4 and IPv6.
#[cfg(target_os = "linux")]
pub fn listening() -> Result<Vec<Socket>> {
    netlink::listening().or_else(|e| {
        tracing::debug!("no NETLINK_SOCK_DIAG ({e}), reading /proc/net instead");
        proc_net::listening(std::path::Path::new("/proc/net"))
    })
}

/// All listening TCP and all bound UDP sockets, IPv4 and IPv6.
#[cfg(not(target_os = "linux"))]
pub fn listening() -> Result<Vec<Socket>> {
    Err(
        crate::error::Error::failed("cannot list the sockets of this operating system")
            .hint("see who holds a port: `lsof -nP -i :7880`"),
    )
}
