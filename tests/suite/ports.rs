//! `urbania ports` on real sockets of real processes.

mod free;
mod stop;
mod terminal;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use urbania::host::process::{Spawn, Variables, running, spawn_detached_through};

use crate::support::docker::docker;
use crate::support::engine_elsewhere::Laptop;
use crate::support::holder::Holder;
use crate::support::nobody::ForNobody;
use crate::support::ports::Ports;
use crate::support::project::{Run, TestProject};

const URBANIA: &str = env!("CARGO_BIN_EXE_urbania");
/// A range long enough to do without some of its ports.
const RANGE: u16 = 60;

/// The start of such a range, another one for each block of ports.
fn range_of(project: &TestProject) -> u16 {
    2_000 + (project.ports.livekit() - 20_000) / 40 * RANGE
}

fn project() -> TestProject {
    let project = TestProject::new();
    let ports = &project.ports;
    let first = range_of(&project);
    project.write(
        "livekit.yaml",
        &format!(
            "port: {}\nkeys: {{APItest: {}}}\nrtc: {{tcp_port: {}, port_range_start: {first}, port_range_end: {}}}\n",
            ports.livekit(),
            "s".repeat(32),
            ports.rtc_tcp(),
            first + RANGE - 1,
        ),
    );
    project
}

/// The entry of a port in the answer for scripts.
fn entry(run: &Run, first: u16) -> Value {
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    let entries = answer["ports"].as_array().unwrap();
    let found = entries.iter().find(|e| e["first"] == first);
    found
        .unwrap_or_else(|| panic!("{first} in {answer}"))
        .clone()
}

/// The rows of a table, with single blanks between the columns.
fn rows(table: &str) -> Vec<String> {
    let squeezed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    table.lines().map(squeezed).collect()
}

#[test]
fn free_ports_are_shown_as_such() {
    let project = project();
    let (livekit, rtc_tcp) = (project.ports.livekit(), project.ports.rtc_tcp());
    let (mongodb, api) = (project.ports.mongodb(), project.ports.api());
    let first = range_of(&project);
    let last = first + RANGE - 1;
    assert_eq!(
        rows(&project.ok(&["ports"])),
        [
            "PROTO PORT FOR STATE HOLDER PID USER SINCE".to_owned(),
            format!("tcp {mongodb} mongodb: database free - - - -"),
            format!("tcp {livekit} livekit: signalling free - - - -"),
            format!("tcp {rtc_tcp} livekit: media over TCP free - - - -"),
            format!("udp {first}-{last} livekit: media free - - - -"),
            format!("tcp {api} api: token API free - - - -"),
        ]
    );
}

