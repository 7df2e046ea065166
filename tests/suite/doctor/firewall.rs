//! Firewalls that keep others out, as their own programs write them.

use std::iter::once;

use super::{check, doctor_apart};
use crate::support::project::TestProject;

/// A project and what its firewall is to do.
struct Closed {
    project: TestProject,
    /// What the ports are shown as: signalling, media over TCP, media.
    all: [String; 3],
}

impl Closed {
    fn new() -> Self {
        let project = TestProject::initialised();
        let (signalling, tcp) = (project.ports.livekit(), project.ports.rtc_tcp());
        let (first, last) = project.ports.udp_range();
        let all = [
            format!("{signalling}/tcp, signalling"),
            format!("{tcp}/tcp, media over TCP"),
            format!("{first}-{last}/udp, media"),
        ];
        Self { project, all }
    }

    /// Which ports are closed after these lines of a shell, and the ways to open them.
    fn after(&self, lines: &[String]) -> (Vec<String>, Vec<String>) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let run = doctor_apart(&self.project, "machine", &lines).expect(0);
        let check = check(&run, "machine.firewall");
        assert!(check["not_looked"].is_null(), "{check}");
        let (mut ports, mut fixes) = (Vec::new(), Vec::new());
        for finding in check["findings"].as_array().unwrap() {
            let message = finding["message"].as_str().unwrap();
            let rest = message.strip_prefix("the firewall keeps other machines from ");
            ports.push(rest.unwrap().to_owned());
            let of_it = finding["fix"].as_array().unwrap().iter();
            fixes.extend(of_it.map(|fix| fix.as_str().unwrap().to_owned()));
        }
        (ports, fixes)
    }

    fn ports(&self, lines: &[String]) -> Vec<String> {
        self.after(lines).0
    }

    /// These lines close everything, and what the findings say opens it.
    fn and_opened_by_the_fixes(&self, lines: &[String]) {
        self.ports_and_fixes_open(lines, &self.all);
    }

    /// These lines close these ports, and what the findings say opens them.
    fn ports_and_fixes_open(&self, lines: &[String], expected: &[String]) {
        let (ports, fixes) = self.after(lines);
        assert_eq!(ports, expected, "{lines:?}");
        let typed = fixes.iter().map(|fix| fix.replace("sudo ", ""));
        let opened: Vec<String> = lines.iter().cloned().chain(typed).collect();
        assert_eq!(self.ports(&opened), [""; 0], "{opened:?}");
    }
}

/// A table with a chain that sees incoming packets, with this policy and these rules.
fn nft(table: &str, policy: &str, rules: &[String]) -> Vec<String> {
    let chain = format!("{{ type filter hook input priority 0; policy {policy}; }}");
    let lines = [
        format!("nft add table inet {table}"),
        format!("nft 'add chain inet {table} input {chain}'"),
    ];
    let rules = rules.iter();
    let rules = rules.map(|rule| format!("nft 'add rule inet {table} input {rule}'"));
    lines.into_iter().chain(rules).collect()
}

fn owned(lines: &[&str]) -> Vec<String> {
    lines.iter().copied().map(Into::into).collect()
}

