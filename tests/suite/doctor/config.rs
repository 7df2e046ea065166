//! Files that are wrong, doubtful, or not what runs.

use std::fs;

use super::{check, doctor, finding, findings};
use crate::config::Folder;
use crate::support::certificates;
use crate::support::project::{Run, TestProject};

const KEYS: &str = "keys: {APIone: aaaaaaaaaabbbbbbbbbbccccccccccdd}\n";

fn of(livekit: &str) -> Run {
    let folder = Folder::with(&[("livekit.yaml", &format!("{KEYS}{livekit}"))]);
    folder.run(&["doctor", "--only", "config", "-o", "json"])
}

#[test]
fn files_that_cannot_be_used_are_told_line_by_line() {
    let run = of("rtc: {port_range_strt: 1}\nwebhook: {api_key: nobody, urls: ['http://a/']}\n")
        .expect(3);
    let found = finding(&run, "config.files");
    assert_eq!(found["message"], "the project's files cannot be used");
    let evidence: Vec<&str> = found["evidence"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e.as_str().unwrap())
        .collect();
    assert_eq!(evidence.len(), 2, "{evidence:?}");
    assert!(
        evidence[0].contains("did you mean `port_range_start`?"),
        "{evidence:?}"
    );
    assert!(evidence[1].contains("webhook.api_key: not the name of a key under `keys`"));
    // Nothing else can look.
    let blind = check(&run, "config.doubts");
    assert_eq!(
        blind["not_looked"],
        "there is no project whose files can be read"
    );

    let folder = Folder::with(&[]);
    let run = folder
        .run(&["doctor", "--only", "config", "-o", "json"])
        .expect(0);
    let found = finding(&run, "config.files");
    assert_eq!(
        (&found["verdict"], &found["fix"][0]),
        (&"note".into(), &"urbania init".into())
    );
}

#[test]
fn livekit_yaml_is_judged_for_the_release_of_the_image() {
    let of = |image: &str| {
        let folder = Folder::with(&[
            ("livekit.yaml", &format!("{KEYS}node_stats: {{}}\n")),
            ("urbania.yaml", &format!("images: {{livekit: '{image}'}}\n")),
        ]);
        folder.run(&["doctor", "--only", "config", "-o", "json"])
    };
    let run = of("livekit/livekit-server:v1.8.4").expect(3);
    assert_eq!(
        finding(&run, "config.files")["evidence"][0],
        "livekit.yaml:2:1: node_stats: came with LiveKit 1.9.0; this is 1.8.4"
    );
    assert_eq!(
        findings(&of("livekit/livekit-server").expect(0), "config.doubts"),
        [(
            "note".to_owned(),
            "livekit.yaml is judged as LiveKit 1.13.6 does, the newest release that is known; \
             the image does not say of which it is"
                .to_owned()
        )]
    );
}

#[test]
fn settings_that_beat_each_other_are_told() {
    assert_eq!(findings(&of("").expect(0), "config.doubts"), []);
    let run = of(
        "rtc: {port_range_start: 50000, port_range_end: 60000, udp_port: 7882, use_external_ip: true, \
         node_ip: 192.0.2.1}\n",
    );
    let found = findings(&run.expect(0), "config.doubts");
    let warning = |text: &str| ("warning".to_owned(), format!("livekit.yaml{text}"));
    assert_eq!(
        found,
        [
            warning(
                ":2:55: rtc.udp_port: without effect: the range of rtc.port_range_start beats it"
            ),
            warning(
                ":2:71: rtc.use_external_ip: LiveKit asks public STUN servers at every start and does \
                 not start without an answer"
            ),
            warning(":2:94: rtc.node_ip: without effect: rtc.use_external_ip beats it"),
        ]
    );
}

#[test]
fn secrets_that_others_can_read_are_told_with_the_command_that_closes_them() {
    let project = TestProject::initialised();
    assert_eq!(
        findings(&doctor(&project, "config").expect(0), "config.doubts"),
        []
    );
    let mode = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o644);
    fs::set_permissions(project.path("livekit.yaml"), mode).unwrap();
    let found = finding(&doctor(&project, "config").expect(0), "config.doubts");
    assert_eq!(found["fix"][0], "chmod 600 livekit.yaml");
}

