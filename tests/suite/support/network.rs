//! A network that a test may break: nobody else is in it.

use std::ffi::OsStr;
use std::process::Command;

use super::ports::Ports;

/// The same command in a network namespace of its own, after these lines of a shell. What the lines
/// mount, nobody else sees either.
pub fn apart(command: &Command, lines: &[&str]) -> Command {
    let lines = [&["ip link set lo up"], lines].concat();
    unshared(&["--net", "--mount"], command, &lines)
}

/// The same command where what the lines mount nobody else sees.
pub fn mounted(command: &Command, lines: &[&str]) -> Command {
    unshared(&["--mount"], command, lines)
}

fn unshared(namespaces: &[&str], command: &Command, lines: &[&str]) -> Command {
    let script = format!("set -e\n{}\nexec \"$@\"", lines.join("\n"));
    let mut inside = Command::new("unshare");
    inside
        .args(namespaces)
        .args(["sh", "-c", &script, "sh"])
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear();
    for (name, value) in command.get_envs() {
        inside.envs(value.map(|value| (name, value)));
    }
    if let Some(dir) = command.get_current_dir() {
        inside.current_dir(dir);
    }
    inside
}

/// A network of its own with a line to this machine; gone with the value.
pub struct Elsewhere {
    name: String,
    /// This machine's address, as it is seen from there.
    pub here: String,
    _number: Ports,
}

impl Elsewhere {
    /// Another machine's, as it were.
    pub fn new() -> Self {
        let ports = Ports::take();
        let number = ports.number();
        let name = format!("urblap{number}");
        let of = |host: u8| format!("10.{}.{}.{host}", 209 + number / 256, number % 256);
        // Left over if the last test that had this number was killed.
        let _ = Command::new("ip").args(["netns", "del", &name]).output();
        let (ours, theirs) = (format!("{name}a"), format!("{name}b"));
        for line in [
            format!("netns add {name}"),
            format!("link add {ours} type veth peer name {theirs} netns {name}"),
            format!("address add {}/24 dev {ours}", of(1)),
            format!("link set {ours} up"),
            format!("-n {name} address add {}/24 dev {theirs}", of(2)),
            format!("-n {name} link set {theirs} up"),
            format!("-n {name} link set lo up"),
        ] {
            let done = Command::new("ip").args(line.split(' ')).status();
            assert!(done.unwrap().success(), "ip {line}");
        }
        Self {
            here: of(1),
            name,
            _number: ports,
        }
    }

    /// A program there.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut inside = Command::new("ip");
        inside.args(["netns", "exec", &self.name]).arg(program);
        inside
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        // The line goes with it.
        let _ = Command::new("ip")
            .args(["netns", "del", &self.name])
            .status();
    }
}
