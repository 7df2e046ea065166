//! What the SFU takes from `livekit.yaml`.

mod unsupported;

pub use unsupported::unheeded;

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use crate::config::{LivekitConfig, Room, UdpPorts, livekit_file};
use crate::error::{Error, Result};
use crate::livekit::keys::KeyPair;

/// What an SFU is started with.
#[derive(Clone, Debug)]
pub struct SfuConfig {
    /// Where signalling and the room service listen.
    pub addresses: Vec<IpAddr>,
    /// On this port.
    pub port: u16,
    /// Tokens of these pairs are believed.
    pub keys: Vec<KeyPair>,
    /// The ports and addresses of media.
    pub media: MediaConfig,
    /// What rooms are like where nothing else is said.
    pub rooms: Room,
    /// Who is told of what happens in rooms.
    pub webhook: Option<WebhookConfig>,
    /// Where it is, in the owner's words.
    pub region: String,
    /// What of the file makes no difference here.
    pub unheeded: Option<String>,
}

/// The ports and addresses of media.
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// One of these UDP ports is taken; there is a choice where a range is given.
    pub udp: (u16, u16),
    /// The TCP port, unless there is none.
    pub tcp: Option<u16>,
    /// The addresses that clients are told.
    pub addresses: Vec<IpAddr>,
}

/// Who is told of what happens in rooms.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    /// Signs what is told.
    pub pair: KeyPair,
    /// Where it is told.
    pub urls: Vec<String>,
}

impl SfuConfig {
    /// Reads the effective `livekit.yaml` at `path`.
    pub fn read(path: &Path) -> Result<Self> {
        Self::of(&livekit_file(path)?)
    }

    /// The same from what has been read.
    pub fn of(livekit: &LivekitConfig) -> Result<Self> {
        if livekit.keys.is_empty() {
            let message = if livekit.key_file.is_none() {
                "`keys` of livekit.yaml is empty"
            } else {
                "`key_file` of livekit.yaml is not read here, and `keys` is empty"
            };
            return Err(
                Error::usage(message).hint("keys: {devkey: a-secret-of-32-characters-or-more}")
            );
        }
        let (UdpPorts::Range { first, last } | UdpPorts::Mux { first, last }) = livekit.rtc.udp();
        Ok(Self {
            addresses: livekit.addresses(),
            port: livekit.port,
            keys: livekit.keys.clone(),
            media: MediaConfig {
                udp: (first, last.max(first)),
                tcp: Some(livekit.rtc.tcp_port).filter(|port| *port != 0),
                addresses: advertised(livekit)?,
            },
            rooms: livekit.room.clone(),
            webhook: webhook(livekit)?,
            region: livekit.region.clone(),
            unheeded: unheeded(&livekit.tree),
        })
    }
}

/// Where media goes: `rtc.node_ip`, else this machine's address in its network; loopback besides where that
/// is asked for. Browsers that refuse loopback addresses have the first.
fn advertised(livekit: &LivekitConfig) -> Result<Vec<IpAddr>> {
    let rtc = &livekit.rtc;
    let mut addresses = Vec::new();
    match &rtc.node_ip {
        Some(text) => {
            for part in text.split(',').map(str::trim) {
                let ip = part.parse();
                addresses.push(ip.map_err(|_| {
                    Error::usage(format!("`rtc.node_ip`: `{part}` is no IP address"))
                })?);
            }
        }
        None => addresses.push(crate::host::address::node_ip()),
    }
    if rtc.enable_loopback_candidate {
        addresses.push(Ipv4Addr::LOCALHOST.into());
    }
    let mut seen = Vec::new();
    addresses.retain(|ip| {
        !seen.contains(ip) && {
            seen.push(*ip);
            true
        }
    });
    Ok(addresses)
}

fn webhook(livekit: &LivekitConfig) -> Result<Option<WebhookConfig>> {
    let webhook = &livekit.webhook;
    if webhook.urls.is_empty() {
        return Ok(None);
    }
    let pair = livekit.keys.iter().find(|pair| pair.key == webhook.api_key);
    let pair = pair.ok_or_else(|| {
        let message = format!(
            "`webhook.api_key`: no key `{}` under `keys`",
            webhook.api_key
        );
        Error::usage(message)
    })?;
    Ok(Some(WebhookConfig {
        pair: pair.clone(),
        urls: webhook.urls.clone(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Rtc, Webhook};

    fn livekit() -> LivekitConfig {
        LivekitConfig {
            keys: vec![KeyPair::documented()],
            rtc: Rtc {
                node_ip: Some("127.0.0.1".into()),
                ..Rtc::default()
            },
            ..LivekitConfig::default()
        }
    }

    #[test]
    fn an_address_is_offered_once() {
        let mut livekit = livekit();
        livekit.rtc.enable_loopback_candidate = true;
        let config = SfuConfig::of(&livekit).unwrap();
        assert_eq!(config.media.addresses, [Ipv4Addr::LOCALHOST]);
        livekit.rtc.node_ip = Some("192.0.2.1, ::1".into());
        let config = SfuConfig::of(&livekit).unwrap();
        let expected = ["192.0.2.1", "::1", "127.0.0.1"].map(|ip| ip.parse::<IpAddr>().unwrap());
        assert_eq!(config.media.addresses, expected);
    }

    #[test]
    fn a_webhook_is_signed_with_a_pair_that_is_there() {
        let mut livekit = livekit();
        livekit.webhook = Webhook {
            api_key: "nobody".into(),
            urls: vec!["http://127.0.0.1:1".into()],
        };
        let error = SfuConfig::of(&livekit).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`webhook.api_key`: no key `nobody` under `keys`"
        );
        livekit.webhook.api_key = "devkey".into();
        assert!(SfuConfig::of(&livekit).unwrap().webhook.is_some());
    }

    #[test]
    fn without_keys_there_is_nothing_to_believe() {
        let livekit = LivekitConfig::default();
        let error = SfuConfig::of(&livekit).unwrap_err().to_string();
        assert_eq!(error, "`keys` of livekit.yaml is empty");
        let livekit = LivekitConfig {
            key_file: Some("keys.yaml".into()),
            ..livekit
        };
        let error = SfuConfig::of(&livekit).unwrap_err().to_string();
        assert!(
            error.starts_with("`key_file` of livekit.yaml is not read here"),
            "{error}"
        );
    }
}
