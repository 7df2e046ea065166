//! `livekit.yaml`: LiveKit's own file. Typed where urbania uses it, passed through elsewhere.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::files::NamedFile;
use super::roles::Roles;
use super::yaml::udp_ports;
use crate::livekit::keys::KeyPair;

/// LiveKit's own configuration, `livekit.yaml`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LivekitConfig {
    /// TCP port of signalling and of the room service.
    #[schemars(range(min = 1))]
    pub port: u16,
    /// Addresses that signalling and metrics are bound to. Default: all.
    pub bind_addresses: Vec<String>,
    /// API keys and their secrets. The first pair is the one in use.
    #[serde(deserialize_with = "in_order")]
    #[schemars(with = "std::collections::BTreeMap<String, String>")]
    pub keys: Vec<KeyPair>,
    /// File with `key: secret` lines, instead of `keys`.
    pub key_file: Option<PathBuf>,
    /// WebRTC: ports and addresses of media.
    pub rtc: Rtc,
    /// Defaults of every room.
    pub room: Room,
    /// Where LiveKit reports room events.
    pub webhook: Webhook,
    /// The TURN server built into LiveKit.
    pub turn: Turn,
    /// LiveKit's metrics.
    pub prometheus: OwnPort,
    /// LiveKit's profiler.
    pub debug_handler: OwnPort,
    /// Port of LiveKit's metrics; `prometheus.port` is its new name.
    pub prometheus_port: u16,
    /// LiveKit's own development mode: one UDP port for all media and more logs.
    pub development: bool,
    /// Where this SFU is, in the owner's words.
    pub region: String,
    /// The whole file, as read.
    #[serde(skip)]
    #[schemars(skip)]
    pub tree: Value,
    /// The files that it names.
    #[serde(skip)]
    #[schemars(skip)]
    pub files: Vec<NamedFile>,
    /// What its pairs are for.
    #[serde(skip)]
    #[schemars(skip)]
    pub roles: Roles,
}

impl Default for LivekitConfig {
    fn default() -> Self {
        Self {
            port: 7880,
            bind_addresses: Vec::new(),
            keys: Vec::new(),
            key_file: None,
            rtc: Rtc::default(),
            room: Room::default(),
            webhook: Webhook::default(),
            turn: Turn::default(),
            prometheus: OwnPort::default(),
            debug_handler: OwnPort::default(),
            prometheus_port: 0,
            development: false,
            region: String::new(),
            tree: Value::Null,
            files: Vec::new(),
            roles: Roles::default(),
        }
    }
}

impl LivekitConfig {
    /// The addresses that signalling and metrics are bound to; none: all.
    pub fn addresses(&self) -> Vec<IpAddr> {
        let addresses: Vec<_> = self.bind_addresses.iter().map(|a| address(a)).collect();
        let all = |address: &Option<IpAddr>| address.is_some_and(|ip| ip.is_unspecified());
        if addresses.iter().any(all) {
            return Vec::new();
        }
        addresses.into_iter().flatten().collect()
    }

    /// Where this machine reaches the SFU, if the SFU is on it: `http://127.0.0.1:7880`.
    pub fn url_here(&self) -> String {
        format!("http://{}", self.socket_here())
    }

    /// The same for browsers of this machine: `ws://localhost:7880`.
    pub fn websocket_here(&self) -> String {
        match self.socket_here() {
            here if here.ip() == Ipv4Addr::LOCALHOST => format!("ws://localhost:{}", here.port()),
            here => format!("ws://{here}"),
        }
    }

    /// The same as an address.
    pub fn socket_here(&self) -> SocketAddr {
        let addresses = self.addresses();
        let loopback = addresses.iter().find(|ip| ip.is_loopback());
        let ip = loopback.or(addresses.first()).copied();
        SocketAddr::new(ip.unwrap_or(Ipv4Addr::LOCALHOST.into()), self.port)
    }
}

/// An entry of `bind_addresses`; the empty one stands for all addresses.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    match text {
        "" => Some(Ipv4Addr::UNSPECIFIED.into()),
        "localhost" => Some(Ipv4Addr::LOCALHOST.into()),
        text => text.parse().ok(),
    }
}

/// WebRTC: ports and addresses of media.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Rtc {
    /// TCP port for clients whose network lets no UDP through; 0: none.
    pub tcp_port: u16,
    /// First UDP port of media.
    pub port_range_start: u16,
    /// Last UDP port of media.
    pub port_range_end: u16,
    /// One UDP port, or `first-last`, that all media shares. A port range beats it.
    #[schemars(with = "Value")]
    pub udp_port: Option<String>,
    /// Address that clients send media to: IPv4, IPv6 or `v4,v6`.
    pub node_ip: Option<String>,
    /// Whether LiveKit asks STUN servers for its address. It beats `node_ip`.
    pub use_external_ip: bool,
    /// Whether loopback addresses are offered to clients.
    pub enable_loopback_candidate: bool,
}

