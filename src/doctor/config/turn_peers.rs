//! TURN that refuses to relay to its own SFU.

use std::net::IpAddr;

use async_trait::async_trait;
use serde_json::Value;

use crate::config::LivekitConfig;
use crate::doctor::{About, Check, Finding, Group, Look, Site};

/// The check.
#[derive(Debug)]
pub struct TurnPeers;

const ABOUT: About = About {
    code: "config.turn-peers",
    group: Group::Config,
    title: "TURN refuses to relay to the SFU's private address",
    looks_at: "With `turn.enabled`: whether the address that the SFU advertises is private, link-local or loopback, and\n\
        whether `turn.allow_restricted_peer_cidrs` lets it in.",
    why: "Since 1.12 LiveKit's TURN server relays to no private address unless it is allowed to, so that nobody\n\
        reaches the inside of a network through it. The SFU itself has such an address on a LAN: clients that need TURN get\n\
        a relay that reaches nobody, and their calls fail as if TURN were off.",
    fix: "Allow that one address: `turn: {allow_restricted_peer_cidrs: [192.168.1.5/32]}` in livekit.yaml, then\n\
        `urbania up`.",
};

#[async_trait]
impl Check for TurnPeers {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let livekit = &site.project()?.livekit;
        let own = site.machine()?.node_ip;
        let Some(finding) = judge(livekit, own) else {
            return Ok(Vec::new());
        };
        site.runs_livekit()?;
        Ok(vec![finding])
    }
}

/// `own`: the address that is advertised when the file names none.
fn judge(livekit: &LivekitConfig, own: IpAddr) -> Option<Finding> {
    let rtc = &livekit.rtc;
    if !livekit.turn.enabled || rtc.use_external_ip {
        return None;
    }
    let named = rtc.node_ip.as_deref().unwrap_or_default().split(',');
    let mut addresses: Vec<IpAddr> = named.filter_map(|ip| ip.trim().parse().ok()).collect();
    if addresses.is_empty() {
        addresses.push(own);
    }
    let allowed = &livekit.tree["turn"]["allow_restricted_peer_cidrs"];
    let allowed = allowed.as_array().map_or(&[][..], Vec::as_slice);
    let refused = |ip: &IpAddr| is_restricted(*ip) && !allowed.iter().any(|c| contains(c, *ip));
    let ip = addresses.into_iter().find(refused)?;
    let bits = if ip.is_ipv4() { 32 } else { 128 };
    Some(
        Finding::warning(format!("TURN does not relay to the SFU's own address, {ip}"))
            .evidence("turn.allow_restricted_peer_cidrs does not let it in")
            .fix(format!(
                "livekit.yaml: `turn: {{allow_restricted_peer_cidrs: [{ip}/{bits}]}}`, then `urbania up`"
            )),
    )
}

/// What LiveKit calls restricted.
fn is_restricted(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            ip.is_loopback()
                || ip.is_link_local()
                || ip.is_multicast()
                || ip.is_private()
                || ip.is_unspecified()
        }
        IpAddr::V6(ip) => {
            ip.is_loopback()
                || ip.is_unicast_link_local()
                || ip.is_multicast()
                || ip.is_unique_local()
                || ip.is_unspecified()
        }
    }
}

fn contains(cidr: &Value, ip: IpAddr) -> bool {
    let Some((network, bits)) = cidr.as_str().and_then(|text| text.split_once('/')) else {
        return false;
    };
    let Ok(bits) = bits.parse::<u32>() else {
        return false;
    };
    match (network.parse(), ip) {
        (Ok(IpAddr::V4(network)), IpAddr::V4(ip)) => {
            let other = network.to_bits() ^ ip.to_bits();
            other.checked_shr(32_u32.saturating_sub(bits)).unwrap_or(0) == 0
        }
        (Ok(IpAddr::V6(network)), IpAddr::V6(ip)) => {
            let other = network.to_bits() ^ ip.to_bits();
            other.checked_shr(128_u32.saturating_sub(bits)).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_their_addresses() {
        for (cidr, ip, expected) in [
            ("10.0.0.0/8", "10.9.0.5", true),
            ("10.0.0.0/16", "10.9.0.5", false),
            ("192.168.1.5/32", "192.168.1.5", true),
            ("192.168.1.5/32", "192.168.1.4", false),
            ("0.0.0.0/0", "10.9.0.5", true),
            ("fd00::/8", "fd12::1", true),
            ("fd00::/8", "10.9.0.5", false),
            ("nonsense", "10.9.0.5", false),
        ] {
            let found = contains(&cidr.into(), ip.parse().unwrap());
            assert_eq!(found, expected, "{cidr} {ip}");
        }
    }

    #[test]
    fn a_private_address_is_refused_until_it_is_allowed() {
        let mut livekit = LivekitConfig::default();
        let private = "10.9.0.5".parse().unwrap();
        assert_eq!(judge(&livekit, private), None);
        livekit.turn.enabled = true;
        let found = judge(&livekit, private).unwrap();
        assert!(found.fix[0].contains("[10.9.0.5/32]"), "{found:?}");
        assert_eq!(judge(&livekit, "8.8.8.8".parse().unwrap()), None);
        livekit.tree = serde_json::json!({"turn": {"allow_restricted_peer_cidrs": ["10.0.0.0/8"]}});
        assert_eq!(judge(&livekit, private), None);
    }
}
