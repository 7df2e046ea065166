//! The TURN server inside LiveKit.

use std::net::IpAddr;

use super::{File, LAST_PORT, Version, is_network, rtc};
use crate::config::Effect;

pub fn judge(file: &mut File) {
    if !file.flag("turn.enabled") {
        return;
    }
    let (tls, udp) = (file.int("turn.tls_port", 0), file.int("turn.udp_port", 0));
    if tls <= 0 && udp <= 0 {
        file.refuses("turn.enabled", "needs turn.tls_port or turn.udp_port");
    }
    if tls > 0 {
        over_tls(file);
    }
    if udp > LAST_PORT {
        let message = format!("{udp} is no port; the last one is {LAST_PORT}");
        file.refuses("turn.udp_port", message);
    }
    if udp > 0 && rtc::shared(file).is_some_and(|(first, _)| first == udp) {
        file.refuses("turn.udp_port", format!("{udp} is `rtc.udp_port` already"));
    }
    relays(file);
    addresses(file);
    networks(file);
}

fn over_tls(file: &mut File) {
    let domain = file.text("turn.domain");
    let has = |path: &str| !file.text(path).is_empty();
    if domain.is_empty() {
        file.refuses("turn.tls_port", "needs turn.domain");
    } else if !is_domain(domain) {
        let message = format!("`{domain}` is no domain such as turn.example.com");
        file.refuses("turn.domain", message);
    } else if !(file.flag("turn.external_tls") || has("turn.cert_file") && has("turn.key_file")) {
        let message = "needs turn.cert_file and turn.key_file, or turn.external_tls";
        file.refuses("turn.tls_port", message);
    }
}

/// What LiveKit takes for one: two labels or more.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let name = text.strip_suffix('.').unwrap_or(text);
    name.contains('.') && name.split('.').all(is_label)
}

fn relays(file: &mut File) {
    let at = ["turn.relay_range_start", "turn.relay_range_end"];
    let [first, last] = at.map(|path| file.int(path, 0));
    let message =
        "without effect: both ends of the range must be set; LiveKit takes 30000 to 40000";
    match (first, last) {
        (0, 0) => {}
        (0, _) => file.ignores(at[1], message),
        (_, 0) => file.ignores(at[0], message),
        _ if first > last => {
            let message = format!(
                "{first} is more than {}, {last}: no relay finds a port",
                at[1]
            );
            file.found(at[0], Effect::Fails, message);
        }
        _ => {}
    }
}

/// Each needs an address of its own family to relay from.
fn addresses(file: &mut File) {
    const BOUND: &str = "turn.bind_addresses";
    if file.release < Version::new(1, 10, 1) {
        return;
    }
    let is_null = file.tree.entry(BOUND).is_some_and(|e| e.value.is_null());
    if is_null || file.list(BOUND).is_some_and(Vec::is_empty) {
        file.refuses(BOUND, "TURN has no address to listen on");
        return;
    }
    let own = file.text("rtc.node_ip");
    if own.is_empty() || file.flag("rtc.use_external_ip") {
        return;
    }
    let own: Vec<IpAddr> = own
        .split(',')
        .filter_map(|ip| ip.trim().parse().ok())
        .collect();
    let mut bound = file.texts(BOUND);
    if !file.is_set(BOUND) {
        bound.push("0.0.0.0");
    }
    for text in bound {
        let is_v4 = text.parse().is_ok_and(|ip: IpAddr| ip.is_ipv4());
        if !own.iter().any(|ip| ip.is_ipv4() == is_v4) {
            let family = if is_v4 { "IPv4" } else { "IPv6" };
            let message = format!("`{text}` needs an {family} address in rtc.node_ip");
            let path = if file.is_set(BOUND) {
                BOUND
            } else {
                "turn.enabled"
            };
            file.refuses(path, message);
        }
    }
}

fn networks(file: &mut File) {
    let (effect, comes) = if file.release < Version::new(1, 13, 6) {
        (Effect::Ignores, "without effect: ")
    } else {
        (Effect::Refuses, "")
    };
    for list in ["turn.allow_restricted_peer_cidrs", "turn.deny_peer_cidrs"] {
        for (n, text) in file.texts(list).into_iter().enumerate() {
            if !is_network(text) {
                let message = format!("{comes}`{text}` is no network such as 192.168.0.0/16");
                file.found(&format!("{list}[{n}]"), effect, message);
            }
        }
    }
}
