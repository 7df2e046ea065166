//! Rules that keep others out.

use async_trait::async_trait;

use crate::config::NetworkMode;
use crate::doctor::{About, Blind, Check, Finding, Group, Look, Site};
use crate::host::firewall::{Fate, Packet, fate, ruleset};
use crate::host::ports::PortNeed;
use crate::stack::service::Service;
use crate::stack::wanted::port_needs;

/// The check.
#[derive(Debug)]
pub struct Firewall;

const ABOUT: About = About {
    code: "machine.firewall",
    group: Group::Machine,
    title: "the firewall keeps other machines from the SFU",
    looks_at: "As root, the rules of nftables, also those that iptables, ufw and firewalld write there: what they do\n\
        with the first packet of another machine to each port of the SFU. Rules that cannot be followed count as open, so\n\
        silence is no promise. Firewalls of routers and clouds are not seen from here. Where the engine publishes ports, it\n\
        opens them itself, and nothing is looked at.",
    why: "Signalling on one TCP port is often open while the range of media is not: everybody joins, nobody hears\n\
        anybody, and it works on this machine, which no firewall looks at.",
    fix: "Open the ports, for ufw `sudo ufw allow 7880:7881/tcp` and `sudo ufw allow 50000:60000/udp`, for firewalld\n\
        `sudo firewall-cmd --add-port=50000-60000/udp --permanent`, for nftables a rule\n\
        `udp dport 50000-60000 accept` in the chain that the finding names.",
};

#[async_trait]
impl Check for Firewall {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let (project, effective) = (site.project()?, site.effective()?);
        if site.machine()?.network == NetworkMode::Published {
            return Ok(Vec::new());
        }
        let mut needs = port_needs(project, effective, &[Service::Livekit]);
        needs.retain(|need| need.address.is_none_or(|ip| !ip.is_loopback()));
        let rules = ruleset().await.map_err(Blind)?;
        let found = needs
            .iter()
            .filter_map(|need| judge(need, &|packet| fate(&rules, packet)));
        Ok(found.collect())
    }
}

/// The ends of a range stand for it.
fn judge(need: &PortNeed, fate: &dyn Fn(Packet) -> Fate) -> Option<Finding> {
    let protocol = need.protocol;
    let dropped = [need.first, need.last].into_iter().find_map(|port| {
        match fate(Packet { protocol, port }) {
            Fate::Dropped { chain, by_policy } => Some((chain, by_policy)),
            Fate::MayPass => None,
        }
    });
    let (chain, by_policy) = dropped?;
    let why = if by_policy {
        format!("chain `{chain}` drops what no rule lets in, and none lets this in")
    } else {
        format!("a rule of chain `{chain}` drops it")
    };
    let ports = if need.first == need.last {
        need.first.to_string()
    } else {
        format!("{}-{}", need.first, need.last)
    };
    let message = format!(
        "the firewall keeps other machines from {need}, {}",
        need.purpose
    );
    Some(
        Finding::warning(message)
            .evidence(why)
            .fix(format!(
                "sudo ufw allow {}/{protocol}",
                ports.replace('-', ":")
            ))
            .fix(format!("or in that chain: {protocol} dport {ports} accept")),
    )
}
