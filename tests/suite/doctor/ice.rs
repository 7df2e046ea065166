//! Media's way to the SFU: a real one, in networks that do not let it through.

use std::path::Path;

use serde_json::Value;

use super::{check, doctor, doctor_apart, finding, findings};
use crate::support::certificates;
use crate::support::engine::programs;
use crate::support::project::{Run, TestProject};

const CODE: &str = "ice.media";

/// The address of the machine in its own network.
const HERE: &str = "10.77.0.1";

/// A project whose SFU offers `node_ip`, without the parts that need an engine.
fn project(node_ip: &str) -> TestProject {
    let project = TestProject::initialised();
    project.edit("livekit.yaml", |text| {
        text.replace("\nrtc:\n", &format!("\nrtc:\n  node_ip: {node_ip}\n"))
    });
    project
}

/// The doctor in a network with one interface, where an SFU runs with the config at `config`.
fn examined(project: &TestProject, config: &Path, more: &[&str]) -> Run {
    let start = format!(
        "setpriv --pdeathsig KILL {} --config {} >{} 2>&1 &",
        programs().join("livekit-server").display(),
        config.display(),
        project.path("sfu.log").display()
    );
    let port = project.ports.livekit();
    let wait = format!(
        "timeout 20 sh -c \"until ss -ltnH 'sport = :{port}' | grep -q .; do sleep 0.05; done\""
    );
    let address = format!("ip addr add {HERE}/24 dev d0");
    let network = [
        "ip link add d0 type veth peer name d1",
        &address,
        "ip link set d0 up",
        "ip link set d1 up",
        // Without it packets leave for where nobody is, as they do elsewhere.
        "ip route add default dev d0",
        &start,
        &wait,
    ];
    let lines = [&network, more].concat();
    // On a busy machine it may find that there was no time; a fresh SFU takes some, too.
    let mut runs = (0..10).map(|_| doctor_apart(project, "ice", &lines));
    let looked = |run: &Run| check(run, CODE)["not_looked"].is_null();
    runs.find(looked).expect("time enough to look")
}

fn evidence(finding: &Value) -> Vec<&str> {
    let lines = finding["evidence"].as_array().unwrap().iter();
    lines.map(|line| line.as_str().unwrap()).collect()
}

#[test]
fn media_that_reaches_the_sfu_both_ways_is_well() {
    let project = project(HERE);
    let run = examined(&project, &project.path("livekit.yaml"), &[]).expect(0);
    let finding = finding(&run, CODE);
    assert_eq!(finding["verdict"], "ok", "{finding}");
    let evidence = evidence(&finding).join("\n");
    for beginning in [
        format!("udp {HERE}:"),
        format!(
            "tcp {HERE}:{} (host): answered in ",
            project.ports.rtc_tcp()
        ),
        format!("udp: from {HERE}:"),
    ] {
        assert!(evidence.contains(&beginning), "{evidence}");
    }
}

#[test]
fn a_firewall_that_drops_udp_leaves_tcp() {
    let project = project(HERE);
    let rules = [
        "nft add table inet t",
        "nft add chain inet t in '{ type filter hook input priority 0; }'",
        "nft add rule inet t in meta l4proto udp drop",
    ];
    let run = examined(&project, &project.path("livekit.yaml"), &rules).expect(0);
    let finding = finding(&run, CODE);
    assert_eq!(finding["verdict"], "warning", "{finding}");
    assert_eq!(
        finding["message"],
        "UDP blocked, TCP works: media takes TCP, and stutters where packets get lost"
    );
    let evidence = evidence(&finding);
    let silent = evidence.iter().filter(|line| line.starts_with("udp 10.77"));
    assert!(silent.count() > 0, "{evidence:?}");
    let (first, last) = project.ports.udp_range();
    let fix = finding["fix"][0].as_str().unwrap();
    assert!(fix.contains(&format!("{first}-{last}/udp")), "{fix}");
}

#[test]
fn turn_servers_are_asked_for_a_relay_to_the_sfu() {
    const TURN: &str = "ice.turn";
    let project = project(HERE);
    let original = project.read("livekit.yaml");
    let port = project.ports.turn();
    let with = |more: &str, lines: &[&str]| {
        let turn = format!("turn: {{enabled: true, udp_port: {port}{more}}}\n");
        project.write("livekit.yaml", &(original.clone() + &turn));
        examined(&project, &project.path("livekit.yaml"), lines)
    };
    let url = format!("`turn:{HERE}:{port}`");
    let useless = format!("TURN is of no use: {url}");

    let run = with("", &[]).expect(0);
    // What a library has to say about it is no news.
    assert_eq!(run.stderr, "");
    let refused = finding(&run, TURN);
    assert_eq!(refused["message"], useless);
    let why = format!("it gives a relay, but lets nothing through to the SFU at {HERE}");
    assert_eq!(evidence(&refused), [why.as_str()]);
    assert_eq!(
        refused["fix"][0],
        format!(
            "livekit.yaml: turn: {{allow_restricted_peer_cidrs: [{HERE}/32]}}, then `urbania up`"
        )
    );

    // As the fix says.
    let allowed = format!(", allow_restricted_peer_cidrs: [{HERE}/32]");
    let found = findings(&with(&allowed, &[]).expect(0), TURN);
    assert_eq!(found[0].0, "ok", "{found:?}");
    assert!(
        found[0]
            .1
            .starts_with(&format!("{url} relays to the SFU, from {HERE}:")),
        "{found:?}"
    );

    let closed = format!("nft add rule inet t in udp dport {port} drop");
    let rules = [
        "nft add table inet t",
        "nft add chain inet t in '{ type filter hook input priority 0; }'",
        &closed,
    ];
    let silent = finding(&with(&allowed, &rules).expect(3), TURN);
    assert_eq!(silent["message"], useless);
    assert_eq!(evidence(&silent), ["no answer"]);
}