impl Default for Rtc {
    fn default() -> Self {
        Self {
            tcp_port: 7881,
            port_range_start: 0,
            port_range_end: 0,
            udp_port: None,
            node_ip: None,
            use_external_ip: false,
            enable_loopback_candidate: false,
        }
    }
}

/// The UDP ports of media.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UdpPorts {
    /// A port for each participant.
    Range {
        /// First port.
        first: u16,
        /// Last port.
        last: u16,
    },
    /// Ports that all participants share.
    Mux {
        /// First port.
        first: u16,
        /// Last port.
        last: u16,
    },
}

impl Rtc {
    /// The UDP ports that LiveKit takes from these settings.
    pub fn udp(&self) -> UdpPorts {
        if self.port_range_start != 0 {
            return UdpPorts::Range {
                first: self.port_range_start,
                last: self.port_range_end,
            };
        }
        let shared = self.udp_port.as_deref().and_then(udp_ports);
        let port = |number: i64| u16::try_from(number.min(u16::MAX.into())).ok();
        match shared.and_then(|(first, last)| Some((port(first)?, port(last)?))) {
            Some((first, last)) if first != 0 => UdpPorts::Mux { first, last },
            _ => UdpPorts::Range {
                first: 50000,
                last: 60000,
            },
        }
    }
}

/// Defaults of every room.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Room {
    /// Whether joining a room that does not exist makes it.
    pub auto_create: bool,
    /// Seconds that a room stays when nobody ever joined.
    pub empty_timeout: u32,
    /// Seconds that a room stays after the last participant left.
    pub departure_timeout: u32,
    /// Most participants of a room; 0: no limit.
    pub max_participants: u32,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            auto_create: true,
            empty_timeout: 300,
            departure_timeout: 20,
            max_participants: 0,
        }
    }
}

/// Where LiveKit reports room events.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Webhook {
    /// Name of the key under `keys` that signs the reports.
    pub api_key: String,
    /// Addresses that are told.
    pub urls: Vec<String>,
}

/// The TURN server built into LiveKit.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Turn {
    /// Whether it runs.
    pub enabled: bool,
    /// Name that its certificate is for.
    pub domain: String,
    /// TCP port of TURN over TLS; 0: none.
    pub tls_port: u16,
    /// UDP port of TURN; 0: none.
    pub udp_port: u16,
    /// First UDP port that media is relayed from.
    pub relay_range_start: u16,
    /// Last UDP port that media is relayed from.
    pub relay_range_end: u16,
    /// Whether a balancer in front ends TLS.
    pub external_tls: bool,
    /// Certificate (PEM): a file of this machine, relative to the project's folder.
    pub cert_file: String,
    /// Key of the certificate: another such file.
    pub key_file: String,
}

impl Default for Turn {
    fn default() -> Self {
        Self {
            enabled: false,
            domain: String::new(),
            tls_port: 0,
            udp_port: 0,
            relay_range_start: 30000,
            relay_range_end: 40000,
            external_tls: false,
            cert_file: String::new(),
            key_file: String::new(),
        }
    }
}

/// Something of LiveKit's that listens on a port of its own.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct OwnPort {
    /// TCP port; 0: off.
    pub port: u16,
}

/// Reads `keys:` as pairs in the order of the file.
fn in_order<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<KeyPair>, D::Error> {
    struct Pairs;
    impl<'de> Visitor<'de> for Pairs {
        type Value = Vec<KeyPair>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("keys with their secrets")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut pairs = Vec::new();
            while let Some((key, secret)) = map.next_entry::<String, SecretString>()? {
                pairs.push(KeyPair { key, secret });
            }
            Ok(pairs)
        }
    }
    from.deserialize_map(Pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sfu_is_reached_where_it_is_bound() {
        let bound = |addresses: &[&str]| {
            let config = LivekitConfig {
                bind_addresses: addresses.iter().map(|&a| a.to_owned()).collect(),
                ..LivekitConfig::default()
            };
            (config.url_here(), config.websocket_here())
        };
        let here = ("http://127.0.0.1:7880", "ws://localhost:7880");
        for (addresses, (http, ws)) in [
            (&[][..], here),
            (&[""], here),
            (&["::"], here),
            (&["10.0.0.7", "0.0.0.0"], here),
            (&["10.0.0.7", "localhost"], here),
            (
                &["10.0.0.7"],
                ("http://10.0.0.7:7880", "ws://10.0.0.7:7880"),
            ),
            (&["::1"], ("http://[::1]:7880", "ws://[::1]:7880")),
        ] {
            assert_eq!(bound(addresses), (http.to_owned(), ws.to_owned()));
        }
    }
}
