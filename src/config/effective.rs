//! The effective config of the SFU: the user's `livekit.yaml` plus what this machine needs.

use std::net::IpAddr;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::{Map, Value};

use super::yaml::{emit, parse, value_of};
use super::{
    CopiedFile, EngineKind, LivekitConfig, Problem, Project, Rtc, UdpPorts, lint, problem,
};
use crate::error::Result;
use crate::host::sockets::Protocol;

/// How the SFU reaches the network, decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkMode {
    /// The host's own network.
    Host,
    /// Published ports and one UDP port for all media.
    Published,
}

/// What must be known of this machine.
#[derive(Clone, Debug)]
pub struct Machine {
    /// What runs the SFU.
    pub engine: EngineKind,
    /// How the SFU reaches the network.
    pub network: NetworkMode,
    /// Address that browsers can send media to.
    pub node_ip: IpAddr,
    /// Where room events are reported to, if anywhere.
    pub webhook_url: Option<String>,
}

/// What the SFU is started with.
#[derive(Clone, Debug)]
pub struct Effective {
    /// The whole file; it holds the secrets.
    pub yaml: SecretString,
    /// What was added to the user's file.
    pub additions: Vec<Addition>,
    /// What the SFU will bind. Ports that media is relayed from are not among them: they are
    /// bound when a relay is asked for.
    pub ports: Vec<PortUse>,
    /// Copies of the files that it names.
    pub files: Vec<CopiedFile>,
    /// What keeps the SFU from being started.
    pub problems: Vec<Problem>,
    /// What is left to LiveKit.
    pub warnings: Vec<Problem>,
}

/// A value that was added to the user's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Addition {
    /// Path of the key, `rtc.node_ip`.
    pub path: String,
    /// The value.
    pub value: Value,
    /// Why, in plain words.
    pub reason: String,
}

/// Ports that a service will bind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortUse {
    /// The transport.
    pub protocol: Protocol,
    /// First port.
    pub first: u16,
    /// Last port.
    pub last: u16,
    /// What it is for: `signalling`, `media over TCP`, `media`.
    pub purpose: &'static str,
    /// The addresses of the machine; none: all.
    pub addresses: Vec<IpAddr>,
}

/// The UDP port of all media where ports are published.
const MUX_PORT: u16 = 7882;

/// Adds what this machine needs to the user's file.
pub fn effective(project: &Project, machine: &Machine) -> Effective {
    let mut livekit = project.livekit.clone();
    if !livekit.tree.is_object() {
        livekit.tree = Value::Object(Map::new());
    }
    as_before_the_rotation(&mut livekit);
    let mut additions = Vec::new();
    additions.extend(node_ip(&livekit.rtc, machine));
    additions.extend(one_udp_port(&mut livekit, machine));
    if machine.network == NetworkMode::Published {
        additions.extend(reachable_from_outside(&livekit));
    }
    additions.extend(loopback(&livekit.rtc, machine));
    additions.extend(webhook(&livekit, machine));
    let (files, problems) = project.sfu_files();
    additions.extend(files.iter().map(|file| copied(file, machine.engine)));
    let (problems, warnings) = if project.settings.pass_unknown {
        (Vec::new(), problems)
    } else {
        (problems, Vec::new())
    };
    if machine.engine == EngineKind::Embedded {
        without_ports_of_livekit(&mut livekit);
    }
    for addition in &additions {
        set(&mut livekit.tree, &addition.path, addition.value.clone());
    }
    Effective {
        yaml: emit(&livekit.tree, &|_| None).into(),
        additions,
        ports: ports(&livekit),
        files,
        problems,
        warnings,
    }
}

impl Effective {
    /// Refuses what the SFU cannot be started with.
    pub fn check(&self) -> Result<()> {
        if self.problems.is_empty() {
            return Ok(());
        }
        Err(problem::error(self.problems.clone()))
    }

    /// The file for people: the reason stands beside each addition, secrets are left out unless
    /// `reveal`.
    pub fn explained(&self, reveal: bool) -> String {
        emit(&self.value(reveal), &|path| {
            let addition = self.additions.iter().find(|a| a.path == path)?;
            Some(format!("added: {}", addition.reason))
        })
    }

