//! What a visit to the SFU means.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use crate::config::{Rtc, UdpPorts};
use crate::doctor::Finding;
use crate::participant::{Answer, Failure, Path, Report, Transport, Tried, Won};

/// What there is to say. `node_ip` is an address of this machine that media could be sent to.
pub fn judge(report: &Report, rtc: &Rtc, node_ip: IpAddr) -> Vec<Finding> {
    let mut findings = vec![ways(report, rtc, node_ip)];
    if report.udp.outcome.is_ok() || report.tcp.outcome.is_ok() {
        findings.extend(silent(report).into_iter().map(out_of_reach));
    }
    let evidence = evidence(report);
    findings[0].evidence.extend(evidence);
    findings
}

/// Which ways media has.
fn ways(report: &Report, rtc: &Rtc, node_ip: IpAddr) -> Finding {
    match (&report.udp.outcome, &report.tcp.outcome) {
        (Ok(udp), Ok(tcp)) => Finding::ok(format!(
            "media reaches the SFU over UDP{} and over TCP{}",
            within(udp),
            within(tcp)
        )),
        (Err(failure), Ok(_)) => {
            let what = match failure {
                Failure::Unreachable => "UDP blocked, TCP works".to_owned(),
                failure => format!("over UDP {failure}; TCP works"),
            };
            let rest = "media takes TCP, and stutters where packets get lost";
            udp_fix(Finding::warning(format!("{what}: {rest}")), failure, rtc)
        }
        (Ok(_), Err(Failure::NoCandidates)) if rtc.tcp_port == 0 => Finding::note(
            "UDP works; `rtc.tcp_port` is 0, so who is in a network without UDP cannot take part",
        ),
        (Ok(_), Err(failure)) => Finding::warning(format!(
            "UDP works; over TCP {failure}: who is in a network without UDP cannot take part"
        ))
        .fix(format!(
            "let port {}/tcp through the firewall: `urbania ports` lists what is needed",
            rtc.tcp_port
        )),
        (Err(udp), Err(tcp)) => neither(report, (udp, tcp), rtc, node_ip),
    }
}

fn neither(
    report: &Report,
    (udp, tcp): (&Failure, &Failure),
    rtc: &Rtc,
    node_ip: IpAddr,
) -> Finding {
    let offered = silent(report);
    if offered.is_empty() {
        let message = format!("media cannot reach the SFU: over UDP {udp}; over TCP {tcp}");
        return Finding::problem(message)
            .fix("`urbania logs livekit` shows what the SFU says of it");
    }
    let offered: Vec<_> = offered.iter().map(|ip| format!("`{ip}`")).collect();
    let message = format!(
        "media cannot reach the SFU: it offers {}, which answers neither over UDP nor over TCP",
        offered.join(", ")
    );
    let way = if silent(report).contains(&node_ip) {
        "that is an address of this machine: `urbania doctor --only address` says what keeps the SFU from it".to_owned()
    } else {
        format!(
            "set `rtc.node_ip` in livekit.yaml to an address that clients reach, such as {node_ip}, then \
             `urbania up`"
        )
    };
    let finding = Finding::problem(message).fix(way);
    udp_fix(finding, udp, rtc)
}

fn udp_fix(finding: Finding, failure: &Failure, rtc: &Rtc) -> Finding {
    let (UdpPorts::Range { first, last } | UdpPorts::Mux { first, last }) = rtc.udp();
    let ports = if first == last {
        format!("port {first}/udp")
    } else {
        format!("ports {first}-{last}/udp")
    };
    match failure {
        Failure::Unreachable => finding.fix(format!(
            "let {ports} through the firewall: `nft list ruleset` or `iptables-save` shows what drops it"
        )),
        Failure::NoCandidates => finding.fix(
            "remove `rtc.force_tcp` and what excludes interfaces from livekit.yaml, then `urbania up`",
        ),
        _ => finding.fix("`urbania logs livekit` shows what the SFU says of it"),
    }
}

