//! What holds for every command.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use urbania::host::lock::ProjectLock;
use urbania::output::{Format, Output};

use crate::config::Folder;
use crate::support::project::TestProject;

const LIVEKIT: (&str, &str) = (
    "livekit.yaml",
    "keys: {APIone: aaaaaaaaaabbbbbbbbbbccccccccccdd}\n",
);

#[test]
fn diagnostics_that_no_terminal_shows_have_no_colours() {
    let run = TestProject::initialised().run(&["-vv", "status"]);
    assert!(run.stderr.contains("engine at"), "{}", run.stderr);
    assert!(!run.stderr.contains('\u{1b}'), "{}", run.stderr);
}

#[test]
fn no_color_beats_what_forces_colours_also_in_errors() {
    let folder = Folder::with(&[]);
    let env = [("CLICOLOR_FORCE", "1")];
    let coloured = folder.run_with(&env, &["config", "validate"]).expect(2);
    assert!(coloured.stderr.contains('\u{1b}'), "{}", coloured.stderr);
    let run = folder
        .run_with(&env, &["--no-color", "config", "validate"])
        .expect(2);
    assert!(!run.stderr.contains('\u{1b}'), "{}", run.stderr);
}

#[test]
fn the_api_listens_where_up_looks_for_it() {
    let env = [("URBANIA_LISTEN", "elsewhere")];
    let run = Folder::with(&[LIVEKIT]).run_with(&env, &["serve"]);
    assert!(!run.stderr.contains("elsewhere"), "{}", run.stderr);
}

#[test]
fn the_log_of_the_api_needs_no_engine() {
    let env = [("DOCKER_HOST", "unix:///nowhere/docker.sock")];
    let folder = Folder::with(&[
        LIVEKIT,
        (".urbania/logs/api.log", "2026-01-01T00:00:00Z it listens\n"),
    ]);
    let run = folder.run_with(&env, &["logs", "api"]).expect(0);
    assert_eq!(run.stdout, "api     | it listens\n");
    let _ = folder.run_with(&env, &["logs"]).expect(0);
    let on_docker = [env[0], ("URBANIA_ENGINE", "docker")];
    let _ = folder.run_with(&on_docker, &["logs"]).expect(1);
}

#[tokio::test]
async fn keys_sync_waits_for_whoever_changes_the_project() {
    let project = TestProject::initialised();
    let talk = Output {
        format: Format::Table,
        quiet: true,
        color: anstream::ColorChoice::Never,
    };
    let state = project.path(".urbania");
    let held = ProjectLock::acquire_within(Duration::ZERO, &state, "the test", &talk).await;
    let mut sync = project
        .command(&["keys", "sync"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let mut stderr = BufReader::new(sync.stderr.take().unwrap());
    stderr.read_line(&mut said).unwrap();
    drop(held.unwrap());
    assert!(said.starts_with("waiting for `the test`"), "{said}");
    assert!(sync.wait().unwrap().success());
}

/// An engine in a virtual machine, as far as `GET /version` tells.
fn engine_in_a_virtual_machine(listener: UnixListener) {
    let body = r#"{"Platform": {"Name": "Docker Desktop"}, "Os": "linux", "ApiVersion": "1.52"}"#;
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
}

#[test]
fn config_show_asks_the_engine_which_network_it_would_be() {
    let folder = Folder::with(&[LIVEKIT]);
    let socket = folder.path().join("docker.sock");
    engine_in_a_virtual_machine(UnixListener::bind(&socket).unwrap());
    let host = format!("unix://{}", socket.display());
    let show = |host: &str, more: &[&str]| {
        let args = [&["-v", "config", "show"], more].concat();
        let run = folder.run_with(&[("DOCKER_HOST", host)], &args).expect(0);
        (run.stdout, run.stderr)
    };
    let (published, unreachable) = show("unix:///nowhere", &["--network", "published"]);
    assert!(
        unreachable.contains("LiveKit reports no room events"),
        "{unreachable}"
    );
    let (usual, _) = show("unix:///nowhere", &[]);
    assert_ne!(published, usual);
    let (asked, said) = show(&host, &[]);
    let way = "http://host.docker.internal:8000/api/livekit/webhook";
    assert!(asked.contains(way), "{asked}{said}");
    let (network, _) = asked.split_once("webhook:").unwrap();
    assert_eq!(network, published, "{said}");
}

#[test]
fn a_result_and_an_error_that_nobody_can_be_told_are_a_failure_like_any_other() {
    let project = TestProject::initialised();
    let full = || std::fs::File::create("/dev/full").unwrap();
    let mut command = project.command(&["config", "show"]);
    let ended = command.stdout(full()).stderr(full()).status().unwrap();
    assert_eq!(ended.code(), Some(1));
}
