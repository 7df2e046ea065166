//! An engine at an address that is not this machine's usual one.

use std::io::copy;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::thread;

use crate::support::project::{Run, TestProject};

/// Leads from a port of 127.0.0.2 to the engine; the address for `DOCKER_HOST`.
fn engine_elsewhere() -> String {
    let listener = TcpListener::bind("127.0.0.2:0").unwrap();
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

#[test]
fn what_nobody_could_reach_on_another_machine_is_refused() {
    let project = TestProject::initialised();
    let engine = engine_elsewhere();
    let refused = |service: &str| {
        let args = ["up", service, "--dry-run"];
        let mut command = project.command(&args);
        command.env("DOCKER_HOST", &engine);
        Run::of(&args, &command.output().unwrap()).expect(2).stderr
    };
    let port = project.ports.livekit();
    assert_eq!(
        refused("livekit"),
        format!(
            "error: the engine is at 127.0.0.2, and nobody tells browsers to look for the SFU there\n\
             hint: urbania.yaml: livekit_url: ws://127.0.0.2:{port}\n\
             hint: or run urbania on that machine\n"
        )
    );
    let mongodb = refused("mongodb");
    assert!(mongodb.contains("could not be reached"), "{mongodb}");
}
