//! What a schema cannot say: values that do not go together, and values that work but should not.

mod auth;

use std::collections::BTreeMap;

use secrecy::ExposeSecret as _;

use super::livekit::address;
use super::load::{Findings, Source};
use super::problem::Problem;
use super::yaml::{Kind, Node};
use super::{LivekitConfig, Settings};
use crate::livekit::keys::{KeyPair, SHORTEST_SECRET};

/// What is said of a `livekit.yaml` without key pairs.
pub const NO_KEY: &str = "no API key; LiveKit does not start without one";

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

/// Checks `livekit.yaml`.
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
    rtc(source, livekit, findings);
    let doubts = turn(livekit).into_iter().chain(webhook(livekit));
    for (path, message) in doubts {
        findings.doubt(source.problem(path, message), settings.pass_unknown);
    }
    if livekit.prometheus_port != 0 {
        let message = "deprecated; its new name is prometheus.port";
        let warning = source.problem("prometheus_port", message);
        findings.warnings.push(warning);
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
    if entries.is_empty() && source.tree.is_some() {
        findings.problems.push(source.problem("keys", NO_KEY));
    }
    for (entry, pair) in entries.iter().zip(&livekit.keys) {
        let at = |message: String| Problem {
            source: source.name.to_owned(),
            at: Some(entry.at),
            path: format!("keys.{}", entry.key),
            message,
        };
        if pair.key.is_empty() || pair.secret.expose_secret().is_empty() {
            let what = if pair.key.is_empty() { "key" } else { "secret" };
            findings.problems.push(at(format!("an empty {what}")));
            continue;
        }
        findings
            .warnings
            .extend(doubts(pair, &entry.value).into_iter().map(at));
    }
}

/// What is doubtful about a pair.
fn doubts(pair: &KeyPair, value: &Node) -> Vec<String> {
    let mut doubts = Vec::new();
    let is_number = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if is_number(&pair.key) {
        doubts.push("the key is a number; some YAML readers change it".to_owned());
    }
    if let Kind::Scalar { text, plain: true } = &value.kind
        && is_number(text)
    {
        doubts.push("the secret is a number; put it in quotes".to_owned());
    }
    if pair.is_documented() {
        doubts.push("the documented development pair: anybody can make tokens for it".to_owned());
    } else if pair.is_short() {
        let length = pair.secret.expose_secret().len();
        doubts.push(format!(
            "the secret has {length} characters; LiveKit asks for {SHORTEST_SECRET} or more"
        ));
    }
    doubts
}

fn rtc(source: &Source, livekit: &LivekitConfig, findings: &mut Findings) {
    let rtc = &livekit.rtc;
    let (first, last) = (rtc.port_range_start, rtc.port_range_end);
    let start = "rtc.port_range_start";
    match (first, last) {
        (0, 0) => {}
        (0, _) => findings
            .problems
            .push(source.problem("rtc.port_range_end", format!("needs {start} too"))),
        (_, 0) => findings
            .problems
            .push(source.problem(start, "needs rtc.port_range_end too")),
        _ if first > last => findings.problems.push(source.problem(
            start,
            format!("{first} is more than rtc.port_range_end, {last}"),
        )),
        _ if rtc.udp_port.is_some() => findings.warnings.push(source.problem(
            "rtc.udp_port",
            "without effect: the range of rtc.port_range_start beats it",
        )),
        _ => {}
    }
    if rtc.use_external_ip {
        findings.warnings.push(source.problem(
            "rtc.use_external_ip",
            "LiveKit asks public STUN servers at every start and does not start without an answer",
        ));
    }
    if rtc.tcp_port == livekit.port {
        findings.problems.push(source.problem(
            "rtc.tcp_port",
            format!("{} is `port` already", livekit.port),
        ));
    }
}

/// What LiveKit will not start with, each with the path of its key.
fn turn(livekit: &LivekitConfig) -> BTreeMap<&'static str, &'static str> {
    let turn = &livekit.turn;
    let mut missing = BTreeMap::new();
    if !turn.enabled {
        return missing;
    }
    if turn.tls_port == 0 && turn.udp_port == 0 {
        missing.insert("turn.enabled", "needs turn.tls_port or turn.udp_port");
    }
    if turn.tls_port != 0 && turn.domain.is_empty() {
        missing.insert("turn.tls_port", "needs turn.domain");
    } else if turn.tls_port != 0
        && !turn.external_tls
        && (turn.cert_file.is_empty() || turn.key_file.is_empty())
    {
        let message = "needs turn.cert_file and turn.key_file, or turn.external_tls";
        missing.insert("turn.tls_port", message);
    }
    missing
}

/// The same.
fn webhook(livekit: &LivekitConfig) -> Option<(&'static str, &'static str)> {
    let webhook = &livekit.webhook;
    if webhook.api_key.is_empty() {
        let message = "needs webhook.api_key, the name of a key under `keys`";
        return (!webhook.urls.is_empty()).then_some(("webhook.urls", message));
    }
    let is_known = livekit.keys.iter().any(|p| p.key == webhook.api_key);
    // Not quoted: a secret is what people put here by mistake.
    (!is_known).then_some(("webhook.api_key", "not the name of a key under `keys`"))
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