    /// The file as a value, secrets left out unless `reveal`.
    pub fn value(&self, reveal: bool) -> Value {
        let (tree, _) = parse(self.yaml.expose_secret());
        let mut value = tree.map_or(Value::Null, |node| value_of(&node));
        if !reveal {
            redact(&mut value, &lint::schema(None));
        }
        value
    }
}

fn addition(path: &str, value: impl Into<Value>, reason: impl Into<String>) -> Addition {
    Addition {
        path: path.to_owned(),
        value: value.into(),
        reason: reason.into(),
    }
}

/// Until the old pair is gone, the SFU's file is the same as before the rotation: it is not to start again
/// for one.
fn as_before_the_rotation(livekit: &mut LivekitConfig) {
    let retiring = livekit.retiring().map(|(pair, _)| pair.key.clone());
    let at = livekit
        .keys
        .iter()
        .position(|pair| Some(&pair.key) == retiring.as_ref());
    let keys = livekit.tree.get_mut("keys").and_then(Value::as_object_mut);
    if let (Some(at), Some(keys)) = (at, keys) {
        livekit.keys.swap(0, at);
        let mut entries: Vec<_> = std::mem::take(keys).into_iter().collect();
        entries.swap(0, at);
        keys.extend(entries);
    }
}

/// The SFU has files of its own.
fn copied(file: &CopiedFile, engine: EngineKind) -> Addition {
    let reason = format!("the SFU gets a copy of `{}`", file.of.written.display());
    addition(&file.of.path, file.copy(engine), reason)
}

fn node_ip(rtc: &Rtc, machine: &Machine) -> Option<Addition> {
    if rtc.node_ip.is_some() || rtc.use_external_ip {
        return None;
    }
    Some(addition(
        "rtc.node_ip",
        machine.node_ip.to_string(),
        "the address that browsers send media to; without it LiveKit asks public STUN servers",
    ))
}

/// Ports are published one by one, each at the price of two processes; and who takes all media on one socket
/// needs no more.
fn one_udp_port(livekit: &mut LivekitConfig, machine: &Machine) -> Option<Addition> {
    let UdpPorts::Range { first, last } = livekit.rtc.udp() else {
        return None;
    };
    let (port, why) = match (machine.network, machine.engine) {
        (NetworkMode::Published, _) => (
            MUX_PORT,
            "publishing thousands of ports takes minutes and gigabytes",
        ),
        (NetworkMode::Host, EngineKind::Embedded) => {
            (first, "the development SFU takes all media on one port")
        }
        (NetworkMode::Host, EngineKind::Docker | EngineKind::Native) => return None,
    };
    if let Some(rtc) = livekit.tree.get_mut("rtc").and_then(Value::as_object_mut) {
        rtc.shift_remove("port_range_start");
        rtc.shift_remove("port_range_end");
    }
    livekit.rtc.port_range_start = 0;
    livekit.rtc.port_range_end = 0;
    livekit.rtc.udp_port = Some(port.to_string());
    Some(addition(
        "rtc.udp_port",
        port,
        format!("in place of the range {first}-{last}: {why}"),
    ))
}

/// The development SFU has no TURN server, and its metrics are where it signals.
fn without_ports_of_livekit(livekit: &mut LivekitConfig) {
    livekit.turn.enabled = false;
    livekit.prometheus.port = 0;
    livekit.prometheus_port = 0;
    livekit.debug_handler.port = 0;
}

/// Inside the container's network, the user's addresses do not exist.
fn reachable_from_outside(livekit: &LivekitConfig) -> Option<Addition> {
    if livekit.addresses().is_empty() {
        return None;
    }
    Some(addition(
        "bind_addresses",
        vec!["0.0.0.0"],
        format!(
            "the engine publishes signalling and metrics on {} instead",
            livekit.bind_addresses.join(", ")
        ),
    ))
}

