//! The LiveKit server as a process of the test's own, taken out of its image.

use std::fmt;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::docker::docker;
use crate::support::own::Own;

const IMAGE: &str = "livekit/livekit-server:v1.13.5";
/// What it logs when all its ports are bound.
const STARTED: &str = "starting LiveKit server";
/// A start takes a fraction of a second on an idle machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// After it has started, it answers at once or never.
const SILENCE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(20);

/// What the server did about a file.
pub enum Verdict {
    /// It answered.
    Starts,
    /// It ended, or never answered; its last words.
    Refuses(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starts => f.write_str("starts"),
            Self::Refuses(words) => write!(f, "refuses: {words}"),
        }
    }
}

/// The server's program.
pub struct Server {
    program: PathBuf,
    _dir: TempDir,
}

impl Server {
    /// Takes it out of the image.
    pub fn take() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("livekit-server");
        let container = docker(&["create", IMAGE]).remove(0);
        let inside = format!("{container}:/livekit-server");
        docker(&["cp", &inside, program.to_str().unwrap()]);
        docker(&["rm", &container]);
        Self { program, _dir: dir }
    }

    /// Starts it in a folder with the `livekit.yaml` there, and ends it when it has answered on its port.
    pub fn verdict(&self, dir: &Path, port: u16) -> Verdict {
        let log = dir.join("log");
        let out = File::create(&log).unwrap();
        // However the test ends, the server does.
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL"])
            .arg(&self.program)
            .args(["--config", "livekit.yaml"])
            .current_dir(dir)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .stderr(out.try_clone().unwrap())
            .stdout(out)
            .spawn()
            .expect("`setpriv` is part of util-linux");
        let mut running = Own(child);
        let words = || fs::read_to_string(&log).unwrap();
        let mut deadline = Instant::now() + PATIENCE;
        let mut has_started = false;
        loop {
            if running.0.try_wait().unwrap().is_some() {
                return Verdict::Refuses(last(&words()));
            }
            if answers(port) {
                return Verdict::Starts;
            }
            if !has_started && words().contains(STARTED) {
                has_started = true;
                deadline = Instant::now() + SILENCE;
            }
            if Instant::now() > deadline {
                return Verdict::Refuses(format!("no answer; {}", last(&words())));
            }
            thread::park_timeout(PAUSE);
        }
    }
}

/// Takes everybody else's access to a file.
pub fn close(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Whether somebody answers `GET /` with HTTP, whatever the status.
fn answers(port: u16) -> bool {
    let loopback: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    loopback.into_iter().any(|ip| {
        let Ok(mut stream) = TcpStream::connect(SocketAddr::new(ip, port)) else {
            return false;
        };
        let mut head = [0; 5];
        stream.set_read_timeout(Some(SILENCE)).unwrap();
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").is_ok()
            && stream.read_exact(&mut head).is_ok()
            && head == *b"HTTP/"
    })
}

/// The end of a log.
fn last(words: &str) -> String {
    let lines: Vec<_> = words.lines().filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(3)..].join(" | ")
}
