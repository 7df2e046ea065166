//! The address of this machine, in network namespaces of every kind.

use std::process::Command;

use urbania::host::address::node_ip;

/// Prints the address for the tests below.
#[test]
fn print_node_ip() {
    println!("node_ip={}", node_ip());
}

/// The address in a new network namespace after these commands of `ip`.
fn node_ip_after(commands: &[&str]) -> String {
    let mut script = vec!["set -e".to_owned()];
    script.extend(commands.iter().map(|command| format!("ip {command}")));
    script.push("exec \"$0\" --exact address::print_node_ip --nocapture".to_owned());
    let output = Command::new("unshare")
        .args(["--net", "--mount", "sh", "-c", &script.join("\n")])
        .arg(std::env::current_exe().unwrap())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let found = text.split_once("node_ip=").map(|(_, rest)| rest);
    found
        .and_then(|rest| rest.split_whitespace().next())
        .unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)))
        .to_owned()
}

const DOCKER: [&str; 5] = [
    "link add veth1 type veth peer name veth2",
    "link add docker0 type bridge",
    "link set veth1 master docker0 up",
    "address add 172.17.0.1/16 dev docker0",
    "link set docker0 up",
];
const LAN: [&str; 4] = [
    "link add eth0 type veth peer name eth0p",
    "address add 10.9.0.5/24 dev eth0",
    "link set eth0 up",
    "link set eth0p up",
];

#[test]
fn without_a_network_it_is_loopback() {
    assert_eq!(node_ip_after(&[]), "127.0.0.1");
    assert_eq!(node_ip_after(&["link set lo up"]), "127.0.0.1");
}

#[test]
fn the_bridge_of_a_container_engine_does_not_count() {
    assert_eq!(node_ip_after(&DOCKER), "127.0.0.1");
    let both = [&DOCKER[..], &LAN].concat();
    assert_eq!(node_ip_after(&both), "10.9.0.5");
}

#[test]
fn the_default_route_decides() {
    let lan2 = [
        "link add eth1 type veth peer name eth1p",
        "address add 192.168.7.2/24 dev eth1",
        "link set eth1 up",
        "link set eth1p up",
        "route add default via 192.168.7.1",
    ];
    let all = [&DOCKER[..], &LAN, &lan2].concat();
    assert_eq!(node_ip_after(&all), "192.168.7.2");
}

#[test]
fn a_machine_with_ipv6_alone_has_an_ipv6_address() {
    let v6 = [
        "link add eth0 type veth peer name eth0p",
        "link set eth0 up",
        "link set eth0p up",
        "address add fd12:3456::2/64 dev eth0 nodad",
        "-6 route add default via fd12:3456::1",
    ];
    assert_eq!(node_ip_after(&v6), "fd12:3456::2");
}