#[test]
fn a_service_that_runs_with_older_files_is_told_until_up() {
    let project = TestProject::initialised();
    project.ok(&["up", "livekit"]);
    assert_eq!(
        findings(&doctor(&project, "config").expect(0), "config.stale"),
        []
    );
    project.edit("livekit.yaml", |text| {
        text.replace("max_participants: 100", "max_participants: 99")
    });
    let found = finding(&doctor(&project, "config").expect(0), "config.stale");
    assert_eq!(
        found["message"],
        "`livekit` runs with what its files said before"
    );
    assert_eq!(found["fix"][0], "urbania up");
    project.ok(&["up", "livekit"]);
    assert_eq!(
        findings(&doctor(&project, "config").expect(0), "config.stale"),
        []
    );
}

#[test]
fn turn_that_does_not_relay_to_its_own_sfu_is_told() {
    let turn = |more: &str| {
        let run = of(&format!(
            "rtc: {{node_ip: 192.168.1.5}}\nturn: {{enabled: true, udp_port: 3478{more}}}\n"
        ));
        findings(&run.expect(0), "config.turn-peers")
    };
    let message = "TURN does not relay to the SFU's own address, 192.168.1.5";
    assert_eq!(turn(""), [("warning".to_owned(), message.to_owned())]);
    assert_eq!(turn(", allow_restricted_peer_cidrs: [192.168.0.0/16]"), []);
}

#[test]
fn the_certificate_of_turn_is_read_and_judged() {
    let project = TestProject::initialised();
    let certs = project.path("certs");
    fs::create_dir(&certs).unwrap();
    certificates::authority(&certs);
    certificates::signed(&certs, "turn");
    let original = project.read("livekit.yaml");
    let with_domain = |domain: &str| {
        let port = project.ports.turn();
        let turn = format!(
            "turn: {{enabled: true, domain: {domain}, tls_port: {port}, cert_file: certs/turn.pem, \
             key_file: certs/turn-key.pem}}\n"
        );
        project.write("livekit.yaml", &(original.clone() + &turn));
    };
    with_domain("turn.example");
    // The certificates of the tests are valid for two days.
    let found = finding(
        &doctor(&project, "config").expect(0),
        "config.turn-certificate",
    );
    assert_eq!(found["verdict"], "warning");
    assert!(
        found["message"]
            .as_str()
            .unwrap()
            .starts_with("`certs/turn.pem` expires at ")
    );

    let args = ["doctor", "--only", "config", "-o", "json"];
    let later = Run::of(
        &args,
        &super::at("+3days", &project.command(&args))
            .output()
            .unwrap(),
    );
    let found = finding(&later.expect(3), "config.turn-certificate");
    assert!(
        found["message"]
            .as_str()
            .unwrap()
            .starts_with("`certs/turn.pem` expired at ")
    );

    with_domain("other.example");
    let found = findings(
        &doctor(&project, "config").expect(3),
        "config.turn-certificate",
    );
    let other = "`certs/turn.pem` is not for turn.domain, `other.example`".to_owned();
    assert!(found.contains(&("problem".to_owned(), other)), "{found:?}");

    certificates::signed_for(&certs, "turn", "90");
    with_domain("turn.example");
    let good = doctor(&project, "config").expect(0);
    assert_eq!(findings(&good, "config.turn-certificate"), []);

    certificates::nameless(&certs, "turn");
    let found = finding(
        &doctor(&project, "config").expect(3),
        "config.turn-certificate",
    );
    let evidence = found["evidence"][0].as_str().unwrap();
    assert!(
        evidence.starts_with("it names nobody (no subjectAltName)"),
        "{found}"
    );
}

#[test]
fn variables_that_livekit_would_obey_are_told() {
    let folder = Folder::with(&[("livekit.yaml", KEYS), (".env", "REDIS_HOST=redis:6379\n")]);
    let args = ["doctor", "--only", "config", "-o", "json"];
    let run = folder.run_with(&[("NODE_IP", "10.0.0.1")], &args).expect(0);
    let told = |place: &str, name: &str| {
        let text =
            format!("{place} has {name}, which a `livekit-server` started by hand would obey");
        ("note".to_owned(), text)
    };
    assert_eq!(
        findings(&run, "config.leaks"),
        [
            told("the environment", "NODE_IP"),
            told(".env", "REDIS_HOST")
        ]
    );
    assert_eq!(findings(&of("").expect(0), "config.leaks"), []);
}
