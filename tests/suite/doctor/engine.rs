//! Engines that are missing, late, full, or hold what nobody has any more.

use std::fs;
use std::io::Write as _;
use std::net::TcpStream;
use std::process::{Command, Stdio};

use super::{check, doctor, doctor_apart, finding, findings};
use crate::support::docker::docker;
use crate::support::dockerd::Dockerd;
use crate::support::engine::{Engine, NOWHERE};
use crate::support::processes::Processes;
use crate::support::project::{Run, TestProject};

const LIVEKIT: &str = "livekit/livekit-server:v1.13.5";
const ARGS: [&str; 5] = ["doctor", "--only", "engine", "-o", "json"];

#[test]
fn an_engine_that_answers_is_named_with_the_network_that_follows() {
    let project = TestProject::initialised();
    let run = doctor(&project, "engine");
    let found = findings(&run, "engine.reachable");
    assert_eq!(found[0].0, "ok");
    assert!(found[0].1.starts_with("Docker "), "{found:?}");
    let network = (
        "ok".to_owned(),
        "the host's network: the engine runs on this machine".to_owned(),
    );
    assert_eq!(findings(&run, "engine.network"), [network]);
    assert_eq!(findings(&run, "engine.clock"), []);
    assert_eq!(findings(&run, "engine.images"), []);
}

#[test]
fn an_engine_that_is_not_there_is_the_one_problem() {
    let project = TestProject::initialised();
    let mut command = project.command(&ARGS);
    command.env("DOCKER_HOST", "unix:///nowhere/docker.sock");
    let run = Run::of(&ARGS, &command.output().unwrap()).expect(3);
    let found = finding(&run, "engine.reachable");
    assert_eq!(
        found["message"],
        "no Docker engine is running: there is no socket unix:///nowhere/docker.sock (DOCKER_HOST)"
    );
    assert!(
        found["fix"][0]
            .as_str()
            .unwrap()
            .contains("systemctl start docker")
    );
    assert_eq!(
        check(&run, "engine.images")["not_looked"],
        "no engine answers"
    );
}

#[test]
fn why_it_is_the_one_that_is_built_in_stands_in_the_line() {
    let project = TestProject::initialised_on(Engine::Embedded);
    let run = doctor(&project, "engine").expect(0);
    assert_eq!(
        finding(&run, "engine.reachable")["message"],
        format!(
            "embedded: the development SFU, because no Docker engine is running: there is no socket {NOWHERE} \
             (DOCKER_HOST); no `livekit-server` on PATH"
        )
    );
}

#[test]
fn ports_that_are_published_one_by_one_are_told() {
    let project = TestProject::initialised();
    project.settings("network: published\n");
    project.edit("livekit.yaml", |text| {
        let rtc = text.find("  port_range_start").unwrap();
        let end = text[rtc..].find("port_range_end").unwrap() + rtc;
        let end = text[end..].find('\n').unwrap() + end;
        format!("{}  udp_port: 17000-17099{}", &text[..rtc], &text[end..])
    });
    let found = finding(&doctor(&project, "engine"), "engine.network");
    assert_eq!(found["message"], "100 UDP ports are published one by one");
    assert_eq!(found["verdict"], "warning");
}

#[test]
fn clocks_that_are_apart_are_told() {
    let project = TestProject::initialised();
    let late = super::at("-10min", &project.command(&ARGS))
        .output()
        .unwrap();
    let found = finding(&Run::of(&ARGS, &late).expect(3), "engine.clock");
    let message = found["message"].as_str().unwrap();
    assert!(message.starts_with("the engine's clock is 6"), "{message}");
    assert!(message.ends_with(" s ahead of this machine's"), "{message}");
    let early = super::at("+30s", &project.command(&ARGS)).output().unwrap();
    let found = finding(&Run::of(&ARGS, &early), "engine.clock");
    assert_eq!(found["verdict"], "warning");
}

