//! The engine of this machine as one of another machine.

use std::io::copy;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::thread;

use super::ports::Ports;
use super::project::{Run, TestProject};

/// Leads from a port of this address to the engine; the address for `DOCKER_HOST`.
pub fn engine_at(ip: &str) -> String {
    let listener = TcpListener::bind((ip, 0)).unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for caller in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || connect(&caller));
        }
    });
    address
}

fn connect(caller: &TcpStream) {
    let engine = UnixStream::connect("/var/run/docker.sock").unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            let _ = copy(&mut &*caller, &mut &engine);
            let _ = engine.shutdown(Shutdown::Write);
        });
        let _ = copy(&mut &engine, &mut &*caller);
        let _ = caller.shutdown(Shutdown::Both);
    });
}

/// A network of its own with a line to this machine, which is the server; gone with the value.
pub struct Laptop {
    name: String,
    engine: String,
    /// The server's address, as it is seen from there.
    pub server: String,
    _number: Ports,
}

impl Laptop {
    /// One that knows the server's engine.
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
            engine: engine_at(&of(1)),
            server: of(1),
            name,
            _number: ports,
        }
    }

    /// Runs `urbania` there, in the project's folder, on the server's engine.
    pub fn run(&self, project: &TestProject, args: &[&str]) -> Run {
        let command = project.command(args);
        let mut inside = Command::new("ip");
        inside.args(["netns", "exec", &self.name]);
        inside.arg(command.get_program()).args(args).env_clear();
        for (name, value) in command.get_envs() {
            inside.envs(value.map(|value| (name, value)));
        }
        inside.env("DOCKER_HOST", &self.engine);
        Run::of(args, &inside.current_dir(project.dir()).output().unwrap())
    }
}

impl Drop for Laptop {
    fn drop(&mut self) {
        // The line goes with it.
        let _ = Command::new("ip")
            .args(["netns", "del", &self.name])
            .status();
    }
}