/// The addresses that were tried and never answered, on any port.
fn silent(report: &Report) -> BTreeSet<IpAddr> {
    let tried = || report.udp.tried.iter().chain(&report.tcp.tried);
    let ips = |answers: bool| {
        let tried = tried().filter(move |t| matches!(t.answer, Answer::After(_)) == answers);
        tried.map(|t| t.address.ip()).collect::<BTreeSet<_>>()
    };
    &ips(false) - &ips(true)
}

fn out_of_reach(ip: IpAddr) -> Finding {
    let message = format!("the SFU offers `{ip}` for media, which does not answer from here");
    if is_public(ip) {
        // Few routers let their own network in by the address that they show to the world.
        return Finding::note(message + "; behind a router that is usual");
    }
    Finding::warning(message).fix(
        "set `rtc.node_ip` in livekit.yaml to an address that clients reach, or leave it out, then \
         `urbania up`",
    )
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => !(v4.is_private() || v4.is_loopback() || v4.is_link_local()),
        IpAddr::V6(v6) => !(v6.is_unique_local() || v6.is_loopback() || v6.is_unicast_link_local()),
    }
}

/// Every address with what came of it, and which pair won.
fn evidence(report: &Report) -> Vec<String> {
    let paths = [(Transport::Udp, &report.udp), (Transport::Tcp, &report.tcp)];
    paths
        .into_iter()
        .flat_map(|(t, path)| shown(t, path))
        .collect()
}

fn shown(transport: Transport, path: &Path) -> Vec<String> {
    let mut lines: Vec<_> = path.tried.iter().map(|t| candidate(transport, t)).collect();
    lines.push(match &path.outcome {
        Ok(Won {
            local,
            remote,
            after,
            ..
        }) => format!(
            "{transport}: from {local} to {remote}, data could be sent after {}",
            millis(*after)
        ),
        Err(failure) => format!("{transport}: {failure}"),
    });
    lines
}

fn candidate(transport: Transport, tried: &Tried) -> String {
    let Tried {
        address,
        kind,
        answer,
    } = tried;
    let answer = match answer {
        Answer::After(round_trip) => format!("answered in {}", millis(*round_trip)),
        Answer::Refused(why) => format!("nothing can be sent to it: {why}"),
        Answer::Silent => "does not answer".to_owned(),
    };
    format!("{transport} {address} ({kind}): {answer}")
}

