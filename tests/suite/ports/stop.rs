//! `--stop`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use super::{URBANIA, outside, project, rows};
use crate::support::holder::Holder;
use crate::support::own::Own;
use crate::support::ports::Ports;
use crate::support::project::Run;
use crate::support::until::eventually;

#[test]
fn stop_ends_the_holder_and_frees_the_port() {
    let project = project();
    let port = project.ports.rtc_tcp();
    let holder = Holder::of(&[&format!("tcp 0.0.0.0:{port}")]);
    let run = project.run(&["ports", "--stop"]).expect(2);
    assert_eq!(
        run.stderr,
        "error: nobody is here to be asked\nhint: end it without asking: add `--yes`\n"
    );
    let run = project.run(&["ports", "--stop", "--yes"]).expect(0);
    let ended = format!(
        "ended `{}` (pid {}, user root)\n",
        holder.command(),
        holder.pid()
    );
    assert_eq!(run.stderr, ended);
    assert!(run.stdout.contains("free"));
    holder.ended();
}

#[test]
fn stop_spares_what_urbania_was_started_from() {
    let ports = Ports::take();
    let _held = std::net::TcpListener::bind(("127.0.0.1", ports.livekit())).unwrap();
    let port = ports.livekit().to_string();
    let args = ["ports", "--stop", "--yes", &port];
    let run = Run::of(&args, &outside(&[]).args(args).output().unwrap()).expect(3);
    let why = "is what this command was started from and stays\n";
    assert!(run.stderr.ends_with(why), "{}", run.stderr);
}

/// A program that holds a port of this machine and does `then`.
fn python(port: u16, then: &str) -> String {
    format!(
        "import signal, socket, subprocess, sys\ns = socket.socket()\n\
         s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\ns.bind(('127.0.0.1', {port}))\ns.listen()\n{then}"
    )
}

#[test]
fn stop_spares_the_first_process_of_the_system() {
    let ports = Ports::take();
    let port = ports.livekit().to_string();
    let then = format!(
        "sys.exit(subprocess.call(['{URBANIA}', 'ports', '{port}', '--stop', '--yes'], cwd='/'))"
    );
    let mut command = Command::new("unshare");
    command.args(["--pid", "--fork", "--mount-proc", "python3", "-c"]);
    let output = command
        .arg(python(ports.livekit(), &then))
        .output()
        .unwrap();
    let run = Run::of(&["ports"], &output).expect(3);
    let why = "is the first process of this system and stays\n";
    assert!(run.stderr.ends_with(why), "{}", run.stderr);
}

#[test]
fn who_does_not_end_when_asked_is_ended_by_force() {
    let ports = Ports::take();
    let then = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nsignal.pause()";
    let mut stubborn = Command::new("python3")
        .args(["-c", &python(ports.livekit(), then)])
        .spawn()
        .unwrap();
    eventually("the port is held", || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", stubborn.id())).unwrap();
        let ignored = status
            .lines()
            .find_map(|line| line.strip_prefix("SigIgn:\t"));
        let ignored = u64::from_str_radix(ignored.unwrap(), 16).unwrap();
        ignored & (1 << 14) != 0
            && std::net::TcpStream::connect(("127.0.0.1", ports.livekit())).is_ok()
    });
    let port = ports.livekit().to_string();
    let args = ["ports", "--stop", "--yes", &port];
    let run = Run::of(&args, &outside(&[]).args(args).output().unwrap()).expect(0);
    assert!(run.stderr.ends_with(" by force\n"), "{}", run.stderr);
    assert!(!stubborn.wait().unwrap().success());
}

/// A process whose child holds a port and has handed it on, to nobody who has taken it yet.
const HANDED_ON: &str = "import os, socket, sys
to, come = socket.socketpair()
if os.fork() == 0:
    s = socket.create_server(('127.0.0.1', int(sys.argv[1])))
    socket.send_fds(to, [b'x'], [s.fileno()])
    print('ready', flush=True)
    come.close()
    to.recv(1)
sys.stdin.readline()
";

#[test]
fn a_socket_that_outlives_its_process_for_a_moment_is_waited_for() {
    let ports = Ports::take();
    let port = ports.livekit().to_string();
    let mut python = Command::new("python3");
    python.args(["-c", HANDED_ON, &port]);
    let mut keeper = Own::start(python.stdin(Stdio::piped()).stdout(Stdio::piped()));
    let mut lines = BufReader::new(keeper.0.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");

    let named = format!("{port}/tcp");
    let mut stop = outside(&[]);
    stop.args(["ports", &named, "--stop", "--yes"]);
    let mut stop = Own::start(stop.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let mut talk = BufReader::new(stop.0.stderr.take().unwrap()).lines();
    let ended = talk.next().unwrap().unwrap();
    assert!(ended.starts_with("ended `python3 "), "{ended}");
    // Now it is nobody's, and still there.
    assert!(std::net::TcpStream::connect(("127.0.0.1", ports.livekit())).is_ok());
    drop(keeper.0.stdin.take());
    let mut table = String::new();
    let mut stdout = stop.0.stdout.take().unwrap();
    stdout.read_to_string(&mut table).unwrap();
    assert_eq!(rows(&table)[1], format!("tcp {port} - free - - - -"));
    assert!(stop.0.wait().unwrap().success());
}
