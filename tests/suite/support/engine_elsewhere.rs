//! The engine of this machine as one of another machine.

use std::io::copy;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::thread;

use super::network::Elsewhere;
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

/// Another machine, on which urbania knows this machine's engine.
pub struct Laptop {
    network: Elsewhere,
    engine: String,
    /// The server's address, as it is seen from there.
    pub server: String,
}

impl Laptop {
    /// One that knows the server's engine.
    pub fn new() -> Self {
        let network = Elsewhere::new();
        Self {
            engine: engine_at(&network.here),
            server: network.here.clone(),
            network,
        }
    }

    /// Runs `urbania` there, in the project's folder, on the server's engine.
    pub fn run(&self, project: &TestProject, args: &[&str]) -> Run {
        let command = project.command(args);
        let mut inside = self.network.command(command.get_program());
        inside.args(args).env_clear();
        for (name, value) in command.get_envs() {
            inside.envs(value.map(|value| (name, value)));
        }
        inside.env("DOCKER_HOST", &self.engine);
        Run::of(args, &inside.current_dir(project.dir()).output().unwrap())
    }
}
