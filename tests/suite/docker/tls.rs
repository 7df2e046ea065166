//! An engine that speaks TLS and knows its clients by their certificates.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::certificates;
use crate::support::docker::lines_of;
use crate::support::dockerd::Dockerd;
use crate::support::ports::Ports;
use crate::support::project::{Run, TestProject};

const LIVEKIT: &str = "livekit/livekit-server:v1.13.5";

/// What a client needs, in a folder of its own, under the names that Docker's clients look for.
fn client_of(authority: &Path) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    certificates::signed(authority, "client");
    for (from, to) in [
        ("ca.pem", "ca.pem"),
        ("client.pem", "cert.pem"),
        ("client-key.pem", "key.pem"),
    ] {
        fs::copy(authority.join(from), dir.path().join(to)).unwrap();
    }
    dir
}

fn authority() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    certificates::authority(dir.path());
    dir
}

#[test]
fn an_engine_behind_tls_is_used_with_the_certificates_of_the_environment_or_of_a_context() {
    let authority = authority();
    certificates::signed(authority.path(), "engine");
    let client = client_of(authority.path());
    let ports = Ports::take();
    let engine = Dockerd::with_tls(ports.livekit(), authority.path());
    engine.load(LIVEKIT);
    let address = format!("tcp://127.0.0.1:{}", ports.livekit());
    let project = TestProject::initialised();
    // Not the usual port of published media: another test may have it.
    let (first, last) = project.ports.udp_range();
    project.edit("livekit.yaml", |text| {
        text.replace(
            &format!("port_range_start: {first}"),
            &format!("udp_port: {first}"),
        )
        .replace(&format!("port_range_end: {last}"), "")
    });
    let run = |args: &[&str], env: &[(&str, &Path)]| {
        let mut command = project.command(args);
        command.env_remove("DOCKER_HOST").envs(env.iter().copied());
        Run::of(args, &command.output().unwrap())
    };
    let environment = |certificates: &TempDir, args: &[&str]| {
        let host = Path::new(&address);
        let verify = ("DOCKER_TLS_VERIFY", Path::new("1"));
        let path = ("DOCKER_CERT_PATH", certificates.path());
        run(args, &[("DOCKER_HOST", host), verify, path])
    };

    let up = environment(&client, &["up", "livekit"]).expect(0);
    assert!(
        up.stderr.contains(&format!("the engine is at {address}")),
        "{}",
        up.stderr
    );
    assert_eq!(engine.belongings(&project.name).len(), 1);
    let logs = environment(&client, &["logs", "livekit"]).expect(0).stdout;
    assert!(logs.contains("starting LiveKit server"), "{logs}");

    // The same by a context.
    let config = tempfile::tempdir().unwrap();
    let file = |name: &str| client.path().join(name).display().to_string();
    let endpoint = format!(
        "host={address},ca={},cert={},key={}",
        file("ca.pem"),
        file("cert.pem"),
        file("key.pem")
    );
    lines_of(
        Command::new("docker")
            .arg("--config")
            .arg(config.path())
            .args(["context", "create", "safe", "--docker", &endpoint]),
    );
    let context = [
        ("DOCKER_CONFIG", config.path()),
        ("DOCKER_CONTEXT", Path::new("safe")),
    ];
    let _ = run(&["down"], &context).expect(0);
    assert_eq!(engine.belongings(&project.name), [""; 0]);

    // An engine that is not the one it should be, and one that does not know the caller.
    let others = self::authority();
    let stranger = client_of(others.path());
    let refused = |certificates: &TempDir, cause: &str| {
        let run = environment(certificates, &["up", "livekit"]).expect(1);
        let begin = format!("error: cannot speak TLS to the engine at {address}\n");
        assert!(run.stderr.starts_with(&begin), "{}", run.stderr);
        assert!(run.stderr.contains(cause), "{}", run.stderr);
        assert!(
            run.stderr.contains("\nhint: is ca.pem in `"),
            "{}",
            run.stderr
        );
    };
    refused(&stranger, "invalid peer certificate");
    fs::copy(client.path().join("ca.pem"), stranger.path().join("ca.pem")).unwrap();
    refused(&stranger, "alert");
    fs::remove_file(stranger.path().join("key.pem")).unwrap();
    let run = environment(&stranger, &["up", "livekit"]).expect(1);
    let key = stranger.path().join("key.pem");
    let begin = format!(
        "error: cannot read `{}` for TLS to {address} (DOCKER_HOST)\n",
        key.display()
    );
    assert!(run.stderr.starts_with(&begin), "{}", run.stderr);
}
