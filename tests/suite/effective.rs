//! What is added to `livekit.yaml` for the machine that it runs on.

use std::net::IpAddr;

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use urbania::config::{Effective, EngineKind, Machine, NetworkMode, PortUse, Project, effective};
use urbania::context::Env;
use urbania::host::sockets::Protocol;

use crate::config::Folder;

const KEYS: &str = "keys: {APIone: aaaaaaaaaabbbbbbbbbbccccccccccdd}\n";

fn of(yaml: &str, network: NetworkMode, node_ip: &str, webhook: Option<&str>) -> Effective {
    let folder = Folder::with(&[("livekit.yaml", &format!("{KEYS}{yaml}"))]);
    let project = Project::load_from(folder.path(), &Env::default()).unwrap();
    let machine = Machine {
        engine: EngineKind::Docker,
        network,
        node_ip: node_ip.parse::<IpAddr>().unwrap(),
        webhook_url: webhook.map(Into::into),
    };
    effective(&project, &machine)
}

fn added(effective: &Effective) -> Vec<(&str, Value)> {
    let additions = effective.additions.iter();
    additions
        .map(|a| (a.path.as_str(), a.value.clone()))
        .collect()
}

fn media(effective: &Effective) -> (u16, u16) {
    let ports = effective.ports.iter();
    let mut media = ports.filter(|p| p.protocol == Protocol::Udp);
    let port = media.next().unwrap();
    (port.first, port.last)
}

#[test]
fn on_the_hosts_network_only_the_address_is_added() {
    let effective = of("", NetworkMode::Host, "192.0.2.7", None);
    assert_eq!(added(&effective), [("rtc.node_ip", json!("192.0.2.7"))]);
    assert_eq!(media(&effective), (50000, 60000));
}

#[test]
fn an_address_of_the_file_is_never_replaced() {
    for yaml in ["rtc: {node_ip: 192.0.2.1}", "rtc: {use_external_ip: true}"] {
        let effective = of(yaml, NetworkMode::Host, "192.0.2.7", None);
        assert_eq!(added(&effective), [], "{yaml}");
    }
}

#[test]
fn a_loopback_address_needs_loopback_candidates_on_the_hosts_network_alone() {
    let host = of("", NetworkMode::Host, "127.0.0.1", None);
    assert_eq!(
        added(&host)[1],
        ("rtc.enable_loopback_candidate", json!(true))
    );
    let published = of("", NetworkMode::Published, "127.0.0.1", None);
    assert_eq!(
        added(&published),
        [
            ("rtc.node_ip", json!("127.0.0.1")),
            ("rtc.udp_port", json!(7882))
        ]
    );
}

#[test]
fn published_ports_have_one_udp_port_in_place_of_the_range() {
    let yaml = "rtc: {node_ip: 192.0.2.1, port_range_start: 50000, port_range_end: 50100}";
    let effective = of(yaml, NetworkMode::Published, "192.0.2.7", None);
    assert_eq!(added(&effective), [("rtc.udp_port", json!(7882))]);
    assert_eq!(media(&effective), (7882, 7882));
    let yaml = effective.yaml.expose_secret();
    assert!(!yaml.contains("port_range"), "{yaml}");
    let own = of(
        "rtc: {udp_port: 9000-9003}",
        NetworkMode::Published,
        "192.0.2.7",
        None,
    );
    assert_eq!(media(&own), (9000, 9003));
    assert_eq!(own.additions.len(), 1);
}

#[test]
fn published_ports_are_bound_everywhere_inside_and_where_the_user_said_outside() {
    let yaml = "bind_addresses: [127.0.0.1]\nrtc: {node_ip: 192.0.2.1, udp_port: 7882}";
    let effective = of(yaml, NetworkMode::Published, "192.0.2.7", None);
    assert_eq!(added(&effective), [("bind_addresses", json!(["0.0.0.0"]))]);
    let of_media = |ports: &&PortUse| ports.purpose.starts_with("media");
    let (media, rest): (Vec<_>, Vec<_>) = effective.ports.iter().partition(of_media);
    assert!(media.iter().all(|ports| ports.addresses.is_empty()));
    let here: IpAddr = "127.0.0.1".parse().unwrap();
    assert!(rest.iter().all(|ports| ports.addresses == [here]));
    let effective = of(yaml, NetworkMode::Host, "192.0.2.7", None);
    assert_eq!(added(&effective), []);
}

#[test]
fn room_events_go_to_the_api_beside_the_users_own_addresses() {
    let url = "http://127.0.0.1:8000/api/livekit/webhook";
    let yaml = "rtc: {node_ip: 192.0.2.1}\nwebhook: {api_key: APIone, urls: ['http://mine']}";
    let effective = of(yaml, NetworkMode::Host, "192.0.2.7", Some(url));
    assert_eq!(
        added(&effective),
        [("webhook.urls", json!(["http://mine", url]))]
    );
    let effective = of("", NetworkMode::Host, "192.0.2.7", Some(url));
    assert_eq!(added(&effective)[1], ("webhook.api_key", json!("APIone")));
    let yaml = "rtc: {node_ip: 192.0.2.1}\nwebhook: {urls: ['http://mine']}";
    let effective = of(yaml, NetworkMode::Host, "192.0.2.7", None);
    assert_eq!(
        added(&effective),
        [("webhook.api_key", json!("APIone"))],
        "somebody's own addresses alone"
    );
}

#[test]
fn every_port_that_the_sfu_binds_is_listed() {
    let yaml = "port: 1\nprometheus: {port: 3}\nrtc: {tcp_port: 2}\n\
                turn: {enabled: true, udp_port: 4, tls_port: 5, domain: a.b, external_tls: true}";
    let effective = of(yaml, NetworkMode::Host, "192.0.2.7", None);
    let ports = effective.ports.iter().map(|p| (p.first, p.purpose));
    assert_eq!(
        ports.collect::<Vec<_>>(),
        [
            (1, "signalling"),
            (2, "media over TCP"),
            (50000, "media"),
            (3, "metrics"),
            (4, "TURN"),
            (5, "TURN over TLS"),
        ]
    );
}
