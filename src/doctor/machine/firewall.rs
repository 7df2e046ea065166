//! Rules that keep others out.

use async_trait::async_trait;

use crate::config::NetworkMode;
use crate::doctor::{About, Blind, Check, Finding, Group, Look, Site};
use crate::host::firewall::{Fate, Packet, Rules, Tool};
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
        what they do with the first packet of another machine, over IPv4, to each port of the SFU. Protocols, ports,\n\
        states of connections, the loopback interface, maps and calls of chains are followed. What asks for a sender, an\n\
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
        if site.machine()?.network == NetworkMode::Published {
            return Ok(Vec::new());
        }
        let mut needs = port_needs(project, effective, &[Service::Livekit]);
        needs.retain(|need| need.address.is_none_or(|ip| !ip.is_loopback()));
        let rules = Rules::read().await.map_err(Blind)?;
        let found = needs
            .iter()
            .filter_map(|need| judge(need, &|packet| rules.fate(packet)));
        Ok(found.collect())
    }
}

/// The ends of a range stand for it.
fn judge(need: &PortNeed, fate: &dyn Fn(Packet) -> Fate) -> Option<Finding> {
    let protocol = need.protocol;
    let ends = [need.first, need.last];
    let dropped = ends.into_iter().find_map(|port| {
        let fate = fate(Packet { protocol, port });
        match fate {
            Fate::Dropped {
                chain,
                by_policy,
                tool,
            } => Some((chain, by_policy, tool)),
            Fate::MayPass => None,
        }
    });
    let (chain, by_policy, tool) = dropped?;
    let why = if by_policy {
        format!("chain `{chain}` drops what no rule lets in, and none lets this in")
    } else {
        format!("a rule of chain `{chain}` drops it")
    };
    let message = format!(
        "the firewall keeps other machines from {need}, {}",
        need.purpose
    );
    let finding = Finding::warning(message).evidence(why);
    Some(
        ways(tool, &chain, need)
            .into_iter()
            .fold(finding, Finding::fix),
    )
}

/// What opens the ports, with what the chain was written with.
fn ways(tool: Tool, chain: &str, need: &PortNeed) -> Vec<String> {
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
        // `ip filter INPUT`
        Tool::Iptables | Tool::LegacyIptables => {
            let place = chain.trim_start_matches("ip ");
            let legacy = match tool {
                Tool::LegacyIptables => "-legacy",
                _ => "",
            };
            vec![format!(
                "sudo iptables{legacy} -t {} -p {protocol} --dport {} -j ACCEPT",
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
