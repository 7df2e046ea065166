//! This machine as a process in a network of its own sees it, such as one in a container.

use std::fs::{File, metadata};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::thread;
use std::time::Duration;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tokio::sync::oneshot;

/// What came of connecting to an address.
pub type Tried = (SocketAddr, io::Result<()>);

/// Whether the process has another network than this one.
pub fn has_own_network(pid: u32) -> io::Result<bool> {
    let of = |process: &str| metadata(format!("/proc/{process}/ns/net")).map(|ns| ns.ino());
    Ok(of(&pid.to_string())? != of("self")?)
}

/// Connects to each of the addresses from within the network of a process; only root may.
pub async fn connect(
    pid: u32,
    addresses: Vec<SocketAddr>,
    patience: Duration,
) -> io::Result<Vec<Tried>> {
    let network = File::open(format!("/proc/{pid}/ns/net"))?;
    let (tell, told) = oneshot::channel();
    // A thread of its own, which ends there: the others stay in this machine's network.
    thread::Builder::new().spawn(move || {
        let entered = move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network));
        let tried = entered.map_err(io::Error::from).map(|()| {
            let mut tried = Vec::with_capacity(addresses.len());
            for address in addresses {
                let stream = TcpStream::connect_timeout(&address, patience);
                tried.push((address, stream.map(drop)));
            }
            tried
        });
        // Whoever asked may have given up.
        let _ = tell.send(tried);
    })?;
    told.await.map_err(io::Error::other)?
}