#[test]
fn rules_of_nftables_are_followed_port_by_port() {
    let closed = Closed::new();
    let ports = &closed.project.ports;
    let (signalling, tcp, (first, last)) = (ports.livekit(), ports.rtc_tcp(), ports.udp_range());
    let media = &closed.all[2..];
    let usual = owned(&["iifname lo accept", "ct state established,related accept"]);
    let with = |more: &[String]| [&usual, more].concat();
    let of_tcp = format!("tcp dport {{ {signalling}, {tcp} }} accept");
    let of_udp = format!("udp dport {first}-{last} accept");

    assert_eq!(closed.ports(&[]), [""; 0]);
    closed.and_opened_by_the_fixes(&nft("filter", "drop", &usual));
    let tcp_alone = with(std::slice::from_ref(&of_tcp));
    assert_eq!(closed.ports(&nft("filter", "drop", &tcp_alone)), media);
    let open = with(&[of_tcp.clone(), of_udp]);
    assert_eq!(closed.ports(&nft("filter", "drop", &open)), [""; 0]);
    // A rule that keeps out what the policy would let in, also half of a range.
    let half = [format!(
        "meta l4proto udp udp dport {}-65535 drop",
        first + 5
    )];
    assert_eq!(closed.ports(&nft("filter", "accept", &half)), media);
    // In the middle of it, where both ends are open.
    let (begin, end) = (first + 3, first + 5);
    let middle = nft(
        "filter",
        "accept",
        &[format!("udp dport {begin}-{end} drop")],
    );
    closed.ports_and_fixes_open(&middle, media);
    let around = format!(
        "udp dport {{ {first}-{}, {}-{last} }} accept",
        begin - 1,
        end + 1
    );
    let with_a_gap = with(&[of_tcp.clone(), around]);
    assert_eq!(closed.ports(&nft("filter", "drop", &with_a_gap)), media);
    // Through another chain, and refused aloud.
    let mut jump = nft("filter", "accept", &usual);
    jump.extend(owned(&[
        "nft add chain inet filter others",
        "nft add rule inet filter others reject",
        "nft add rule inet filter input ct state new jump others",
    ]));
    assert_eq!(closed.ports(&jump), closed.all);
    // Maps of verdicts, and sets with a name.
    let states =
        owned(&["ct state vmap { established : accept, related : accept, invalid : drop }"]);
    closed.and_opened_by_the_fixes(&nft("filter", "drop", &states));
    let mut named = nft("filter", "drop", &states);
    named.push(format!(
        "nft 'add set inet filter open {{ type inet_service; flags interval; \
         elements = {{ {signalling}, {tcp} }}; }}'"
    ));
    named.push("nft 'add rule inet filter input tcp dport @open accept'".to_owned());
    assert_eq!(closed.ports(&named), media);
    // What cannot be followed counts as open.
    let some = owned(&["ip saddr 10.0.0.0/8 accept"]);
    assert_eq!(closed.ports(&nft("filter", "drop", &some)), [""; 0]);
}

#[test]
fn rules_in_the_shape_of_firewalld_are_followed() {
    let closed = Closed::new();
    let lines = owned(&[
        "ct state { established, related } accept",
        "ct status dnat accept",
        "iifname lo accept",
        "ct state invalid drop",
        "jump zones",
        "reject with icmpx admin-prohibited",
    ]);
    let zones = owned(&[
        "nft add table inet firewalld",
        "nft add chain inet firewalld public",
        "nft add chain inet firewalld zones",
        "nft 'add rule inet firewalld public tcp dport 22 accept'",
        "nft 'add rule inet firewalld public meta l4proto { icmp, ipv6-icmp } accept'",
        "nft 'add rule inet firewalld zones iifname eth0 goto public'",
        "nft 'add rule inet firewalld zones goto public'",
    ]);
    let lines = [zones, nft("firewalld", "accept", &lines)].concat();
    let (ports, fixes) = closed.after(&lines);
    assert_eq!(ports, closed.all);
    let (first, last) = closed.project.ports.udp_range();
    let add = format!("sudo firewall-cmd --permanent --add-port={first}-{last}/udp");
    assert!(fixes.contains(&add), "{fixes:?}");
}

/// What ufw and others begin with, for either kind of iptables.
fn stateful(iptables: &str) -> Vec<String> {
    let rules = [
        "-P INPUT DROP",
        "-A INPUT -i lo -j ACCEPT",
        "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-A INPUT -m conntrack --ctstate INVALID -j DROP",
        "-A INPUT -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT",
    ];
    rules.map(|rule| format!("{iptables} {rule}")).to_vec()
}

