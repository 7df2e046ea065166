//! The address that browsers send media to.

use std::net::IpAddr;

use async_trait::async_trait;

use super::{Advertises, is_link_local, is_private};
use crate::doctor::{About, Blind, Check, Finding, Group, Look, Site};
use crate::host::address::{internal_interface, is_here};

/// The check.
#[derive(Debug)]
pub struct Advertised;

const ABOUT: About = About {
    code: "address.advertised",
    group: Group::Address,
    title: "the SFU advertises an address that browsers do not reach",
    looks_at: "`rtc.node_ip` of livekit.yaml, or the address that `urbania up` adds: whether this machine has it, and\n\
        whether it is that of a container engine's bridge, of loopback, of one link alone, or of no network at all.",
    why: "Signalling works, the participant joins, and then nothing is seen or heard: `could not establish pc\n\
        connection`. It is the fault that people who host LiveKit themselves meet first.",
    fix: "Take `rtc.node_ip` out of livekit.yaml: `urbania up` adds the address that other machines reach. Behind a\n\
        router it must be the router's public address, and the router must forward the ports of media.",
};

#[async_trait]
impl Check for Advertised {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let rtc = &site.project()?.livekit.rtc;
        if site.is_elsewhere() {
            return Err(Blind::because("the engine is on another machine"));
        }
        if rtc.use_external_ip {
            return Ok(Vec::new());
        }
        let Advertises {
            addresses,
            is_named,
        } = Advertises::of(site)?;
        let places = addresses.into_iter().map(|ip| Place::of(ip, is_named));
        Ok(places.map(|place| judge(&place)).collect())
    }
}

/// What there is to know about an address.
struct Place {
    ip: IpAddr,
    /// Whether livekit.yaml names it.
    is_named: bool,
    /// Whether this machine has it.
    is_here: bool,
    /// The bridge inside this machine that it is in the network of.
    internal: Option<String>,
}

impl Place {
    fn of(ip: IpAddr, is_named: bool) -> Self {
        Self {
            ip,
            is_named,
            is_here: is_here(ip),
            internal: internal_interface(ip).filter(|_| !ip.is_loopback()),
        }
    }
}

fn judge(place: &Place) -> Finding {
    let ip = place.ip;
    let says = if place.is_named {
        format!("livekit.yaml: rtc.node_ip: {ip}")
    } else {
        format!("rtc.node_ip: {ip} is what `urbania up` adds")
    };
    let take_out = "take rtc.node_ip out of livekit.yaml, then `urbania up`";
    if let Some(interface) = &place.internal {
        let message = format!(
            "the SFU advertises {ip}, an address of `{interface}`, which other machines do not reach"
        );
        return Finding::problem(message).evidence(says).fix(take_out);
    }
    if ip.is_loopback() {
        let message = format!("the SFU advertises {ip}: only browsers of this machine reach it");
        return Finding::note(message)
            .evidence(says)
            .evidence("Firefox refuses loopback addresses for media")
            .fix("connect this machine to a network, or name an address in rtc.node_ip");
    }
    if ip.is_unspecified() {
        let message = format!("the SFU advertises {ip}, which is no address");
        return Finding::problem(message).evidence(says).fix(take_out);
    }
    if is_link_local(ip) {
        let message =
            format!("the SFU advertises {ip}, a link-local address: browsers send no media to one");
        return Finding::problem(message).evidence(says).fix(take_out);
    }
    if place.is_here {
        return Finding::ok(format!("the SFU advertises {ip}"));
    }
    if is_private(ip) {
        let message = format!("the SFU advertises {ip}, which this machine does not have");
        return Finding::problem(message).evidence(says).fix(take_out);
    }
    Finding::note(format!(
        "the SFU advertises {ip}, which this machine does not have itself"
    ))
    .evidence(says)
    .fix("the router that has it must forward the ports of media to this machine")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn addresses_are_judged_by_who_reaches_them() {
        let verdict = |ip: &str, is_here, internal: Option<&str>| {
            let place = Place {
                ip: ip.parse().unwrap(),
                is_named: true,
                is_here,
                internal: internal.map(Into::into),
            };
            judge(&place).verdict
        };
        assert_eq!(verdict("192.168.1.5", true, None), Verdict::Ok);
        assert_eq!(verdict("192.168.1.5", false, None), Verdict::Problem);
        assert_eq!(
            verdict("172.17.0.1", true, Some("docker0")),
            Verdict::Problem
        );
        assert_eq!(verdict("8.8.8.8", false, None), Verdict::Note);
        assert_eq!(verdict("127.0.0.1", true, None), Verdict::Note);
        assert_eq!(verdict("0.0.0.0", true, None), Verdict::Problem);
        assert_eq!(verdict("fe80::1", false, None), Verdict::Problem);
        assert_eq!(verdict("169.254.7.7", true, None), Verdict::Problem);
    }
}