#[test]
fn a_process_in_the_way_is_named_and_the_exit_code_is_3() {
    let project = project();
    let port = project.ports.livekit();
    let holder = Holder::of(&[&format!("tcp 127.0.0.1:{port}")]);
    let run = project.run(&["ports"]).expect(3);
    let row = format!(
        "tcp {port} livekit: signalling held {} {} root",
        holder.command(),
        holder.pid()
    );
    assert!(rows(&run.stdout)[2].starts_with(&row), "{}", run.stdout);
    assert_eq!(
        run.stderr,
        format!(
            "error: a port that this project needs is held by somebody else\n\
             hint: end it: `urbania ports {port} --stop`\n"
        )
    );
    let run = project.run(&["ports", "-o", "json"]).expect(3);
    let mut entry = entry(&run, port);
    let since = entry["held"][0]["since"].take();
    assert!(since.as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
    assert_eq!(
        entry,
        json!({
            "protocol": "tcp", "first": port, "last": port,
            "service": "livekit", "purpose": "signalling", "state": "held",
            "held": [{
                "ports": [port], "owner": "process", "pid": holder.pid(),
                "command": holder.command(), "user": "root", "since": null,
            }],
        })
    );
}

#[test]
fn the_port_of_a_client_is_held_by_it() {
    let project = project();
    let port = project.ports.rtc_tcp();
    let holder = Holder::of(&[&format!("client 127.0.0.9:{port}")]);
    let run = project.run(&["ports"]).expect(3);
    let row = format!(
        "tcp {port} livekit: media over TCP held {} {} root",
        holder.command(),
        holder.pid()
    );
    assert!(rows(&run.stdout)[3].starts_with(&row), "{}", run.stdout);
    let doctor = project.run(&["doctor", "--only", "ports"]).expect(3);
    let said = format!(
        "port {port}/tcp, which livekit needs for media over TCP, is held by `{}` (pid {}, user root)",
        holder.command(),
        holder.pid()
    );
    assert!(doctor.stdout.contains(&said), "{}", doctor.stdout);
    let _ = project.run(&["ports", "--stop", "--yes"]).expect(0);
    holder.ended();
    project.ok(&["ports"]);
}

#[test]
fn sockets_of_every_family_are_told_apart() {
    let project = project();
    let (livekit, mongodb, api) = (
        project.ports.livekit(),
        project.ports.mongodb(),
        project.ports.api(),
    );
    let held = [
        format!("tcp [::1]:{livekit}"),
        format!("tcp [::1]:{mongodb}"),
        format!("tcp [::]:{api}"),
        format!("udp 0.0.0.0:{}", project.ports.rtc_tcp()),
    ];
    let _holder = Holder::of(&held.each_ref().map(String::as_str));
    let run = project.run(&["ports", "-o", "json"]).expect(3);
    let state = |port| entry(&run, port)["state"].clone();
    // The SFU binds every address, MongoDB 127.0.0.1 alone; `::` takes 127.0.0.1 along.
    assert_eq!(state(livekit), "held");
    assert_eq!(state(mongodb), "free");
    assert_eq!(state(api), "held");
    assert_eq!(state(project.ports.rtc_tcp()), "free");
}

#[test]
fn one_range_is_one_entry_and_can_do_without_a_few_ports() {
    let project = project();
    let first = range_of(&project);
    let few = [first + 2, first + 1, first + 7];
    let sockets = few.map(|port| format!("udp 127.0.0.1:{port}"));
    let holder = Holder::of(&sockets.each_ref().map(String::as_str));
    let table = rows(&project.ok(&["ports"]));
    let last = first + RANGE - 1;
    assert_eq!(
        table[4],
        format!("udp {first}-{last} livekit: media enough free - - - -")
    );
    let row = format!(
        "udp {}-{}, {} livekit: media held {}",
        first + 1,
        first + 2,
        first + 7,
        holder.command()
    );
    assert!(table[5].starts_with(&row), "{}", table[5]);

    let most: Vec<String> = (first + 10..=last)
        .map(|port| format!("udp 0.0.0.0:{port}"))
        .collect();
    let most: Vec<&str> = most.iter().map(String::as_str).collect();
    let _most = Holder::of(&most);
    let run = project.run(&["ports", "-o", "json"]).expect(3);
    let range = entry(&run, first);
    assert_eq!(range["state"], "held");
    assert_eq!(range["held"].as_array().unwrap().len(), 2);
}

#[test]
fn with_an_engine_on_another_machine_the_api_alone_needs_a_port_here() {
    let (project, laptop) = (TestProject::initialised(), Laptop::new());
    let run = laptop.run(&project, &["ports"]).expect(0);
    let api = format!("tcp {} api: token API free - - - -", project.ports.api());
    assert_eq!(rows(&run.stdout)[1..], [api]);
}

#[test]
fn the_project_recognises_its_own_api() {
    let project = project();
    let port = project.ports.api();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let pid_file = project.path(".urbania/api.pid");
    let socket = format!("tcp 127.0.0.1:{port}");
    let api = runtime
        .block_on(spawn_detached_through(
            Path::new(URBANIA),
            &Spawn {
                program: &std::env::current_exe().unwrap(),
                args: &[
                    "--exact".into(),
                    "support::holder::hold_sockets".into(),
                    "--nocapture".into(),
                ],
                env: Variables::Added(&[("HOLD_SOCKETS".into(), socket)]),
                log: &project.path(".urbania/logs/api.log"),
                pid_file: &pid_file,
                dir: project.dir(),
            },
        ))
        .unwrap()
        .expect("it goes on");
    crate::support::until::eventually("the port is held", || {
        std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    let run = project.run(&["ports", "-o", "json"]).expect(0);
    let entry = entry(&run, port);
    assert_eq!(entry["state"], "ours");
    assert_eq!(entry["held"][0]["owner"], "this-project");
    assert_eq!(entry["held"][0]["service"], "api");
    let row = format!(
        "tcp {port} api: token API ours this project: api {}",
        api.pid
    );
    let table = rows(&project.ok(&["ports"]));
    assert!(table[5].starts_with(&row), "{}", table[5]);

    let run = project
        .run(&["ports", "--stop", "--yes", &port.to_string()])
        .expect(0);
    let spared = format!("{port}/tcp is this project's own: `urbania down api`\n");
    assert!(run.stderr.contains(&spared), "{}", run.stderr);
    runtime.block_on(async {
        let found = running(&pid_file, project.dir()).await.unwrap().unwrap();
        found.stop(Duration::from_secs(5)).await.unwrap();
    });
}

/// `urbania` where there is no project, started through other programs.
fn outside(wrapper: &[&str]) -> Command {
    let words: Vec<&str> = wrapper.iter().copied().chain([URBANIA]).collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).current_dir("/");
    command
}

#[test]
fn a_named_port_needs_no_project_and_is_no_problem() {
    let ports = Ports::take();
    let holder = Holder::of(&[&format!("udp [::]:{}", ports.livekit())]);
    let port = format!("{}/udp", ports.livekit());
    let run = Run::of(&[], &outside(&[]).args(["ports", &port]).output().unwrap()).expect(0);
    let row = format!("udp {} - held {}", ports.livekit(), holder.command());
    assert!(rows(&run.stdout)[1].starts_with(&row), "{}", run.stdout);
}

#[test]
fn root_sees_the_processes_of_other_users() {
    let ports = Ports::take();
    let holder = Holder::of_nobody(&[&format!("tcp 127.0.0.1:{}", ports.api())]);
    let args = ["ports", &format!("{}/tcp", ports.api()), "-o", "json"];
    let run = Run::of(&args, &outside(&[]).args(args).output().unwrap()).expect(0);
    let held = &entry(&run, ports.api())["held"][0];
    assert_eq!(held["user"], "nobody");
    assert_eq!(held["pid"], holder.pid());
}

#[test]
fn without_root_the_holder_stays_hidden_and_the_hint_says_how_to_see_it() {
    let ports = Ports::take();
    let _holder = Holder::of(&[&format!("tcp 127.0.0.1:{}", ports.livekit())]);
    let port = ports.livekit().to_string();
    let named = format!("{port}/tcp");
    let urbania = ForNobody::of(Path::new(URBANIA));
    let seen = |args: &[&str]| Run::of(args, &urbania.command().args(args).output().unwrap());
    let run = seen(&["ports", &named]).expect(0);
    let row = format!("tcp {port} - held a process of user root that only root can see - root -");
    assert_eq!(rows(&run.stdout)[1], row);
    let run = seen(&["ports", &named, "--stop", "--yes"]).expect(3);
    assert_eq!(
        run.stderr,
        format!(
            "error: a process of user root that only root can see cannot be ended from here\n\
             hint: see which one: `sudo urbania ports {port}`\n"
        )
    );
}

#[test]
fn another_network_namespace_has_ports_of_its_own() {
    let ports = Ports::take();
    let port = ports.livekit().to_string();
    let _holder = Holder::of(&[&format!("tcp 0.0.0.0:{port}")]);
    let state = |wrapper: &[&str]| {
        let args = ["ports", &port, "-o", "json"];
        let output = outside(wrapper).args(args).output().unwrap();
        entry(&Run::of(&args, &output).expect(0), ports.livekit())["state"].clone()
    };
    assert_eq!(state(&[]), "held");
    assert_eq!(state(&["unshare", "--net"]), "free");
}

/// A container that is removed when the test ends.
struct Container(String);

impl Container {
    /// A LiveKit of somebody else's, with no port in common with other tests and stacks.
    fn run(name: &str, args: &[&str], ports: [u16; 3]) -> Self {
        let container = Self(name.to_owned());
        let [port, tcp, udp] = ports;
        // Without an address it would ask the internet for one, and end when nobody answers.
        let config = format!(
            "LIVEKIT_CONFIG={{port: {port}, keys: {{devkey: secret}}, \
             rtc: {{tcp_port: {tcp}, udp_port: {udp}, node_ip: 127.0.0.1}}}}"
        );
        let mut words = vec!["run", "-d", "--name", name, "-e", &config];
        words.extend(args);
        words.push("livekit/livekit-server:v1.13.5");
        docker(&words);
        container
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rm", "-f", &self.0]).output();
    }
}

#[test]
fn a_container_in_the_way_is_named_and_can_be_stopped() {
    let project = project();
    let (host, published) = (project.ports.livekit(), project.ports.rtc_tcp());
    let name = |what: &str| format!("foreign-{what}-{host}");
    let ports = [host, host + 5, host + 6];
    let _host = Container::run(&name("host"), &["--network", "host"], ports);
    let port = format!("{published}:80");
    let _published = Container::run(&name("published"), &["-p", &port], [80, 81, 82]);
    for port in [host, published] {
        crate::support::until::eventually("the container holds its port", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
    }
    let run = project.run(&["ports", "-o", "json"]).expect(3);
    for (port, what) in [(host, "host"), (published, "published")] {
        let held = entry(&run, port)["held"][0].clone();
        assert_eq!(held["owner"], "container", "{held}");
        assert_eq!(held["container"], name(what), "{held}");
        assert_eq!(held["image"], "livekit/livekit-server:v1.13.5");
        let hint = format!("hint: stop it: `docker stop {}`\n", name(what));
        assert!(run.stderr.contains(&hint), "{}", run.stderr);
    }

    // Its two proxies, for IPv4 and IPv6, are one holder of one port.
    let run = project.run(&["ports"]).expect(3);
    let of_port = format!("tcp {published} livekit: ");
    let rows = rows(&run.stdout);
    let of_port = rows.iter().filter(|row| row.starts_with(&of_port));
    assert_eq!(of_port.count(), 1, "{}", run.stdout);
    let error = "error: 2 ports that this project needs are held by somebody else\n";
    assert!(run.stderr.starts_with(error), "{}", run.stderr);

    let run = project.run(&["ports", "--stop", "--yes"]).expect(0);
    for what in ["host", "published"] {
        let stopped = format!("stopped container `{}` (image ", name(what));
        assert!(run.stderr.contains(&stopped), "{}", run.stderr);
        let filter = format!("name={}", name(what));
        let state = docker(&["ps", "-a", "--filter", &filter, "--format", "{{.State}}"]);
        assert_eq!(state, ["exited"]);
    }
}
