//! Files that `livekit.yaml` names reach the SFU: the certificate of its TURN server.

use std::fs;
use std::process::{Command, Stdio};

use super::id;
use crate::support::certificates;
use crate::support::project::TestProject;

/// What the TURN server shows, held against the authority.
fn shown_certificate(project: &TestProject) -> String {
    let output = Command::new("openssl")
        .args([
            "s_client",
            "-servername",
            "turn.example",
            "-CAfile",
            "ca.pem",
            "-connect",
        ])
        .arg(format!("127.0.0.1:{}", project.ports.turn()))
        .current_dir(project.path("certs"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("Verify return code: 0 (ok)"), "{text}");
    let begin = text.find("-----BEGIN CERTIFICATE").unwrap();
    let end = text.find("-----END CERTIFICATE").unwrap();
    text[begin..end].to_owned()
}

#[test]
fn a_turn_certificate_is_copied_to_the_sfu_and_a_renewed_one_replaces_it() {
    let project = TestProject::initialised();
    let certs = project.path("certs");
    fs::create_dir(&certs).unwrap();
    certificates::authority(&certs);
    certificates::signed(&certs, "turn");
    let port = project.ports.turn();
    project.edit("livekit.yaml", |text| {
        text + &format!(
            "turn:\n  enabled: true\n  domain: turn.example\n  tls_port: {port}\n  \
             cert_file: certs/turn.pem\n  key_file: certs/turn-key.pem\n"
        )
    });
    let shown = project.ok(&["config", "show"]);
    for line in [
        "  cert_file: /etc/urbania/turn.cert_file # added: the SFU gets a copy of `certs/turn.pem`\n",
        "  key_file: /etc/urbania/turn.key_file # added: the SFU gets a copy of `certs/turn-key.pem`\n",
    ] {
        assert!(shown.contains(line), "{shown}");
    }
    project.ok(&["up", "livekit"]);
    let written = || fs::read_to_string(certs.join("turn.pem")).unwrap();
    assert!(written().starts_with(&shown_certificate(&project)));
    let sfu = id(&project, "livekit");
    project.ok(&["up", "livekit"]);
    assert_eq!(id(&project, "livekit"), sfu, "nothing changed");

    certificates::signed(&certs, "turn");
    project.ok(&["up", "livekit"]);
    assert_ne!(id(&project, "livekit"), sfu);
    assert!(written().starts_with(&shown_certificate(&project)));

    let sfu = id(&project, "livekit");
    fs::remove_file(certs.join("turn-key.pem")).unwrap();
    let line = project.read("livekit.yaml").lines().count();
    for args in [&["up"][..], &["config", "validate"]] {
        assert_eq!(
            project.run(args).expect(2).stderr,
            format!(
                "error: livekit.yaml:{line}:13: turn.key_file: cannot read `certs/turn-key.pem`: \
                 No such file or directory (os error 2)\n"
            )
        );
    }
    assert_eq!(id(&project, "livekit"), sfu, "it was left alone");
    // What is there can still be seen and stopped.
    assert!(project.run(&["status"]).stdout.contains("livekit"));
    project.ok(&["down"]);
}