/// An image without a file in it, for another processor; gone with the value.
struct ForeignImage(String);

impl ForeignImage {
    fn new(name: String) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = r#"{"architecture":"arm64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}"#;
        fs::write(dir.path().join("config.json"), config).unwrap();
        let manifest = format!(r#"[{{"Config":"config.json","RepoTags":["{name}"],"Layers":[]}}]"#);
        fs::write(dir.path().join("manifest.json"), manifest).unwrap();
        let tar = Command::new("tar")
            .args(["c", "config.json", "manifest.json"])
            .current_dir(dir.path())
            .output()
            .unwrap();
        let mut load = Command::new("docker")
            .arg("load")
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        load.stdin.take().unwrap().write_all(&tar.stdout).unwrap();
        assert!(load.wait().unwrap().success());
        Self(name)
    }
}

impl Drop for ForeignImage {
    fn drop(&mut self) {
        docker(&["rmi", "--force", &self.0]);
    }
}

#[test]
fn images_that_are_missing_or_for_another_processor_are_told() {
    let project = TestProject::initialised();
    let foreign = ForeignImage::new(format!("urbania-{}:arm64", project.name));
    let images = format!(
        "images: {{livekit: '{}', mongodb: 'nowhere/mongo:1'}}\n",
        foreign.0
    );
    project.settings(&images);
    let found = findings(&doctor(&project, "engine").expect(3), "engine.images");
    let processor = if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "amd64"
    };
    assert_eq!(
        found,
        [
            (
                "problem".to_owned(),
                format!(
                    "image `{}` is for arm64, the engine's processor is {processor}",
                    foreign.0
                )
            ),
            (
                "note".to_owned(),
                "image `nowhere/mongo:1` is not on the engine yet; `up` will fetch it".to_owned()
            ),
        ]
    );
}

#[test]
fn containers_of_a_project_that_is_gone_are_removed_by_fix() {
    let engine = Dockerd::apart();
    engine.load(LIVEKIT);
    let project = TestProject::initialised();
    let leftovers = |run: &Run| findings(run, "engine.leftovers");
    assert_eq!(leftovers(&engine.run(&project, &ARGS)), []);
    let gone = "/nowhere/old shop";
    engine.docker(&[
        "create",
        "--name",
        "urbania-oldshop-livekit",
        "--label",
        "io.urbania.project=oldshop",
        "--label",
        "io.urbania.service=livekit",
        "--label",
        &format!("io.urbania.dir={gone}"),
        LIVEKIT,
    ]);
    let run = engine.run(&project, &ARGS);
    let message = format!("the folder of project `oldshop`, `{gone}`, is gone");
    assert_eq!(leftovers(&run), [("warning".to_owned(), message)]);
    let fix = finding(&run, "engine.leftovers")["fix"][0].clone();
    assert_eq!(fix, "docker rm --force urbania-oldshop-livekit");

    let fixed = engine.run(&project, &["doctor", "--only", "engine", "--fix", "--yes"]);
    let plan = "this will be done:\n  1. remove the containers urbania-oldshop-livekit, also those that run\n";
    assert!(fixed.stderr.starts_with(plan), "{}", fixed.stderr);
    assert_eq!(engine.docker(&["ps", "-aq"]), [""; 0]);
    assert_eq!(leftovers(&engine.run(&project, &ARGS)), []);
}

