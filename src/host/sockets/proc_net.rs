//! The kernel's socket tables as text, for sandboxes without netlink.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use super::{Protocol, Socket};
use crate::error::{Context as _, Result};

/// `st` of a listening TCP socket.
const LISTEN: &str = "0A";

const TCP: [(&str, Protocol); 2] = [("tcp", Protocol::Tcp), ("tcp6", Protocol::Tcp)];
const UDP: [(&str, Protocol); 2] = [("udp", Protocol::Udp), ("udp6", Protocol::Udp)];

/// Those that listen or are bound; a kernel without IPv6 lacks two of the tables.
pub(super) fn listening(dir: &Path) -> Result<Vec<Socket>> {
    let mut found = tables(dir, &TCP, |state| state == LISTEN)?;
    found.extend(tables(dir, &UDP, |_| true)?);
    Ok(found)
}

/// The TCP sockets that do not listen.
pub(super) fn others(dir: &Path) -> Result<Vec<Socket>> {
    tables(dir, &TCP, |state| state != LISTEN)
}

fn tables(dir: &Path, names: &[(&str, Protocol)], counts: fn(&str) -> bool) -> Result<Vec<Socket>> {
    let mut found = Vec::new();
    for &(name, protocol) in names {
        let path = dir.join(name);
        let text = match std::fs::read_to_string(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && name.ends_with('6') => continue,
            read => read.or_fail(|| format!("cannot read `{}`", path.display()))?,
        };
        found.extend(
            text.lines()
                .skip(1)
                .filter_map(|line| row(protocol, line, counts)),
        );
    }
    Ok(found)
}

/// `sl local_address rem_address st queues timer retransmits uid timeout inode …`
fn row(protocol: Protocol, line: &str, counts: fn(&str) -> bool) -> Option<Socket> {
    let columns: Vec<&str> = line.split_ascii_whitespace().take(10).collect();
    let [_, local, _, state, _, _, _, uid, _, inode] = columns[..] else {
        return None;
    };
    if !counts(state) {
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
