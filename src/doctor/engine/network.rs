//! How the SFU's container reaches the network.

use async_trait::async_trait;

use crate::config::{Effective, NetworkChoice, NetworkMode};
use crate::doctor::{About, Blind, Check, Finding, Group, Look, Site};
use crate::engine::{Choice, Facts};
use crate::host::sockets::Protocol;

/// The check.
#[derive(Debug)]
pub struct Network;

const ABOUT: About = About {
    code: "engine.network",
    group: Group::Engine,
    title: "the SFU's network does not fit the engine",
    looks_at: "How the SFU reaches the network and why: the machine's own network where the engine really is on this\n\
        machine, published ports and one UDP port elsewhere; how many UDP ports are published; `network:` of\n\
        urbania.yaml.",
    why: "Docker starts two processes and three firewall rules for each published port: a hundred take seconds, the\n\
        usual 10,001 half an hour and 21 GB. And the host's network of an engine in a virtual machine or without root is not\n\
        this machine's: browsers reach nothing there.",
    fix: "Leave `network:` at `auto`. Where ports must be published, one UDP port is enough: `rtc: {udp_port: 7882}`\n\
        without a range.",
};

/// So many published ports start and stop within a second.
const FEW: usize = 50;

#[async_trait]
impl Check for Network {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let seen = site.engine()?;
        let ports = site.effective().map_or(0, udp_ports);
        let wanted = site
            .project()
            .map(|p| p.settings.network)
            .unwrap_or_default();
        let Some(containers) = seen.containers() else {
            let why = &seen.network.reason;
            return Ok(vec![Finding::ok(format!("the host's network: {why}"))]);
        };
        if containers.facts.endpoint.is_empty() {
            return Err(Blind::because("the engine does not say where it is"));
        }
        Ok(judge(&containers.facts, &seen.network, wanted, ports))
    }
}

fn udp_ports(effective: &Effective) -> usize {
    let udp = effective
        .ports
        .iter()
        .filter(|p| p.protocol == Protocol::Udp);
    udp.map(|p| usize::from(p.last - p.first) + 1).sum()
}

fn judge(facts: &Facts, network: &Choice, wanted: NetworkChoice, udp_ports: usize) -> Vec<Finding> {
    let word = match network.mode {
        NetworkMode::Host => "the host's network",
        NetworkMode::Published => "published ports",
    };
    let mut findings = Vec::new();
    let usual = facts.network(NetworkChoice::Auto);
    if wanted == NetworkChoice::Host && usual.mode == NetworkMode::Published {
        let message = format!("`network: host` of urbania.yaml, but {}", usual.reason);
        findings.push(
            Finding::problem(message)
                .evidence("that network is not this machine's")
                .fix("urbania.yaml: network: auto"),
        );
    }
    if network.mode == NetworkMode::Published && udp_ports > FEW {
        let message = format!("{udp_ports} UDP ports are published one by one");
        findings.push(
            Finding::warning(message)
                .evidence(format!(
                    "about {} processes of the engine's proxy",
                    udp_ports * 2
                ))
                .fix("livekit.yaml: one port, `rtc: {udp_port: 7882}`"),
        );
    }
    if findings.is_empty() {
        findings.push(Finding::ok(format!("{word}: {}", network.reason)));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    fn verdicts(facts: &Facts, wanted: NetworkChoice, udp_ports: usize) -> Vec<Verdict> {
        let found = judge(facts, &facts.network(wanted), wanted, udp_ports);
        found.into_iter().map(|f| f.verdict).collect()
    }

    #[test]
    fn what_fits_is_well_and_what_does_not_is_told() {
        use NetworkChoice::{Auto, Host, Published};
        let native = Facts {
            endpoint: "unix:///var/run/docker.sock".into(),
            kernel: "6.1".into(),
            own_kernel: "6.1".into(),
            ..Facts::default()
        };
        let rootless = Facts {
            rootless: true,
            ..native.clone()
        };
        assert_eq!(verdicts(&native, Auto, 10_001), [Verdict::Ok]);
        assert_eq!(verdicts(&native, Host, 10_001), [Verdict::Ok]);
        assert_eq!(verdicts(&native, Published, 1), [Verdict::Ok]);
        assert_eq!(verdicts(&native, Published, 101), [Verdict::Warning]);
        assert_eq!(verdicts(&rootless, Auto, 1), [Verdict::Ok]);
        assert_eq!(verdicts(&rootless, Host, 1), [Verdict::Problem]);
    }
}
