//! Ports that no other test holds, in this process or in another.

use std::fs::File;
use std::net::TcpListener;
use std::process;

/// Below the ephemeral range, so that no outgoing connection takes one.
const FIRST: u16 = 20_000;
const BLOCK: u16 = 40;
const BLOCKS: u16 = 300;

/// A block of ports, held by a lock file until the value is dropped.
#[derive(Debug)]
pub struct Ports {
    first: u16,
    _lock: File,
}

impl Ports {
    /// Takes a block whose TCP ports are free.
    pub fn take() -> Self {
        let start = u16::try_from(process::id() % u32::from(BLOCKS)).unwrap();
        (0..BLOCKS)
            .map(|n| FIRST + (start + n) % BLOCKS * BLOCK)
            .find_map(Self::try_take)
            .expect("a free block of ports")
    }

    fn try_take(first: u16) -> Option<Self> {
        let path = std::env::temp_dir().join(format!("urbania-test-ports-{first}.lock"));
        let lock = File::create(path).unwrap();
        lock.try_lock().ok()?;
        let free = (first..first + 5).all(|port| TcpListener::bind(("0.0.0.0", port)).is_ok());
        free.then_some(Self { first, _lock: lock })
    }

    /// The number of the block, which no other holds.
    pub fn number(&self) -> u16 {
        (self.first - FIRST) / BLOCK
    }

    /// The SFU's signalling port.
    pub fn livekit(&self) -> u16 {
        self.first
    }

    /// The SFU's media over TCP.
    pub fn rtc_tcp(&self) -> u16 {
        self.first + 1
    }

    /// MongoDB's port.
    pub fn mongodb(&self) -> u16 {
        self.first + 2
    }

    /// The token API's port.
    pub fn api(&self) -> u16 {
        self.first + 3
    }

    /// TURN over TLS.
    pub fn turn(&self) -> u16 {
        self.first + 4
    }

    /// The SFU's media over UDP, first and last port.
    pub fn udp_range(&self) -> (u16, u16) {
        (self.first + 10, self.first + BLOCK - 1)
    }
}
