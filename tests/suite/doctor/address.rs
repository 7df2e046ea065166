//! Addresses that browsers do not reach.

use std::process::Command;

use serde_json::{Value, json};

use super::{check, doctor, doctor_apart, finding, findings};
use crate::support::docker::docker;
use crate::support::ports::Ports;
use crate::support::project::TestProject;
use crate::support::sfu::TestSfu;

/// Puts more under `rtc:` of livekit.yaml.
fn rtc(project: &TestProject, more: &str) {
    project.edit("livekit.yaml", |text| {
        text.replacen("rtc:\n", &format!("rtc:\n  {more}\n"), 1)
    });
}

const LAN: [&str; 5] = [
    "ip link add eth0 type veth peer name eth0p",
    "ip address add 10.9.0.5/24 dev eth0",
    "ip link set eth0 up",
    "ip link set eth0p up",
    "ip route add default via 10.9.0.1",
];

#[test]
fn an_address_that_others_do_not_reach_is_told() {
    let project = TestProject::initialised();
    let advertised = |ip: &str, says: &str| format!("the SFU advertises {ip}{says}");
    let found = findings(
        &doctor_apart(&project, "address", &LAN).expect(0),
        "address.advertised",
    );
    assert_eq!(found, [("ok".to_owned(), advertised("10.9.0.5", ""))]);
    // Without a network there is loopback alone.
    let found = finding(
        &doctor_apart(&project, "address", &[]).expect(0),
        "address.advertised",
    );
    assert_eq!(found["verdict"], "note");
    assert_eq!(
        found["message"],
        advertised("127.0.0.1", ": only browsers of this machine reach it")
    );

    let original = project.read("livekit.yaml");
    for (names, expected) in [
        ("includes: [eth0]", vec![]),
        ("includes: [eth0, wlan7]", vec![("warning", "wlan7")]),
        ("includes: [wlan7]", vec![("problem", "wlan7")]),
        ("excludes: [docker7]", vec![("note", "docker7")]),
    ] {
        rtc(&project, &format!("interfaces: {{{names}}}"));
        let found = findings(
            &doctor_apart(&project, "address", &LAN),
            "address.interfaces",
        );
        let told = |(verdict, name): (&str, &str)| {
            let message = format!("this machine has no interface `{name}`");
            (verdict.to_owned(), message)
        };
        let expected: Vec<_> = expected.into_iter().map(told).collect();
        assert_eq!(found, expected, "{names}");
        project.write("livekit.yaml", &original);
    }
    // What is there, and leaves nothing that others reach.
    for (filter, evidence) in [
        (
            "interfaces: {excludes: [eth0]}",
            "rtc.interfaces.excludes: eth0",
        ),
        (
            "ips: {includes: [192.168.0.0/16]}",
            "rtc.ips.includes: 192.168.0.0/16",
        ),
    ] {
        rtc(&project, filter);
        let found = finding(
            &doctor_apart(&project, "address", &LAN).expect(3),
            "address.interfaces",
        );
        let message = "livekit.yaml leaves the SFU no address of this machine that others reach";
        assert_eq!(found["message"], message);
        let has = "this machine has 10.9.0.5 (eth0)";
        assert_eq!(found["evidence"], json!([evidence, has]));
        project.write("livekit.yaml", &original);
    }
    let docker = [
        "ip link add docker0 type bridge",
        "ip address add 172.17.0.1/16 dev docker0",
        "ip link set docker0 up",
    ];
    let both = [&LAN[..], &docker].concat();
    rtc(&project, "interfaces: {includes: [docker0]}");
    let found = finding(
        &doctor_apart(&project, "address", &both).expect(3),
        "address.interfaces",
    );
    assert_eq!(found["evidence"][0], "rtc.interfaces.includes: docker0");
    for (ip, says) in [
        (
            "172.17.0.1",
            ", an address of `docker0`, which other machines do not reach",
        ),
        ("192.168.77.7", ", which this machine does not have"),
        (
            "fe80::1",
            ", a link-local address: browsers send no media to one",
        ),
    ] {
        project.write("livekit.yaml", &original);
        rtc(&project, &format!("node_ip: {ip}"));
        let found = finding(
            &doctor_apart(&project, "address", &both).expect(3),
            "address.advertised",
        );
        assert_eq!(found["message"], advertised(ip, says));
        assert_eq!(
            found["fix"][0],
            "take rtc.node_ip out of livekit.yaml, then `urbania up`"
        );
    }
}

#[test]
fn an_address_that_has_changed_is_mended_by_a_restart() {
    let project = TestProject::initialised();
    let blind = check(&doctor(&project, "address"), "address.changed");
    assert_eq!(blind["not_looked"], "the SFU does not run");
    project.ok(&["up", "livekit"]);
    assert_eq!(
        findings(&doctor(&project, "address").expect(0), "address.changed"),
        []
    );
    // The machine moves to another network.
    let found = finding(
        &doctor_apart(&project, "address", &LAN).expect(3),
        "address.changed",
    );
    let message = found["message"].as_str().unwrap();
    assert!(
        message.ends_with(", and this machine is 10.9.0.5 now"),
        "{message}"
    );

    // The SFU has an address of another network.
    let original = project.read("livekit.yaml");
    rtc(&project, "node_ip: 10.9.0.5");
    project.ok(&["up", "livekit"]);
    project.write("livekit.yaml", &original);
    let found = finding(&doctor(&project, "address").expect(3), "address.changed");
    let message = found["message"].as_str().unwrap();
    assert!(
        message.starts_with("the SFU advertises 10.9.0.5, and this machine is "),
        "{message}"
    );
    let fixed = project
        .run(&["doctor", "--only", "address", "--fix", "--yes"])
        .expect(0);
    let plan = "this will be done:\n  1. restart the SFU, which ends its calls (urbania restart livekit)\n";
    assert!(fixed.stderr.starts_with(plan), "{}", fixed.stderr);
    assert_eq!(
        findings(&doctor(&project, "address").expect(0), "address.changed"),
        []
    );
}

