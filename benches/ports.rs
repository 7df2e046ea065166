//! The check of all 10,005 ports of a default project inside our process, beside what else could
//! answer: `lsof`, `ss`, the text tables of the kernel, binding every port. Also with 800 other
//! sockets and 800 other processes around.
//!
//! `cargo bench --bench ports`

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement"
)]

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use urbania::host::claims::{Ours, claims};
use urbania::host::ports::PortNeed;
use urbania::host::sockets::Protocol;
use urbania::host::taken::taken;

const LOCAL: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
const GOAL: Duration = Duration::from_millis(2);
const OTHERS: u16 = 800;

fn main() {
    let needs = needs();
    let ports: usize = needs.iter().map(PortNeed::count).sum();
    assert_eq!(ports, 10_005, "7880, 7881, 27017, 8000 and 50000 to 60000");
    println!("median of many runs, in milliseconds; the ratio is to our check of {ports} ports\n");
    table("idle machine", &needs);
    let sockets: Vec<UdpSocket> = (0..OTHERS)
        .map(|_| UdpSocket::bind("127.0.0.1:0").unwrap())
        .collect();
    table("with 800 other sockets", &needs);
    let processes: Vec<Process> = (0..OTHERS).map(|_| Process::start()).collect();
    table("with 800 other sockets and 800 other processes", &needs);
    drop((sockets, processes));
}

/// What a default project binds.
fn needs() -> Vec<PortNeed> {
    let need = |protocol, address, first, last| PortNeed {
        service: "service".into(),
        purpose: "purpose".into(),
        protocol,
        address,
        first,
        last,
    };
    vec![
        need(Protocol::Tcp, None, 7880, 7880),
        need(Protocol::Tcp, None, 7881, 7881),
        need(Protocol::Tcp, LOCAL, 27017, 27017),
        need(Protocol::Tcp, LOCAL, 8000, 8000),
        need(Protocol::Udp, None, 50_000, 60_000),
    ]
}

fn table(heading: &str, needs: &[PortNeed]) {
    let check = || taken(needs).unwrap();
    let ours = median(500, || drop(black_box(check())));
    let verdict = if ours <= GOAL { "met" } else { "MISSED" };
    println!("{heading}");
    row("urbania: the check (goal 2 ms)", ours, ours, verdict);
    let found = check();
    let held: usize = found.iter().map(|c| c.sockets.len()).sum();
    let who = median(20, || {
        drop(black_box(claims(&check(), &Ours::default(), &[])));
    });
    let what = format!("urbania: check and holders of {held} sockets");
    row(&what, who, ours, "");
    for (name, command) in [
        ("lsof -i :7880 (one port)", "lsof -i :7880"),
        ("lsof -nP -i (all)", "lsof -nP -i"),
        ("ss -ltnu (without holders)", "ss -ltnu"),
        ("ss -ltnup (with holders)", "ss -ltnup"),
    ] {
        row(name, median(10, || run(command)), ours, "");
    }
    row("binding 10,001 UDP ports", median(5, bind_all), ours, "");
    println!();
}

fn row(name: &str, time: Duration, ours: Duration, verdict: &str) {
    let ratio = time.as_secs_f64() / ours.as_secs_f64();
    let milliseconds = time.as_secs_f64() * 1e3;
    println!("  {name:<44} {milliseconds:>9.3}  {ratio:>7.1}x  {verdict}");
}

fn median(runs: usize, mut work: impl FnMut()) -> Duration {
    work();
    let mut times: Vec<Duration> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[runs / 2]
}

fn run(command: &str) {
    let mut words = command.split(' ');
    let program = words.next().unwrap();
    Command::new(program)
        .args(words)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap_or_else(|e| panic!("`{program}` is needed for the comparison: {e}"));
}

fn bind_all() {
    for port in 50_000..=60_000 {
        drop(black_box(UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port))));
    }
}

/// A process that does nothing; ended when dropped.
struct Process(Child);

impl Process {
    fn start() -> Self {
        Self(Command::new("sleep").arg("600").spawn().unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
