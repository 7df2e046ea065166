//! A process that holds sockets, so that something else can be found than the test itself: the test
//! binary, run again with only [`hold_sockets`].

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use rustix::net::sockopt::set_socket_linger;
use rustix::net::{AddressFamily, SocketType, bind, connect, socket};

use super::nobody::ForNobody;

const SOCKETS: &str = "HOLD_SOCKETS";
/// What the process is started as.
const ONLY: [&str; 3] = ["--exact", "support::holder::hold_sockets", "--nocapture"];

/// A running process that holds sockets; killed when dropped.
pub struct Holder {
    child: Child,
    command: String,
}

impl Holder {
    /// Holds sockets such as `tcp 127.0.0.1:7880`, or `client 127.0.0.1:7880`, which is connected to somewhere.
    pub fn of(sockets: &[&str]) -> Self {
        Self::start(&mut Command::new(std::env::current_exe().unwrap()), sockets)
    }

    /// The same, run by the user `nobody`.
    pub fn of_nobody(sockets: &[&str]) -> Self {
        let binary = ForNobody::of(&std::env::current_exe().unwrap());
        Self::start(&mut binary.command(), sockets)
    }

    fn start(command: &mut Command, sockets: &[&str]) -> Self {
        let mut child = command
            .args(ONLY)
            .env(SOCKETS, sockets.join(","))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines
            .map_while(Result::ok)
            .any(|line| line.ends_with("ready"));
        assert!(ready, "the holder of {sockets:?} did not start");
        let binary = std::env::current_exe().unwrap();
        let name = binary.file_name().unwrap().to_str().unwrap();
        Self {
            child,
            command: format!("{name} {}", ONLY.join(" ")),
        }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its command line as urbania shows it.
    pub fn command(&self) -> &str {
        &self.command
    }

    /// Waits for its end, which somebody else has brought about.
    pub fn ended(mut self) {
        let status = self.child.wait().unwrap();
        assert!(!status.success(), "{status}");
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Holds the sockets it is told to hold, until it is killed; told nothing, it is done.
#[test]
fn hold_sockets() {
    #[expect(clippy::disallowed_methods, reason = "how the test talks to itself")]
    let Ok(sockets) = std::env::var(SOCKETS) else {
        return;
    };
    let mut held: (Vec<TcpListener>, Vec<UdpSocket>) = (Vec::new(), Vec::new());
    let mut clients = Vec::new();
    for socket in sockets.split(',') {
        match socket.split_once(' ').unwrap() {
            ("tcp", at) => held.0.push(TcpListener::bind(at).unwrap()),
            ("client", at) => clients.push(client(at.parse().unwrap())),
            (_, at) => held.1.push(UdpSocket::bind(at).unwrap()),
        }
    }
    println!("ready");
    loop {
        std::thread::park();
    }
}

/// A connection from this place, with its other end.
fn client(at: SocketAddr) -> [OwnedFd; 2] {
    let server = TcpListener::bind((at.ip(), 0)).unwrap();
    let client = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&client, &at).unwrap();
    connect(&client, &server.local_addr().unwrap()).unwrap();
    let ends = [client, server.accept().unwrap().0.into()];
    for end in &ends {
        // Its end is without a trace: the port is free for the next test at once.
        set_socket_linger(end, Some(std::time::Duration::ZERO)).unwrap();
    }
    ends
}