#[test]
fn a_container_that_does_not_reach_the_sfu_is_told() {
    let project = TestProject::initialised();
    project.ok(&["up", "mongodb", "livekit"]);
    let run = doctor(&project, "address").expect(0);
    assert_eq!(findings(&run, "address.container"), []);
    assert_eq!(check(&run, "address.container")["not_looked"], Value::Null);
    // Nothing that comes back is let into the container.
    let container = format!("urbania-{}-mongodb", project.name);
    let pid = docker(&["inspect", &container, "--format", "{{.State.Pid}}"]);
    for rule in [
        "add table inet t",
        "add chain inet t in { type filter hook input priority 0; policy drop; }",
    ] {
        let mut inside = Command::new("nsenter");
        inside.args(["--net", "--target", &pid[0], "nft"]);
        assert!(
            inside.args(rule.split(' ')).status().unwrap().success(),
            "{rule}"
        );
    }
    let found = finding(&doctor(&project, "address").expect(0), "address.container");
    assert_eq!(found["verdict"], "warning");
    assert_eq!(
        found["message"],
        format!("containers do not reach the SFU: tried from inside `{container}`")
    );
    let ip = urbania::host::address::node_ip();
    let (signalling, media) = (project.ports.livekit(), project.ports.rtc_tcp());
    let says = |port| format!("{ip}:{port}: nothing comes back");
    assert_eq!(found["evidence"], json!([says(signalling), says(media)]));
}

#[test]
fn the_address_that_browsers_are_told_is_asked() {
    let project = TestProject::initialised();
    project.ok(&["up", "livekit"]);
    assert_eq!(
        findings(&doctor(&project, "address").expect(0), "address.url"),
        []
    );
    project.settings("livekit_url: ws://127.0.0.1:1\n");
    let found = finding(&doctor(&project, "address").expect(3), "address.url");
    assert_eq!(
        found["message"],
        "browsers are told `ws://127.0.0.1:1`, and no SFU of this project answers there"
    );
    assert!(
        found["evidence"][0].as_str().unwrap().contains("refused"),
        "{found}"
    );

    // Something answers, which is no SFU: the API.
    let alone = "services: {mongodb: {enabled: false}}\n";
    project.settings(alone);
    project.ok(&["up", "api"]);
    let api = format!("127.0.0.1:{}", project.ports.api());
    project.settings(&format!("{alone}livekit_url: ws://{api}\n"));
    let found = finding(&doctor(&project, "address").expect(3), "address.url");
    assert_eq!(
        found["message"],
        format!("browsers are told `ws://{api}`, and no SFU of this project answers there")
    );
    assert_eq!(found["evidence"][0], "it answers 404, not as an SFU does");

    // An SFU that refuses the pair here as there has the right address.
    let good = project.read("livekit.yaml");
    let (_, secret) = super::keys::pair(&project);
    let other = secret.chars().rev().collect::<String>();
    project.write("livekit.yaml", &good.replace(&secret, &other));
    let blind = check(&doctor(&project, "address"), "address.url");
    assert_eq!(
        blind["not_looked"],
        "the SFU that runs refuses the project's pair"
    );
    project.write("livekit.yaml", &good);

    // This machine by another name than loopback.
    let own = urbania::host::address::node_ip();
    project.settings(&format!(
        "livekit_url: ws://{own}:{}\n",
        project.ports.livekit()
    ));
    let found = finding(&doctor(&project, "address").expect(0), "address.url");
    assert_eq!(found["verdict"], "note");
}

#[tokio::test]
async fn stun_servers_are_asked_as_livekit_would_ask_them() {
    let ports = Ports::take();
    // LiveKit's own TURN server answers binding requests.
    let turn = ports.turn();
    let config = format!("turn: {{enabled: true, udp_port: {turn}}}\n");
    let _sfu = TestSfu::start_on(ports, None, &config).await;
    let project = TestProject::initialised();
    let original = project.read("livekit.yaml");
    assert_eq!(findings(&doctor(&project, "address"), "address.stun"), []);
    rtc(
        &project,
        &format!("use_external_ip: true\n  stun_servers: ['127.0.0.1:{turn}']"),
    );
    let found = findings(&doctor(&project, "address").expect(0), "address.stun");
    let says = "STUN says that this machine is 127.0.0.1".to_owned();
    assert_eq!(found, [("ok".to_owned(), says)]);

    project.write("livekit.yaml", &original);
    rtc(
        &project,
        "use_external_ip: true\n  stun_servers: ['127.0.0.1:1', 'nowhere.invalid:1']",
    );
    let found = finding(&doctor(&project, "address").expect(3), "address.stun");
    assert_eq!(found["evidence"][0], "127.0.0.1:1: no answer");
    assert_eq!(found["evidence"][1], "nowhere.invalid:1: no such host");
}