#[test]
fn rules_of_both_kinds_of_iptables_are_followed_with_their_states() {
    let closed = Closed::new();
    let ports = &closed.project.ports;
    let (signalling, tcp, (first, last)) = (ports.livekit(), ports.rtc_tcp(), ports.udp_range());
    let media = &closed.all[2..];
    for iptables in ["iptables-nft", "iptables-legacy"] {
        let begin = stateful(iptables);
        closed.and_opened_by_the_fixes(&begin);
        let new = [
            format!("-p tcp -m multiport --dports {signalling},{tcp} -m conntrack --ctstate NEW"),
            format!("-p udp --dport {first}:{last} -m comment --comment 'the -j DROP of media'"),
        ];
        let new = new.map(|rule| format!("{iptables} -A INPUT {rule} -j ACCEPT"));
        let tcp_alone = [&begin[..], &new[..1]].concat();
        assert_eq!(closed.ports(&tcp_alone), media, "{iptables}");
        assert_eq!(
            closed.ports(&[&begin[..], &new].concat()),
            [""; 0],
            "{iptables}"
        );
        let middle = format!(
            "{iptables} -A INPUT -p udp --dport {}:{} -j DROP",
            first + 3,
            first + 5
        );
        closed.ports_and_fixes_open(&[middle], media);
        let refused = format!("{iptables} -A INPUT -p udp -m conntrack --ctstate NEW -j REJECT");
        assert_eq!(closed.ports(&[refused]), media, "{iptables}");
    }
    // What cannot be followed counts as open.
    let begin = stateful("iptables-nft");
    let friends = "iptables-nft -A INPUT -s 10.0.0.0/8 -m conntrack --ctstate NEW -j ACCEPT";
    let friends: Vec<String> = begin.iter().cloned().chain(once(friends.into())).collect();
    assert_eq!(closed.ports(&friends), [""; 0]);
}

#[test]
fn rules_in_the_shape_of_ufw_are_opened_with_ufw() {
    let closed = Closed::new();
    let chains = owned(&[
        "iptables-nft -N ufw-user-input",
        "iptables-nft -N ufw-not-local",
        "iptables-nft -A INPUT -j ufw-not-local",
        "iptables-nft -A ufw-not-local -m addrtype --dst-type LOCAL -j RETURN",
        "iptables-nft -A ufw-not-local -m limit --limit 3/min --limit-burst 10 -j LOG",
        "iptables-nft -A ufw-not-local -j DROP",
        "iptables-nft -A INPUT -j ufw-user-input",
        "iptables-nft -A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT",
    ]);
    let (ports, fixes) = closed.after(&[stateful("iptables-nft"), chains].concat());
    assert_eq!(ports, closed.all);
    let (first, last) = closed.project.ports.udp_range();
    assert_eq!(fixes[2], format!("sudo ufw allow {first}:{last}/udp"));
}

/// What gives a network of its own an IPv6 address that others may use.
const WITH_IPV6: [&str; 3] = [
    "ip link add d0 type veth peer name d1",
    "ip -6 address add fd00::5/64 dev d0 nodad",
    "ip link set d0 up",
];

#[test]
fn who_comes_over_ipv6_is_told_apart_where_this_machine_has_an_address_of_it() {
    let mut closed = Closed::new();
    let stateful = stateful("ip6tables-nft");
    // Nobody comes that way.
    assert_eq!(closed.ports(&stateful), [""; 0]);

    let six = owned(&WITH_IPV6);
    assert_eq!(closed.ports(&six), [""; 0]);
    let with = |lines: &[String]| [&six, lines].concat();
    // One chain for both is one finding without a word of either, and one command opens both.
    let usual = owned(&["ct state established,related accept"]);
    closed.and_opened_by_the_fixes(&with(&nft("filter", "drop", &usual)));
    let four = ["meta nfproto ipv4 accept".to_owned()];
    let of_six = [
        with(&stateful),
        with(&self::stateful("ip6tables-legacy")),
        with(&nft("filter", "drop", &four)),
    ];
    let both = [stateful, self::stateful("iptables-nft")].concat();
    closed.and_opened_by_the_fixes(&with(&both));
    let (_, fixes) = closed.after(&with(&both));
    let of = |program: &str| fixes.iter().filter(|fix| fix.contains(program)).count();
    assert_eq!((of("ip6tables "), of("iptables ")), (3, 3), "{fixes:?}");

    closed.all = closed.all.map(|port| port + ", over IPv6");
    for lines in of_six {
        closed.and_opened_by_the_fixes(&lines);
    }
    // Where the SFU is not bound to any, only media is reached like that.
    let text = "bind_addresses: [127.0.0.1, 192.0.2.1]\n";
    closed.project.edit("livekit.yaml", |yaml| yaml + text);
    let lines = with(&nft("filter", "drop", &four));
    assert_eq!(closed.ports(&lines), closed.all[1..]);
}