#[test]
fn turn_servers_are_asked_over_tls_and_tcp_as_browsers_would() {
    const TURN: &str = "ice.turn";
    let project = project(HERE);
    let original = project.read("livekit.yaml");
    let certs = project.path("certs");
    std::fs::create_dir(&certs).unwrap();
    certificates::authority(&certs);
    certificates::signed(&certs, "turn");
    let shown = certs.display();
    let of = |livekit: &str, turn: &str, more: &[&str]| {
        let turn = format!(
            "turn: {{enabled: true, domain: turn.example, allow_restricted_peer_cidrs: [{HERE}/32], {turn}}}\n"
        );
        project.write("livekit.yaml", &(livekit.to_owned() + &turn));
        let hosts = format!("printf '{HERE} turn.example\\n' >hosts");
        let lines = [&[&*hosts, "mount --bind hosts /etc/hosts"], more].concat();
        examined(&project, &project.path("livekit.yaml"), &lines)
    };
    let files = format!("cert_file: {shown}/turn.pem, key_file: {shown}/turn-key.pem");
    let url = "`turns:turn.example:443`";
    let useless = format!("TURN is of no use: {url}");

    // LiveKit names port 443, whatever port it has itself.
    let trusted = format!("export SSL_CERT_FILE={shown}/ca.pem");
    let own = format!("tls_port: 443, {files}");
    let found = findings(&of(&original, &own, &[&trusted]).expect(0), TURN);
    assert_eq!(found[0].0, "ok", "{found:?}");
    let says = format!("{url} relays to the SFU, from {HERE}:");
    assert!(found[0].1.starts_with(&says), "{found:?}");

    let unknown = finding(&of(&original, &own, &[]).expect(3), TURN);
    assert_eq!(unknown["message"], useless);
    let why = evidence(&unknown)[0];
    assert!(why.starts_with("TLS fails: invalid peer cert"), "{why}");

    // Nobody brings browsers from 443 to another port; and a server that does not know the credentials.
    let port = project.ports.turn();
    let servers = format!(
        "rtc:\n  turn_servers: [{{host: {HERE}, port: {port}, protocol: tcp, username: u, credential: c}}]\n"
    );
    let foreign = original.replacen("rtc:\n", &servers, 1);
    let plain = format!("external_tls: true, tls_port: {port}");
    let run = of(&foreign, &plain, &[]).expect(3);
    let mut found = findings(&run, TURN);
    found.sort();
    assert_eq!(
        found,
        [
            (
                "problem".to_owned(),
                format!("TURN is of no use: `turn:{HERE}:{port}` over TCP")
            ),
            ("warning".to_owned(), useless + " from here"),
        ]
    );
    let all = check(&run, TURN)["findings"].to_string();
    assert!(
        all.contains("it refuses a relay to the credentials"),
        "{all}"
    );
    assert!(all.contains("bring port 443 of that name"), "{all}");
}

#[test]
fn an_address_that_nobody_reaches_is_named_with_one_to_take() {
    let project = project("10.88.0.1");
    let run = examined(&project, &project.path("livekit.yaml"), &[]).expect(3);
    let finding = finding(&run, CODE);
    assert_eq!(
        finding["message"],
        "media cannot reach the SFU: it offers `10.88.0.1`, which answers neither over UDP nor over TCP"
    );
    let fix = finding["fix"][0].as_str().unwrap();
    assert!(
        fix.starts_with("set `rtc.node_ip` in livekit.yaml"),
        "{fix}"
    );
}

#[test]
fn an_sfu_with_another_secret_refuses_the_projects_pair() {
    let project = project(HERE);
    let text = project.read("livekit.yaml");
    let is_key = |line: &&str| line.trim_start().starts_with("API");
    let line = text.lines().find(is_key).unwrap();
    let (key, _) = line.trim().split_once(':').unwrap();
    let other = format!("  {key}: another-secret-of-thirty-two-characters");
    project.write("other.yaml", &text.replace(line, &other));
    let run = examined(&project, &project.path("other.yaml"), &[]).expect(3);
    let findings = findings(&run, CODE);
    let refused = format!("the SFU refuses the key pair `{key}` of livekit.yaml: ");
    assert_eq!(findings.len(), 1);
    assert!(findings[0].1.starts_with(&refused), "{findings:?}");
}

#[test]
fn without_an_sfu_nothing_is_said_of_media() {
    let project = TestProject::initialised();
    let check = check(&doctor(&project, "ice").expect(0), CODE);
    let why = check["not_looked"].as_str().unwrap();
    assert!(why.starts_with("no SFU answers at http://"), "{why}");
}