/// LiveKit opens no media port on a loopback address unless told to.
fn loopback(rtc: &Rtc, machine: &Machine) -> Option<Addition> {
    let node_ip = match &rtc.node_ip {
        Some(text) => text.split(',').find_map(|ip| ip.trim().parse().ok()),
        None => Some(machine.node_ip),
    };
    let needed = machine.network == NetworkMode::Host
        && node_ip.is_some_and(|ip| ip.is_loopback())
        && !rtc.use_external_ip
        && !rtc.enable_loopback_candidate;
    needed.then(|| {
        addition(
            "rtc.enable_loopback_candidate",
            true,
            "rtc.node_ip is a loopback address, and LiveKit opens no media port there by itself",
        )
    })
}

fn webhook(livekit: &LivekitConfig, machine: &Machine) -> Vec<Addition> {
    let webhook = &livekit.webhook;
    let mut urls = webhook.urls.clone();
    let ours = machine.webhook_url.iter();
    urls.extend(ours.filter(|url| !webhook.urls.contains(url)).cloned());
    let mut added = Vec::new();
    if webhook.api_key.is_empty()
        && !urls.is_empty()
        && let Some(pair) = livekit.keys.first()
    {
        let reason = "the key that signs room events";
        added.push(addition("webhook.api_key", pair.key.as_str(), reason));
    }
    if urls.len() > webhook.urls.len() {
        added.push(addition(
            "webhook.urls",
            urls,
            "the token API hears of rooms and participants",
        ));
    }
    added
}

fn set(tree: &mut Value, path: &str, value: Value) {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let (key, index) = match first.split_once('[') {
        Some((key, index)) => (key, index.trim_end_matches(']').parse::<usize>().ok()),
        None => (first, None),
    };
    if !tree.is_object() {
        *tree = Value::Object(Map::new());
    }
    let place = match index {
        Some(index) => tree[key].get_mut(index),
        None => Some(&mut tree[key]),
    };
    match place {
        Some(place) if rest.is_empty() => *place = value,
        Some(place) => set(place, rest, value),
        // Only what is in the list is ever named.
        None => {}
    }
}

/// Everything that LiveKit binds with this config.
fn ports(livekit: &LivekitConfig) -> Vec<PortUse> {
    let (rtc, turn) = (&livekit.rtc, &livekit.turn);
    let (UdpPorts::Range { first, last } | UdpPorts::Mux { first, last }) = rtc.udp();
    // LiveKit binds media everywhere, whatever `bind_addresses` says.
    let bound = |number, purpose| PortUse {
        addresses: livekit.addresses(),
        ..port(Protocol::Tcp, number, purpose)
    };
    let mut ports = vec![
        bound(livekit.port, "signalling"),
        port(Protocol::Tcp, rtc.tcp_port, "media over TCP"),
        PortUse {
            last,
            ..port(Protocol::Udp, first, "media")
        },
        bound(livekit.prometheus.port, "metrics"),
        bound(livekit.prometheus_port, "metrics"),
        bound(livekit.debug_handler.port, "profiler"),
    ];
    if turn.enabled {
        ports.push(port(Protocol::Udp, turn.udp_port, "TURN"));
        ports.push(port(Protocol::Tcp, turn.tls_port, "TURN over TLS"));
    }
    ports.retain(|p| p.first != 0);
    ports
}

fn port(protocol: Protocol, port: u16, purpose: &'static str) -> PortUse {
    PortUse {
        protocol,
        first: port,
        last: port,
        purpose,
        addresses: Vec::new(),
    }
}

/// Replaces what the schema calls secret, and texts of which it does not know what they are.
fn redact(value: &mut Value, schema: &Value) {
    let is_unknown = *schema == Value::Bool(false);
    match value {
        secret if schema["writeOnly"] == true => *secret = "(redacted)".into(),
        Value::String(text) if is_unknown => "(redacted)".clone_into(text),
        Value::Object(map) => {
            for (key, value) in map {
                let inner = schema["properties"]
                    .get(key)
                    .unwrap_or(&schema["additionalProperties"]);
                redact(value, if is_unknown { schema } else { inner });
            }
        }
        Value::Array(items) => {
            let inner = if is_unknown { schema } else { &schema["items"] };
            for value in items {
                redact(value, inner);
            }
        }
        _ => {}
    }
}
