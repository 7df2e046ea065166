//! The kernel's socket tables as text, for sandboxes without netlink.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use super::{Protocol, Socket};
use crate::error::{Context as _, Result};

/// `st` of a listening TCP socket.
const LISTEN: &str = "0A";

/// Reads `tcp`, `tcp6`, `udp` and `udp6` of `dir`; a kernel without IPv6 lacks two of them.
pub(super) fn listening(dir: &Path) -> Result<Vec<Socket>> {
    let mut found = Vec::new();
    for (name, protocol) in [
        ("tcp", Protocol::Tcp),
        ("tcp6", Protocol::Tcp),
        ("udp", Protocol::Udp),
        ("udp6", Protocol::Udp),
    ] {
        let path = dir.join(name);
        let text = match std::fs::read_to_string(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && name.ends_with('6') => continue,
            read => read.or_fail(|| format!("cannot read `{}`", path.display()))?,
        };
        found.extend(text.lines().skip(1).filter_map(|line| row(protocol, line)));
    }
    Ok(found)
}

/// `sl local_address rem_address st queues timer retransmits uid timeout inode …`
fn row(protocol: Protocol, line: &str) -> Option<Socket> {
    let columns: Vec<&str> = line.split_ascii_whitespace().take(10).collect();
    let [_, local, _, state, _, _, _, uid, _, inode] = columns[..] else {
        return None;
    };
    if protocol == Protocol::Tcp && state != LISTEN {
        return None;
    }
    let (address, port) = local.split_once(':')?;
    Some(Socket {
        protocol,
        local: SocketAddr::new(ip(address)?, u16::from_str_radix(port, 16).ok()?),
        only_v6: None,
        inode: inode.parse().ok()?,
        uid: uid.parse().ok()?,
    })
}

/// Addresses are words of four bytes, each printed as a number of this machine's byte order.
fn ip(hex: &str) -> Option<IpAddr> {
    let mut bytes = Vec::with_capacity(16);
    for word in hex.as_bytes().chunks(8) {
        let word = u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?;
        bytes.extend(word.to_ne_bytes());
    }
    if let Ok(v4) = <[u8; 4]>::try_from(bytes.as_slice()) {
        return Some(Ipv4Addr::from(v4).into());
    }
    let v6 = <[u8; 16]>::try_from(bytes.as_slice()).ok()?;
    Some(Ipv6Addr::from(v6).into())
}
