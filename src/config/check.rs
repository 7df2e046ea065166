//! What a schema cannot say: values that do not go together, and values that work but should not.

mod auth;

use std::collections::BTreeMap;

use secrecy::ExposeSecret as _;

use super::lint::NO_KEY;
use super::livekit::address;
use super::load::{Findings, Source};
use super::problem::Problem;
use super::yaml::{Kind, Node};
use super::{LivekitConfig, Settings};

/// Checks `urbania.yaml`.
pub fn settings(source: &Source, settings: &Settings, findings: &mut Findings) {
    let api = &settings.api;
    if api.token_ttl > api.max_token_ttl {
        findings.problems.push(source.problem(
            "api.token_ttl",
            format!(
                "{} is more than api.max_token_ttl, {}",
                api.token_ttl, api.max_token_ttl
            ),
        ));
    }
    auth::check(source, &settings.auth, findings);
    if api.dev && !api.listen.ip().is_loopback() {
        findings.problems.push(source.problem(
            "api.dev",
            format!(
                "gives everybody tokens, so api.listen must be a loopback address; it is {}",
                api.listen
            ),
        ));
    }
    let kraken = api.kraken.token_ttl;
    if kraken > api.max_token_ttl && source.at("api.kraken.token_ttl").is_some() {
        let message = format!(
            "{kraken} is more than api.max_token_ttl, {}",
            api.max_token_ttl
        );
        let problem = source.problem("api.kraken.token_ttl", message);
        findings.problems.push(problem);
    }
    for (n, backend) in settings.backends.iter().enumerate() {
        if settings.backends[..n].contains(backend) {
            let message = format!("`{}` is listed twice", backend.display());
            findings.warnings.push(source.problem("backends", message));
        }
    }
    let store = &settings.store;
    for (names, fields) in [
        ("clubs", store.clubs.fields().as_slice()),
        ("channels", store.channels.fields().as_slice()),
    ] {
        for (n, (setting, field)) in fields.iter().enumerate() {
            if let Some((other, _)) = fields[..n].iter().find(|(_, other)| overlap(field, other)) {
                let message = format!("`{field}` is the field of store.{names}.{other}, too");
                let path = format!("store.{names}.{setting}");
                findings.problems.push(source.problem(&path, message));
            }
        }
    }
}

/// Whether two paths in a document are one, or one is within the other.
fn overlap(one: &str, other: &str) -> bool {
    let within = |a: &str, b: &str| a.strip_prefix(b).is_some_and(|rest| rest.starts_with('.'));
    one == other || within(one, other) || within(other, one)
}

/// Checks what LiveKit takes in a `livekit.yaml`, and urbania cannot do with.
pub fn livekit(
    source: &Source,
    settings: &Settings,
    livekit: &LivekitConfig,
    findings: &mut Findings,
) {
    keys(source, livekit, findings);
    for text in &livekit.bind_addresses {
        if address(text).is_none() {
            let message = format!("`{text}` is not an IP address");
            let problem = source.problem("bind_addresses", message);
            findings.problems.push(problem);
        }
    }
    let rtc = &livekit.rtc;
    if rtc.port_range_start != 0 && rtc.port_range_end == 0 {
        let message = "needs rtc.port_range_end too";
        let problem = source.problem("rtc.port_range_start", message);
        findings.problems.push(problem);
    }
    // `up` adds an address that is told of events.
    let webhook = &livekit.webhook;
    let is_known = livekit.keys.iter().any(|p| p.key == webhook.api_key);
    if !webhook.api_key.is_empty() && webhook.urls.is_empty() && !is_known {
        let message = "not the name of a key under `keys`";
        findings.doubt(
            source.problem("webhook.api_key", message),
            settings.pass_unknown,
        );
    }
}

fn keys(source: &Source, livekit: &LivekitConfig, findings: &mut Findings) {
    if livekit.key_file.is_some() {
        let message = "urbania takes the key pair from `keys`; move the pairs there";
        findings.problems.push(source.problem("key_file", message));
        return;
    }
    let written = source.tree.as_ref().and_then(|t| t.entry("keys"));
    let entries = match written.map(|e| &e.value) {
        Some(Node {
            kind: Kind::Map(entries),
            ..
        }) => entries.as_slice(),
        Some(node) if !node.is_null() => return,
        _ => &[],
    };
    let is_told = findings.problems.iter().any(|p| p.path == "keys");
    if entries.is_empty() && source.tree.is_some() && !is_told {
        findings.problems.push(source.problem("keys", NO_KEY));
    }
    for (entry, pair) in entries.iter().zip(&livekit.keys) {
        if !pair.key.is_empty() && !pair.secret.expose_secret().is_empty() {
            continue;
        }
        let what = if pair.key.is_empty() { "key" } else { "secret" };
        findings.problems.push(Problem {
            source: source.name.to_owned(),
            at: Some(entry.at),
            path: format!("keys.{}", entry.key),
            message: format!("an empty {what}"),
        });
    }
}

/// Checks that no two services want one port.
pub fn ports(
    settings: &Settings,
    source: &Source,
    livekit: &LivekitConfig,
    findings: &mut Findings,
) {
    let mut taken: BTreeMap<u16, &str> = BTreeMap::new();
    taken.insert(livekit.port, "LiveKit's `port`");
    if livekit.rtc.tcp_port != 0 {
        taken.insert(livekit.rtc.tcp_port, "LiveKit's rtc.tcp_port");
    }
    let mongodb = &settings.services.mongodb;
    let mut wanted = vec![("api.listen", settings.api.listen.port())];
    if mongodb.enabled {
        wanted.push(("services.mongodb.port", mongodb.port));
    }
    for (path, port) in wanted {
        match taken.get(&port) {
            Some(holder) if port != 0 => {
                let message = format!("port {port} is {holder} already");
                findings.problems.push(source.problem(path, message));
            }
            _ => {
                taken.insert(port, path);
            }
        }
    }
}
