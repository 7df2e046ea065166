//! Ports that the kernel may give to any other socket.

use async_trait::async_trait;

use crate::doctor::{About, Blind, Check, Finding, Group, Look, Mend, Site};
use crate::host::kernel::{Ephemeral as Given, RESERVED_PORTS};
use crate::host::ports::PortNeed;

/// The check.
#[derive(Debug)]
pub struct Ephemeral;

const ABOUT: About = About {
    code: "ports.ephemeral",
    group: Group::Ports,
    title: "the kernel may give a port of the project to any other socket",
    looks_at: "`net.ipv4.ip_local_port_range`, the ports that the kernel gives to sockets that ask for none, and\n\
        `net.ipv4.ip_local_reserved_ports`, the exceptions, against the ports that the project needs.",
    why: "Linux gives 32768 to 60999 to whatever opens a connection, and LiveKit's usual range of media,\n\
        50000-60000, is within. A browser or a resolver that sits on a port of the range costs nothing while others\n\
        are free. A single port is another matter: while somebody sits on it, LiveKit does not start.",
    fix: "Reserve the ports: `sudo urbania doctor --fix`, or by hand\n\
        `sudo sysctl -w net.ipv4.ip_local_reserved_ports=50000-60000` and the same line in /etc/sysctl.d.\n\
        Reserved ports can still be bound by whoever names them.",
};

#[async_trait]
impl Check for Ephemeral {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let given = Given::read()
            .ok_or_else(|| Blind::because("this system does not say which ports it gives away"))?;
        Ok(judge(&super::needs(site)?, &given).into_iter().collect())
    }
}

/// One finding for all ports: they are reserved in one line.
fn judge(needs: &[PortNeed], given: &Given) -> Option<Finding> {
    let mut evidence = Vec::new();
    let mut reserve = Vec::new();
    let mut is_single = false;
    for need in needs {
        if let Some((first, last)) = given.among(need.first, need.last) {
            evidence.push(format!("{need}: {}, for {}", need.service, need.purpose));
            reserve.push((first, last));
            is_single |= need.count() == 1;
        }
    }
    if reserve.is_empty() {
        return None;
    }
    let message = format!(
        "ports of the project are among {}-{}, which the kernel gives to any socket",
        given.first, given.last
    );
    let finding = if is_single {
        Finding::warning(message)
    } else {
        Finding::note(message)
    };
    let value = given.reserving(&reserve);
    let finding = evidence.into_iter().fold(finding, Finding::evidence);
    Some(
        finding
            .fix(format!("sudo sysctl -w {RESERVED_PORTS}={value}"))
            .mend(Mend::Sysctl {
                name: RESERVED_PORTS,
                value,
            }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn a_range_is_worth_a_note_and_a_single_port_a_warning() {
        let given = Given {
            first: 32768,
            last: 60999,
            reserved: vec![(40000, 40000)],
        };
        assert_eq!(
            judge(
                &[PortNeed::media(7880, 7880), PortNeed::media(40000, 40000)],
                &given
            ),
            None
        );
        let range = judge(
            &[PortNeed::media(7880, 7880), PortNeed::media(50000, 61000)],
            &given,
        )
        .unwrap();
        assert_eq!(range.verdict, Verdict::Note);
        assert_eq!(
            range.fix,
            ["sudo sysctl -w net.ipv4.ip_local_reserved_ports=40000,50000-60999"]
        );
        let single = judge(&[PortNeed::media(50000, 50000)], &given).unwrap();
        assert_eq!(single.verdict, Verdict::Warning);
        assert_eq!(single.evidence, ["50000/udp: livekit, for media"]);
    }
}
