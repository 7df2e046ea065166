//! The TCP ports that LiveKit listens on, and the addresses.

use std::net::IpAddr;

use super::{File, LAST_PORT};
use crate::config::Effect;
use crate::config::livekit::address;

/// A TCP port with the addresses that it is bound to; none: all.
struct Listener {
    path: &'static str,
    port: i64,
    addresses: Vec<IpAddr>,
}

pub fn judge(file: &mut File) {
    addresses(file);
    deprecated(file);
    let bound = addresses_of(&file.texts("bind_addresses"));
    let metrics = match file.int("prometheus_port", 0) {
        0 => ("prometheus.port", file.int("prometheus.port", 0)),
        port => ("prometheus_port", port),
    };
    let mut listeners = vec![
        listener("port", file.int("port", 7880), &bound),
        listener("rtc.tcp_port", file.int("rtc.tcp_port", 7881), &[]),
        listener(metrics.0, metrics.1, &bound),
        listener(
            "debug_handler.port",
            file.int("debug_handler.port", 0),
            &bound,
        ),
    ];
    if file.flag("turn.enabled") {
        let bound = addresses_of(&file.texts("turn.bind_addresses"));
        let port = file.int("turn.tls_port", 0).max(0);
        listeners.push(listener("turn.tls_port", port, &bound));
    }
    if listeners[0].port == 0 {
        file.found(
            "port",
            Effect::Alters,
            "LiveKit takes any port that is free",
        );
    }
    for (n, one) in listeners.iter().enumerate() {
        if one.port > LAST_PORT {
            let message = format!("{} is no port; the last one is {LAST_PORT}", one.port);
            file.refuses(one.path, message);
        } else if let Some(other) = listeners[..n].iter().find(|other| clash(one, other)) {
            let message = format!("{} is `{}` already", one.port, other.path);
            file.refuses(one.path, message);
        }
    }
}

fn listener(path: &'static str, port: i64, addresses: &[IpAddr]) -> Listener {
    Listener {
        path,
        port,
        addresses: addresses.to_vec(),
    }
}

/// The addresses that are bound; none: all.
fn addresses_of(texts: &[&str]) -> Vec<IpAddr> {
    let found: Vec<_> = texts.iter().filter_map(|text| address(text)).collect();
    if found.iter().any(IpAddr::is_unspecified) {
        return Vec::new();
    }
    found
}

fn clash(one: &Listener, other: &Listener) -> bool {
    let shared = one.addresses.iter().any(|ip| other.addresses.contains(ip));
    let all = one.addresses.is_empty() || other.addresses.is_empty();
    one.port == other.port && one.port != 0 && (shared || all)
}

/// What is all digits and dots, or has a colon, no resolver finds.
fn may_be_a_name(text: &str) -> bool {
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    !text.chars().all(is_number) && !text.contains(':')
}

fn addresses(file: &mut File) {
    let texts = file.texts("bind_addresses");
    if file.list("bind_addresses").is_some_and(Vec::is_empty) {
        let message = "an empty list: LiveKit listens nowhere";
        file.refuses("bind_addresses", message);
    }
    let bound: Vec<_> = texts.iter().map(|text| address(text)).collect();
    for (n, text) in texts.iter().enumerate() {
        let path = format!("bind_addresses[{n}]");
        let Some(ip) = bound[n] else {
            if !may_be_a_name(text) {
                let message =
                    format!("`{text}` is neither an IP address nor the name of a machine");
                file.refuses(&path, message);
                continue;
            }
            let message = format!(
                "`{text}` is not an IP address; LiveKit starts only if it is the name of one of its machine's"
            );
            file.found(&path, Effect::Depends, message);
            continue;
        };
        let taken = |other: &IpAddr| *other == ip || other.is_unspecified() || ip.is_unspecified();
        let earlier = (0..n).find(|m| bound[*m].as_ref().is_some_and(taken));
        if let Some(earlier) = earlier {
            let message = format!("`{}` before it binds the same port there", texts[earlier]);
            file.refuses(&path, message);
        }
    }
}

fn deprecated(file: &mut File) {
    if file.int("prometheus_port", 0) == 0 {
        return;
    }
    let message = "deprecated; its new name is prometheus.port";
    file.found("prometheus_port", Effect::Warns, message);
    if file.int("prometheus.port", 0) != 0 {
        file.ignores(
            "prometheus.port",
            "without effect: prometheus_port beats it",
        );
    }
}
