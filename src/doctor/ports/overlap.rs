//! Ports that the configuration gives away twice.

use async_trait::async_trait;

use crate::config::{LivekitConfig, PortUse};
use crate::doctor::{About, Check, Finding, Group, Look, Site};
use crate::host::sockets::Protocol;

/// The check.
#[derive(Debug)]
pub struct Overlap;

const ABOUT: About = About {
    code: "ports.overlap",
    group: Group::Ports,
    title: "livekit.yaml gives one port to two purposes",
    looks_at: "The ports of livekit.yaml with their protocols: signalling, media over TCP, media, TURN and the\n\
        ports that TURN relays from, metrics, profiler.",
    why: "Two listeners on one TCP port end LiveKit at its start. Ranges of media that overlap TURN's work for\n\
        hours, until both draw the same port: then one call has no media.",
    fix: "Move one of the two. `rtc.port_range_start` to `rtc.port_range_end` and `turn.relay_range_start` to\n\
        `turn.relay_range_end` (30000-40000 where nothing is said) must be apart, and `turn.udp_port` outside of both.",
};

#[async_trait]
impl Check for Overlap {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let mut uses = site.effective()?.ports.clone();
        if site.runs_livekit().is_ok() {
            uses.extend(relay(&site.project()?.livekit));
        }
        Ok(judge(&uses))
    }
}

/// The ports that TURN relays from are bound when a relay is asked for.
fn relay(livekit: &LivekitConfig) -> Option<PortUse> {
    let turn = &livekit.turn;
    turn.enabled.then(|| PortUse {
        protocol: Protocol::Udp,
        first: turn.relay_range_start,
        last: turn.relay_range_end,
        purpose: "TURN's relays",
        addresses: Vec::new(),
    })
}

fn judge(uses: &[PortUse]) -> Vec<Finding> {
    let pairs = uses.iter().enumerate();
    let pairs = pairs.flat_map(|(n, one)| uses[..n].iter().map(move |other| (other, one)));
    pairs.filter_map(|(one, other)| clash(one, other)).collect()
}

fn clash(one: &PortUse, other: &PortUse) -> Option<Finding> {
    let (first, last) = (one.first.max(other.first), one.last.min(other.last));
    if one.protocol != other.protocol || first > last {
        return None;
    }
    let ports = if first == last {
        first.to_string()
    } else {
        format!("{first}-{last}")
    };
    let message = format!(
        "{ports}/{} is for {} and for {}",
        one.protocol, one.purpose, other.purpose
    );
    let both_are_ranges = one.first != one.last && other.first != other.last;
    let finding = if both_are_ranges {
        Finding::warning(message)
    } else {
        Finding::problem(message)
    };
    Some(finding.fix("move one of them in livekit.yaml, then `urbania up`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    fn of(protocol: Protocol, first: u16, last: u16, purpose: &'static str) -> PortUse {
        PortUse {
            protocol,
            first,
            last,
            purpose,
            addresses: Vec::new(),
        }
    }

    #[test]
    fn what_is_given_away_twice_is_told_with_its_protocol() {
        use Protocol::{Tcp, Udp};
        let uses = [
            of(Tcp, 7880, 7880, "signalling"),
            of(Udp, 50000, 60000, "media"),
            of(Udp, 7880, 7880, "TURN"),
            of(Udp, 30000, 50010, "TURN's relays"),
            of(Tcp, 7880, 7880, "metrics"),
        ];
        let found: Vec<_> = judge(&uses)
            .into_iter()
            .map(|f| (f.verdict, f.message))
            .collect();
        let expected = [
            (
                Verdict::Warning,
                "50000-50010/udp is for media and for TURN's relays",
            ),
            (
                Verdict::Problem,
                "7880/tcp is for signalling and for metrics",
            ),
        ];
        assert_eq!(
            found,
            expected.map(|(verdict, message)| (verdict, message.to_owned()))
        );
        assert_eq!(judge(&uses[..3]), []);
    }
}
