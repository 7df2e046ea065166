//! Media: its ports, its addresses, and what clients are told.

use super::{File, LAST_PORT, Version, is_network};
use crate::config::Effect;
use crate::config::yaml::udp_ports;

const START: &str = "rtc.port_range_start";
const END: &str = "rtc.port_range_end";

pub fn judge(file: &mut File) {
    if file.flag("rtc.force_tcp") {
        if file.int("rtc.tcp_port", 7881) == 0 {
            file.refuses("rtc.force_tcp", "needs rtc.tcp_port");
        }
    } else {
        udp(file);
    }
    networks(file);
    outside(file);
    servers(file);
    if file.flag("rtc.allow_udp_unstable_fallback")
        && file.int("rtc.tcp_fallback_rtt_threshold", 0) <= 0
    {
        let message = "without effect without rtc.tcp_fallback_rtt_threshold";
        file.ignores("rtc.allow_udp_unstable_fallback", message);
    }
}

/// The one UDP port, or the first of those, that all media shares.
pub fn shared(file: &File) -> Option<(i64, i64)> {
    let is_range = file.int(START, 0) != 0 && file.int(END, 0) != 0;
    let ports = udp_ports(file.text("rtc.udp_port")).filter(|(first, _)| *first != 0);
    ports.filter(|_| !is_range && !file.flag("rtc.force_tcp"))
}

fn udp(file: &mut File) {
    let (first, last) = (file.int(START, 0), file.int(END, 0));
    let is_shared = shared(file).is_some();
    match (first, last) {
        (0, 0) => {}
        (0, _) if is_shared => file.ignores(END, "without effect: rtc.udp_port is set"),
        (0, _) => {
            let message = format!("without effect without {START}: LiveKit takes 50000 to 60000");
            file.ignores(END, message);
        }
        (_, 0) if is_shared => file.ignores(START, format!("without effect without {END}")),
        (_, 0) => {
            let message = format!("without {END}, LiveKit takes any UDP port that is free");
            file.found(START, Effect::Alters, message);
        }
        _ => range(file, first, last),
    }
    if let Some((first, last)) = shared(file) {
        if first > LAST_PORT {
            let message = format!("{first} is no port; the last one is {LAST_PORT}");
            file.refuses("rtc.udp_port", message);
        } else if last > LAST_PORT {
            let message = "LiveKit starts only if it has few CPUs: it takes a port for each, and these end at 65535";
            file.found("rtc.udp_port", Effect::Depends, message);
        }
    }
}

fn range(file: &mut File, first: i64, last: i64) {
    // LiveKit keeps 16 bits of either.
    let (taken_first, taken_last) = (first % (LAST_PORT + 1), last % (LAST_PORT + 1));
    let path = if first > LAST_PORT { START } else { END };
    if first > last {
        file.refuses(START, format!("{first} is more than {END}, {last}"));
    } else if taken_first > taken_last {
        let number = first.max(last);
        let message = format!("{number} is no port; the last one is {LAST_PORT}");
        file.refuses(path, message);
    } else if last > LAST_PORT {
        let message = format!("LiveKit takes {taken_first} to {taken_last}");
        file.found(path, Effect::Alters, message);
    }
    if file.is_set("rtc.udp_port") {
        let message = format!("without effect: the range of {START} beats it");
        file.ignores("rtc.udp_port", message);
    }
}

/// Lists of what is taken and what is left out.
fn networks(file: &mut File) {
    for list in ["rtc.ips.includes", "rtc.ips.excludes"] {
        for (n, text) in file.texts(list).into_iter().enumerate() {
            if !is_network(text) {
                let message = format!("`{text}` is no network such as 192.168.0.0/16");
                file.refuses(&format!("{list}[{n}]"), message);
            }
        }
    }
    for of in ["rtc.ips", "rtc.interfaces"] {
        let is_there = |list: &str| !file.texts(&format!("{of}.{list}")).is_empty();
        if is_there("includes") && is_there("excludes") {
            let message = format!("without effect: {of}.includes beats it");
            file.ignores(&format!("{of}.excludes"), message);
        }
    }
}

/// The address that the outside sees.
fn outside(file: &mut File) {
    const EXTERNAL: &str = "rtc.use_external_ip";
    if file.flag(EXTERNAL) {
        let message =
            "LiveKit asks public STUN servers at every start and does not start without an answer";
        file.found(EXTERNAL, Effect::Depends, message);
        if file.is_set("rtc.node_ip") {
            file.ignores(
                "rtc.node_ip",
                format!("without effect: {EXTERNAL} beats it"),
            );
        }
        return;
    }
    for path in [
        "rtc.external_ip_only",
        "rtc.advertise_internal_ip",
        "rtc.skip_external_ip_validation",
    ] {
        if file.flag(path) {
            file.ignores(path, format!("without effect without {EXTERNAL}"));
        }
    }
}

/// The TURN servers of others that clients are told.
fn servers(file: &mut File) {
    let servers = file.list("rtc.turn_servers").map_or(0, Vec::len);
    for n in 0..servers {
        let at = |key: &str| format!("rtc.turn_servers[{n}].{key}");
        let has = |key: &str| !file.text(&at(key)).is_empty();
        let (has_secret, has_file) = (has("secret"), has("secret_file"));
        let has_pair = has("username") && has("credential");
        if has_secret && has_file {
            let message = "without effect: the secret beside it beats it";
            file.ignores(&at("secret_file"), message);
        } else if has_file {
            let message = "LiveKit starts only if this file is there and closed to others";
            file.found(&at("secret_file"), Effect::Depends, message);
        } else if !has_secret && !has_pair {
            let message = "needs a secret, or a username with a credential";
            let effect = if file.release < Version::new(1, 13, 6) {
                Effect::Fails
            } else {
                Effect::Refuses
            };
            file.found(&format!("rtc.turn_servers[{n}]"), effect, message);
        }
    }
}
