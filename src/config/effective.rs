//! The effective config of the SFU: the user's `livekit.yaml` plus what this machine needs.

use std::net::IpAddr;

use secrecy::SecretString;
use serde_json::Value;

use super::{Project, UdpPorts};

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
    /// What the SFU will bind.
    pub ports: Vec<PortUse>,
}

/// A value that was added to the user's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// Path of the key, `rtc.node_ip`.
    pub path: String,
    /// The value.
    pub value: Value,
    /// Why, in plain words.
    pub reason: String,
}

/// The transport of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
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
}

/// The UDP port of all media where ports are published.
const MUX_PORT: u16 = 7882;

/// Adds what this machine needs to the user's file.
pub fn effective(project: &Project, machine: &Machine) -> Effective {
    let mut tree = project.livekit.tree.clone();
    if !tree.is_object() {
        tree = Value::Object(serde_json::Map::new());
    }
    let mut additions = Vec::new();
    let rtc = &project.livekit.rtc;
    if rtc.node_ip.is_none() && !rtc.use_external_ip {
        additions.push(Addition {
            path: "rtc.node_ip".into(),
            value: machine.node_ip.to_string().into(),
            reason:
                "the address that browsers can reach; without it LiveKit asks public STUN servers"
                    .into(),
        });
    }
    for addition in &additions {
        if let Some((section, key)) = addition.path.split_once('.') {
            tree[section][key] = addition.value.clone();
        }
    }
    let udp = match (machine.network, rtc.udp()) {
        (NetworkMode::Published, UdpPorts::Range { .. }) => (MUX_PORT, MUX_PORT),
        (_, UdpPorts::Range { first, last } | UdpPorts::Mux { first, last }) => (first, last),
    };
    Effective {
        // JSON is YAML.
        yaml: tree.to_string().into(),
        additions,
        ports: vec![
            port(Protocol::Tcp, project.livekit.port, "signalling"),
            port(Protocol::Tcp, rtc.tcp_port, "media over TCP"),
            PortUse {
                protocol: Protocol::Udp,
                first: udp.0,
                last: udp.1,
                purpose: "media",
            },
        ],
    }
}

fn port(protocol: Protocol, port: u16, purpose: &'static str) -> PortUse {
    PortUse {
        protocol,
        first: port,
        last: port,
        purpose,
    }
}