#[test]
fn processes_of_a_project_that_is_gone_are_ended_by_fix() {
    let apart = Processes::new();
    let [gone, here] = [Engine::Embedded; 2].map(TestProject::initialised_on);
    let run = |project: &TestProject, args: &[&str]| {
        let mut command = apart.command(&project.command(args));
        Run::of(args, &command.output().unwrap())
    };
    let _ = run(&gone, &["up", "livekit"]).expect(0);
    assert_eq!(findings(&run(&here, &ARGS), "engine.leftovers"), []);
    fs::remove_dir_all(gone.dir()).unwrap();
    let found = run(&here, &ARGS);
    let dir = gone.dir().display();
    let message = format!("the folder of a project, `{dir}`, is gone");
    let warning = ("warning".to_owned(), message);
    assert_eq!(findings(&found, "engine.leftovers"), [warning]);
    let evidence = finding(&found, "engine.leftovers")["evidence"][0].clone();
    let pid = evidence.as_str().unwrap().split(' ').nth(1).unwrap();

    let fixed = run(&here, &["doctor", "--only", "engine", "--fix", "--yes"]);
    let plan = format!("this will be done:\n  1. end process {pid} of `{dir}`\n");
    assert!(fixed.stderr.starts_with(&plan), "{}", fixed.stderr);
    assert_eq!(gone.processes(), [0; 0]);
    assert_eq!(findings(&run(&here, &ARGS), "engine.leftovers"), []);
}

#[test]
fn the_api_of_a_project_that_is_gone_is_ended_by_fix() {
    let apart = Processes::new();
    let [gone, here] = [Engine::Embedded; 2].map(TestProject::initialised_on);
    let run = |project: &TestProject, args: &[&str]| {
        let mut command = apart.command(&project.command(args));
        Run::of(args, &command.output().unwrap())
    };
    let _ = run(&gone, &["up"]).expect(0);
    let leftovers = |run: &Run| findings(run, "engine.leftovers");
    assert_eq!(leftovers(&run(&here, &ARGS)), []);
    let port = gone.ports.api();
    let holds = || TcpStream::connect(("127.0.0.1", port)).is_ok();
    assert!(holds());
    fs::remove_dir_all(gone.dir()).unwrap();
    let found = leftovers(&run(&here, &ARGS));
    let message = format!(
        "the folder of a project, `{}`, is gone",
        gone.dir().display()
    );
    let warning = ("warning".to_owned(), message);
    assert_eq!(found, [warning.clone(), warning]);

    let _ = run(&here, &["doctor", "--only", "engine", "--fix", "--yes"]).expect(0);
    assert_eq!(gone.processes(), [0; 0]);
    assert!(!holds());
    assert_eq!(leftovers(&run(&here, &ARGS)), []);
}

#[test]
fn a_disk_that_is_full_is_told() {
    let project = TestProject::initialised();
    assert_eq!(findings(&doctor(&project, "engine"), "engine.disk"), []);
    let small = "truncate -s 96M disk && mkfs.ext4 -q -m 0 disk && mkdir small && mount -o loop disk small\n\
        cp urbania.yaml livekit.yaml .env small && cd small";
    let run = doctor_apart(&project, "engine", &[small]).expect(3);
    let found = findings(&run, "engine.disk");
    assert!(
        found[0].1.contains(" MiB are free for the project in `"),
        "{found:?}"
    );
    assert_eq!(found[0].0, "problem");
    let way = finding(&run, "engine.disk")["fix"][0].clone();
    assert!(
        way.as_str()
            .unwrap()
            .starts_with("make room on its disk: `df -h "),
        "{way}"
    );

    // Where the engine has its data is a matter of the engine's own mounts.
    let engine = Dockerd::with_disk(600);
    let command = engine.urbania(&project, &ARGS);
    let mut inside = Command::new("nsenter");
    inside
        .arg(format!("--mount={}", engine.mounts().display()))
        .arg("env")
        .arg(format!("--chdir={}", project.dir().display()))
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear();
    for (name, value) in command.get_envs() {
        inside.envs(value.map(|value| (name, value)));
    }
    let run = Run::of(&ARGS, &inside.output().unwrap());
    let found = findings(&run, "engine.disk");
    let warned = found
        .iter()
        .find(|(_, message)| message.contains("free for the engine in"));
    assert_eq!(
        warned.map(|(verdict, _)| verdict.as_str()),
        Some("warning"),
        "{found:?}"
    );
}
