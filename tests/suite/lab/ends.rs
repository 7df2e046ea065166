//! What ends during a call: the SFU, a token, and the patience of whoever watches.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anstream::ColorChoice;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use urbania::context::Clock;
use urbania::lab::call::{Plan, hold};
use urbania::lab::cast::cast;
use urbania::lab::progress::Progress;
use urbania::lab::report::Report;
use urbania::lab::scenario::{Event, Role, Scenario, What};
use urbania::lab::target::Tokens;
use urbania::output::{Format, Output};
use urbania::stack::interrupt::Interrupt;

use super::{browser, call, finished};
use crate::config::Folder;
use crate::support::project::{Run, TestProject};
use crate::support::sfu::TestSfu;
use crate::support::sfu_kind::{Kind, on_both_sfus};

const SILENT: Output = Output {
    format: Format::Json,
    quiet: true,
    color: ColorChoice::Never,
};

on_both_sfus!(
    after_a_restart_of_the_sfu_all_are_back,
    a_connection_that_breaks_after_its_token_has_expired_is_back,
);

async fn after_a_restart_of_the_sfu_all_are_back(kind: Kind) {
    let project = TestProject::initialised_on(kind.engine());
    project.ok(&["up", "livekit"]);
    let mut held = project.command(&["call", "reconnect", "--duration", "30s", "-o", "json"]);
    held.env("URBANIA_BROWSER", browser());
    let (run, report) = finished(held).await;
    let _ = run.expect(0);
    assert_eq!(report["events"][0]["what"], "the SFU restarts");
    for who in report["participants"].as_array().unwrap() {
        assert_ne!(who["breaks"], 0, "{who}");
    }
    project.ok(&["down", "--volumes", "--yes"]);
}

/// LiveKit gives a minute more than a token says.
async fn a_connection_that_breaks_after_its_token_has_expired_is_back(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let scenario = Scenario {
        seconds: 22,
        token_ttl: 5,
        roles: vec![Role {
            count: 2,
            ..Role::default()
        }],
        events: vec![Event {
            at: 17,
            what: What::Reconnect,
            who: Some("ada".into()),
            loss: None,
            latency: None,
            kbps: None,
        }],
        ..Scenario::default()
    };
    let members = cast(&scenario, None).unwrap();
    let tokens = Tokens::Signed {
        url: sfu.ws.clone(),
        pair: sfu.pair.clone(),
    };
    // From here on they let somebody in for 17 seconds.
    let clock = Clock::fixed(Clock::system().now() - Duration::from_secs(48));
    let program = browser();
    let interrupt = Interrupt::listen().unwrap();
    let plan = Plan {
        scenario: &scenario,
        members: &members,
        tokens: &tokens,
        browser: &program,
        headed: false,
        clock: &clock,
        restart: None,
        interrupt: &interrupt,
    };
    let progress = Progress::begin(SILENT);
    let held = hold(&plan, &progress).await.unwrap();
    let report = Report::of(&scenario, held, String::new());
    assert!(report.passed, "{:?}", report.faults());
    assert_ne!(report.participants[0].breaks, 0);
}

const LONG: &str = "name: long\nseconds: 90\nroles: [{count: 2}]\n\
                    events: [{at: 4, what: network, who: ada, latency: 1}]\n";

#[tokio::test]
async fn ctrl_c_ends_what_was_begun_and_what_was_measured_is_reported() {
    let sfu = TestSfu::of(Kind::Embedded, None).await;
    let folder = Folder::with(&[("long.yaml", LONG)]);
    let profiles = tempfile::tempdir().unwrap();
    let args = [
        "long.yaml",
        "--url",
        &sfu.ws,
        "-o",
        "json",
        "--html",
        "report.html",
    ];
    let mut child = call(&folder, &args)
        .env("TMPDIR", profiles.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let ended = tokio::task::spawn_blocking(move || {
        let mut lines = stderr.lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains("ada's network")));
        // As a terminal does.
        let group = Pid::from_child(&child);
        kill_process_group(group, Signal::INT).unwrap();
        let said: Vec<String> = lines.collect();
        (child.wait_with_output().unwrap(), said)
    });
    let (output, said) = ended.await.unwrap();
    let run = Run::of(&["call"], &output).expect(1);
    assert!(
        said.iter()
            .any(|line| line.starts_with("error: interrupted after ")),
        "{said:?}"
    );
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["interrupted"], true);
    assert_eq!(report["passed"], false);
    assert!(
        (3..60).contains(&report["seconds"].as_u64().unwrap()),
        "{report}"
    );
    for pair in report["pairs"].as_array().unwrap() {
        assert!(
            pair["sees"]["measured"]["fps"].as_f64().unwrap() > 0.0,
            "{pair}"
        );
    }
    assert!(folder.read("report.html").contains(">interrupted<"));
    // Chromium's libraries leave folders of their own.
    let left = profiles.path().read_dir().unwrap().flatten();
    let left = left.filter(|entry| entry.file_name().to_string_lossy().starts_with("urbania"));
    assert_eq!(left.count(), 0);
    assert_eq!(processes_of(profiles.path()), [""; 0]);
    assert!(sfu.rooms().list(Vec::new()).await.unwrap().is_empty());
}

/// The command lines that name this folder.
fn processes_of(folder: &Path) -> Vec<String> {
    let folder = folder.to_str().unwrap();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).into_owned());
    lines.filter(|line| line.contains(folder)).collect()
}
