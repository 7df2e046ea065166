//! Rules that keep others out.

use std::collections::BTreeSet;
use std::iter::once;
use std::net::IpAddr;

use async_trait::async_trait;

use crate::config::{EngineKind, Machine, NetworkMode};
use crate::doctor::{About, Blind, Check, Finding, Group, Look, Site};
use crate::host::address::has_ipv6;
use crate::host::firewall::{Family, Fate, Packet, Rules, Tool};
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
    looks_at: "As root, the rules of nftables and of both kinds of iptables, and with them those of ufw and firewalld:\n\
        what they do with the first packet of another machine to each port of the SFU, over IPv4 and, where this machine\n\
        has an address of it that others may use, over IPv6: LiveKit offers that, too. Protocols, ports, states of\n\
        connections, the loopback interface, maps and calls of chains are followed. What asks for a sender, an\n\
        interface, a rate or a mark counts as open, so silence is no promise. Rules in `netdev` tables and the firewalls\n\
        of routers and clouds are not seen. Where the engine publishes ports, it opens them itself, and nothing is looked\n\
        at.",
    why: "Signalling on one TCP port is often open while the range of media is not: everybody joins, nobody hears\n\
        anybody, and it works on this machine, which no firewall looks at.",
    fix: "Open the ports with what the rules were written with; the finding has the command. Such as\n\
        `sudo ufw allow 50000:60000/udp`, or `sudo firewall-cmd --permanent --add-port=50000-60000/udp` and then\n\
        `sudo firewall-cmd --reload`. A rule that `iptables` or `nft` adds by hand is gone with the next start of the\n\
        machine, unless it is written where the others are.",
};

#[async_trait]
impl Check for Firewall {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let (project, effective) = (site.project()?, site.effective()?);
        if site.is_elsewhere() {
            return Err(Blind::because("the engine is on another machine"));
        }
        let machine = site.machine()?;
        if machine.network == NetworkMode::Published {
            return Ok(Vec::new());
        }
        let mut needs = port_needs(project, effective, &[Service::Livekit]);
        needs.retain(|need| need.address.is_none_or(|ip| !ip.is_loopback()));
        let families = families(machine);
        let rules = Rules::read(families).await.map_err(Blind)?;
        let edges = rules.edges();
        let found = needs
            .iter()
            .filter_map(|need| judge(need, families, &edges, &|packet| rules.fate(packet)));
        Ok(found.collect())
    }
}

/// How others may come. The development SFU offers the one address that it is given.
fn families(machine: &Machine) -> &'static [Family] {
    if machine.engine != EngineKind::Embedded && has_ipv6() {
        &[Family::V4, Family::V6]
    } else {
        &[Family::V4]
    }
}

/// What keeps out the packets of a family.
#[derive(PartialEq, Eq)]
struct Closed {
    /// The first port that is closed.
    port: u16,
    chain: String,
    by_policy: bool,
    tool: Tool,
}

impl Closed {
    /// Between the ports at which rules begin and end, one port is like the next.
    fn of(
        need: &PortNeed,
        family: Family,
        edges: &BTreeSet<u16>,
        fate: &dyn Fn(Packet) -> Fate,
    ) -> Option<Self> {
        let within = edges.range(need.first..=need.last).copied();
        once(need.first).chain(within).find_map(|port| {
            let packet = Packet {
                family,
                protocol: need.protocol,
                port,
            };
            match fate(packet) {
                Fate::Dropped {
                    chain,
                    by_policy,
                    tool,
                } => Some(Self {
                    port,
                    chain,
                    by_policy,
                    tool,
                }),
                Fate::MayPass => None,
            }
        })
    }

    fn why(&self, need: &PortNeed) -> String {
        let chain = &self.chain;
        let from = match self.port {
            port if port == need.first => String::new(),
            port => format!(", from port {port} on"),
        };
        if self.by_policy {
            format!("chain `{chain}` drops what no rule lets in, and none lets this in{from}")
        } else {
            format!("a rule of chain `{chain}` drops it{from}")
        }
    }
}

fn judge(
    need: &PortNeed,
    families: &[Family],
    edges: &BTreeSet<u16>,
    fate: &dyn Fn(Packet) -> Fate,
) -> Option<Finding> {
    let asked = families.iter().filter(|family| is_bound(need, **family));
    let (mut closed, mut open) = (Vec::new(), 0);
    let mut by: Vec<Closed> = Vec::new();
    for family in asked {
        let Some(found) = Closed::of(need, *family, edges, fate) else {
            open += 1;
            continue;
        };
        closed.push(*family);
        // One chain may be for both.
        if !by.contains(&found) {
            by.push(found);
        }
    }
    let over = match closed.as_slice() {
        [] => return None,
        [one] if open > 0 => format!(", over {one}"),
        _ => String::new(),
    };
    let message = format!(
        "the firewall keeps other machines from {need}, {}{over}",
        need.purpose
    );
    let finding = by.iter().fold(Finding::warning(message), |f, closed| {
        f.evidence(closed.why(need))
    });
    let mut ways: Vec<String> = Vec::new();
    for way in by.iter().flat_map(|closed| ways_of(closed, need)) {
        // `ufw` and `firewalld` open both.
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    Some(ways.into_iter().fold(finding, Finding::fix))
}

/// Whether the SFU is there at all for those who come like this.
fn is_bound(need: &PortNeed, family: Family) -> bool {
    need.address.is_none_or(|ip| match ip {
        IpAddr::V4(_) => family == Family::V4,
        // `::` takes IPv4 along.
        IpAddr::V6(ip) => family == Family::V6 || ip.is_unspecified(),
    })
}

/// What opens the ports, with what the chain was written with.
fn ways_of(closed: &Closed, need: &PortNeed) -> Vec<String> {
    let Closed { chain, tool, .. } = closed;
    let protocol = need.protocol;
    let ports = |between: char| match need.count() {
        1 => need.first.to_string(),
        _ => format!("{}{between}{}", need.first, need.last),
    };
    match tool {
        Tool::Ufw => vec![format!("sudo ufw allow {}/{protocol}", ports(':'))],
        Tool::Firewalld => vec![
            format!(
                "sudo firewall-cmd --permanent --add-port={}/{protocol}",
                ports('-')
            ),
            "sudo firewall-cmd --reload".to_owned(),
        ],
        Tool::Iptables | Tool::LegacyIptables => {
            // `ip filter INPUT`, `ip6 filter INPUT`
            let (family, place) = chain.split_once(' ').unwrap_or(("ip", chain));
            let legacy = match tool {
                Tool::LegacyIptables => "-legacy",
                _ => "",
            };
            vec![format!(
                "sudo {family}tables{legacy} -t {} -p {protocol} --dport {} -j ACCEPT",
                place.replace(' ', " -I "),
                ports(':')
            )]
        }
        Tool::Nft => vec![format!(
            "sudo nft insert rule {chain} {protocol} dport {} accept",
            ports('-')
        )],
    }
}