fn within(won: &Won) -> String {
    let round_trip = won
        .round_trip
        .map(|round_trip| format!(" in {}", millis(round_trip)));
    round_trip.unwrap_or_default()
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use crate::participant::Server;

    fn path(tried: &[(&str, Answer)], outcome: Result<&str, Failure>) -> Path {
        let won = |remote: &str| Won {
            local: "10.0.0.2:40000".parse().unwrap(),
            remote: remote.parse().unwrap(),
            round_trip: Some(Duration::from_micros(700)),
            after: Duration::from_millis(90),
        };
        let tried = tried.iter().map(|(address, answer)| Tried {
            address: address.parse().unwrap(),
            kind: "host".to_owned(),
            answer: answer.clone(),
        });
        Path {
            tried: tried.collect(),
            outcome: outcome.map(won),
        }
    }

    fn judged(udp: Path, tcp: Path, rtc: &Rtc) -> Vec<Finding> {
        let server = Server::default();
        judge(
            &Report {
                server,
                udp,
                tcp,
                relays: Vec::new(),
            },
            rtc,
            "10.0.0.2".parse().unwrap(),
        )
    }

    fn answered() -> Answer {
        Answer::After(Duration::from_micros(700))
    }

    #[test]
    fn ways_that_work_are_told_with_their_times() {
        let udp = path(&[("10.0.0.1:50000", answered())], Ok("10.0.0.1:50000"));
        let tcp = path(&[("10.0.0.1:7881", answered())], Ok("10.0.0.1:7881"));
        let findings = judged(udp, tcp, &Rtc::default());
        assert_eq!(
            findings,
            [
                Finding::ok("media reaches the SFU over UDP in 0.7 ms and over TCP in 0.7 ms")
                    .evidence("udp 10.0.0.1:50000 (host): answered in 0.7 ms")
                    .evidence(
                        "udp: from 10.0.0.2:40000 to 10.0.0.1:50000, data could be sent after 90.0 ms"
                    )
                    .evidence("tcp 10.0.0.1:7881 (host): answered in 0.7 ms")
                    .evidence(
                        "tcp: from 10.0.0.2:40000 to 10.0.0.1:7881, data could be sent after 90.0 ms"
                    )
            ]
        );
    }

    #[test]
    fn a_failure_is_as_bad_as_what_is_left() {
        let works = || path(&[("10.0.0.1:7", answered())], Ok("10.0.0.1:7"));
        let fails = || path(&[("10.0.0.1:8", Answer::Silent)], Err(Failure::Unreachable));
        let without = || path(&[], Err(Failure::NoCandidates));
        let rtc = Rtc::default();
        let no_tcp = Rtc {
            tcp_port: 0,
            ..Rtc::default()
        };
        for (udp, tcp, rtc, verdict, begin) in [
            (
                fails(),
                works(),
                &rtc,
                Verdict::Warning,
                "UDP blocked, TCP works: ",
            ),
            (
                without(),
                works(),
                &rtc,
                Verdict::Warning,
                "over UDP the SFU offers no address; ",
            ),
            (
                works(),
                fails(),
                &rtc,
                Verdict::Warning,
                "UDP works; over TCP no address",
            ),
            (
                works(),
                without(),
                &rtc,
                Verdict::Warning,
                "UDP works; over TCP the SFU offers",
            ),
            (
                works(),
                without(),
                &no_tcp,
                Verdict::Note,
                "UDP works; `rtc.tcp_port` is 0",
            ),
            (
                fails(),
                fails(),
                &rtc,
                Verdict::Problem,
                "media cannot reach the SFU: it offers `10",
            ),
            (
                without(),
                without(),
                &rtc,
                Verdict::Problem,
                "media cannot reach the SFU: over UDP",
            ),
        ] {
            let findings = judged(udp, tcp, rtc);
            assert_eq!(findings.len(), 1, "{findings:?}");
            assert_eq!(findings[0].verdict, verdict, "{findings:?}");
            assert!(findings[0].message.starts_with(begin), "{findings:?}");
            assert_eq!(findings[0].fix.is_empty(), verdict == Verdict::Note);
        }
    }

    #[test]
    fn an_address_that_is_set_already_is_not_advised() {
        let fails = |ip: &str| {
            let tried = [(ip, Answer::Silent)];
            let path = || path(&tried, Err(Failure::Unreachable));
            judged(path(), path(), &Rtc::default())[0].fix[0].clone()
        };
        assert!(fails("10.0.0.1:8").contains("such as 10.0.0.2"));
        assert!(fails("10.0.0.2:8").contains("doctor --only address"));
    }

    #[test]
    fn an_address_beside_the_winner_that_does_not_answer_is_told() {
        let tcp = || path(&[("10.0.0.1:7881", answered())], Ok("10.0.0.1:7881"));
        for (silent, verdict) in [
            ("10.9.9.9", Verdict::Warning),
            ("203.0.113.9", Verdict::Note),
        ] {
            let silent = format!("{silent}:50000");
            let tried = [
                ("10.0.0.1:50000", answered()),
                (silent.as_str(), Answer::Silent),
            ];
            let findings = judged(path(&tried, Ok("10.0.0.1:50000")), tcp(), &Rtc::default());
            assert_eq!(findings[0].verdict, Verdict::Ok);
            assert_eq!((findings.len(), findings[1].verdict), (2, verdict));
        }
        // One of its ports answers.
        let tried = [
            ("10.0.0.1:50000", answered()),
            ("10.0.0.1:50001", Answer::Silent),
        ];
        let findings = judged(path(&tried, Ok("10.0.0.1:50000")), tcp(), &Rtc::default());
        assert_eq!(findings.len(), 1);
    }
}
