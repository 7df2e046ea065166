//! `urbania up` killed at many points: whatever it left, the next commands cope with it.

use std::fs;
use std::process::{Child, Stdio};
use std::thread::park_timeout;
use std::time::{Duration, Instant};

use super::{LIVEKIT, Variant, life, nothing_runs};
use crate::support::docker::{containers, docker};
use crate::support::ports::Ports;
use crate::support::project::TestProject;

/// `scripts/soak/kill-up` asks for more.
const POINTS: &str = "URBANIA_TEST_KILL_POINTS";

#[test]
fn after_a_kill_at_any_point_up_and_down_succeed_and_nothing_is_left() {
    #[expect(clippy::disallowed_methods, reason = "how a script asks for more")]
    let points = std::env::var(POINTS).map_or(8, |n| n.parse().unwrap());
    let project = TestProject::initialised();
    let began = Instant::now();
    project.ok(&["up"]);
    let whole = began.elapsed();
    project.ok(&["down", "--volumes", "--yes"]);
    for point in 1..=points {
        // Twice, so that the next command is once `up` and once `down`.
        for next in ["up", "down"] {
            kill_after(&project, whole * point / points);
            println!(
                "killed at {point}/{points}: {:?}",
                containers(&project.name)
            );
            project.ok(&[next]);
            if next == "up" {
                assert_eq!(containers(&project.name).len(), 2);
                assert_eq!(project.processes().len(), 1, "one API");
                project.ok(&["down"]);
            }
            nothing_runs(&project);
            assert_eq!(project.processes(), [0; 0], "processes that nobody knows");
            if next == "down" {
                // Whatever became of the database's first start.
                project.ok(&["up"]);
            }
            project.ok(&["down", "--volumes", "--yes"]);
        }
    }
}

#[test]
fn when_the_successor_of_a_killed_replacement_fails_the_one_before_runs_again() {
    let project = TestProject::initialised();
    project.ok(&["up"]);
    let before = life(&project);
    let name = format!("{}-astray", project.name);
    // An SFU somewhere else: it runs, and where it should be, nobody answers.
    let ports = Ports::take();
    let config = format!(
        "{{port: {}, rtc: {{tcp_port: {}, udp_port: {}}}, keys: {{APIother: {}}}}}",
        ports.livekit(),
        ports.rtc_tcp(),
        ports.udp_range().0,
        "s".repeat(32)
    );
    let start = format!(
        r#"ENTRYPOINT ["/livekit-server","--node-ip","127.0.0.1","--config-body","{config}"]"#
    );
    let image = Variant::of(LIVEKIT, &name, &[&start, "CMD []"]);
    project.settings(&format!("images: {{livekit: {}}}\n", image.0));
    let mut up = project
        .command(&["up"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let runs = || {
        // By its image: while the successor is made, the one before still has the name.
        let filter = format!("ancestor={}", image.0);
        let running = docker(&["ps", "--filter", &filter, "--format", "{{.Names}}"]);
        let successor = format!("urbania-{}-livekit", project.name);
        containers(&project.name).len() == 3 && running.contains(&successor)
    };
    let deadline = Instant::now() + Duration::from_secs(30);
    while !runs() {
        assert!(Instant::now() < deadline, "{:?}", containers(&project.name));
    }
    up.kill().unwrap();
    up.wait().unwrap();

    let run = project.run(&["up", "--wait-timeout", "1s"]).expect(1);
    let said = "undoing what was begun\nlivekit: the one from before runs again\n\
                error: `livekit` is not healthy after 1 s: ";
    assert!(run.stderr.starts_with(said), "{}", run.stderr);
    let id = |line: &String| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let ids = |lives: &[String]| lives.iter().map(id).collect::<Vec<_>>();
    assert_eq!(ids(&life(&project).0), ids(&before.0));

    project.settings("");
    let run = project.run(&["up"]).expect(0);
    assert!(
        run.stderr.ends_with("\neverything ran already\n"),
        "{}",
        run.stderr
    );
}

fn kill_after(project: &TestProject, time: Duration) {
    let mut command = project.command(&["up"]);
    let mut up = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let until = Instant::now() + time;
    while Instant::now() < until && runs(&mut up) {
        park_timeout(Duration::from_millis(1));
    }
    let _ = up.kill();
    up.wait().unwrap();
}

fn runs(child: &mut Child) -> bool {
    child.try_wait().unwrap().is_none()
}

#[test]
fn a_database_that_never_became_ready_is_made_anew_and_one_that_did_is_not() {
    let project = TestProject::initialised();
    let volume = format!("urbania-{}-mongodb", project.name);
    let note = project.path(".urbania/mongodb.unproved");
    project.ok(&["up"]);
    assert!(!note.exists(), "it became ready");
    project.add_user("ada", "correct horse battery");
    project.ok(&["down"]);
    project.ok(&["up"]);
    assert!(project.ok(&["user", "list"]).contains("ada"));
    project.ok(&["down"]);

    // As after a kill in the first start: a volume without the user that is asked for.
    project.edit(".env", |text| {
        text.replace("mongodb://urbania:", "mongodb://urbania:x")
    });
    fs::write(&note, volume).unwrap();
    project.ok(&["up"]);
    assert!(!note.exists());
    assert!(!project.ok(&["user", "list"]).contains("ada"));
}
