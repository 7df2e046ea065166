//! Whether TURN servers relay media to the SFU.

use std::time::Duration;

use async_trait::async_trait;

use super::PATIENCE;
use crate::doctor::{About, Blind, Check, Finding, Group, Look, Site};
use crate::participant::{NoRelay, Relayed};

/// The check.
#[derive(Debug)]
pub struct Turn;

const ABOUT: About = About {
    code: "ice.turn",
    group: Group::Ice,
    title: "TURN gives no relay, or none that reaches the SFU",
    looks_at: "Where `turn.enabled` is set or `rtc.turn_servers` names servers: the participant of `ice.media` asks each\n\
        TURN server that the SFU names for a relay, over UDP, TCP or TLS as browsers would, with the credentials that the\n\
        SFU gives out, and for leave to send to the address that the SFU advertises; then it gives the relay back. Over\n\
        TLS the server must show a certificate for its name that this system trusts.",
    why: "TURN is for those who have no other way: nobody else notices that it does not work. Since 1.12 LiveKit's own\n\
        server relays to no private address unless that is allowed, the SFU's among them.",
    fix: "Open `turn.udp_port` and the range of relays in the firewall. Over TLS, LiveKit tells browsers port 443 of\n\
        `turn.domain`, whatever `turn.tls_port` is: somebody must bring them from there to that port. On a private network:\n\
        `turn: {allow_restricted_peer_cidrs: [192.168.0.0/16]}` in livekit.yaml with that network, then `urbania up`.\n\
        The secret under `rtc.turn_servers` must be that of the server.",
};

#[async_trait]
impl Check for Turn {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn patience(&self) -> Duration {
        PATIENCE + Duration::from_millis(200)
    }

    async fn look(&self, site: &Site) -> Look {
        let livekit = &site.project()?.livekit;
        if !livekit.turn.enabled && livekit.tree["rtc"]["turn_servers"].is_null() {
            return Ok(Vec::new());
        }
        site.runs_livekit()?;
        let report = site.visit().await?.as_ref();
        let report = report.map_err(|_| Blind::because("nobody could join: see `ice.media`"))?;
        let asked = report.relays.iter();
        let asked = asked.filter(|relay| relay.outcome != Err(NoRelay::NotAsked));
        let findings: Vec<Finding> = asked.map(judge).collect();
        if findings.is_empty() {
            return Err(Blind::because(
                "the SFU names no TURN server that can be asked",
            ));
        }
        Ok(findings)
    }
}

fn judge(relay: &Relayed) -> Finding {
    let (place, query) = relay.url.split_once('?').unwrap_or((&relay.url, ""));
    let is_tls = place.starts_with("turns:");
    let over = if query == "transport=tcp" && !is_tls {
        " over TCP"
    } else {
        ""
    };
    let why = match &relay.outcome {
        Ok(from) => {
            return Finding::ok(format!("`{place}`{over} relays to the SFU, from {from}"));
        }
        Err(why) => why,
    };
    let message = format!("TURN is of no use: `{place}`{over}");
    let finding = match why {
        NoRelay::NotToPeer(_) => Finding::warning(message),
        // Few routers let their own network in by the address that they show to the world.
        NoRelay::Silent | NoRelay::Unreachable(_) if is_tls => {
            Finding::warning(message + " from here")
        }
        _ => Finding::problem(message),
    };
    finding.evidence(why.to_string()).fix(way(why, place))
}

fn way(why: &NoRelay, place: &str) -> String {
    let is_usual_tls = place.starts_with("turns:") && place.ends_with(":443");
    match why {
        NoRelay::NotToPeer(ip) => format!(
            "livekit.yaml: turn: {{allow_restricted_peer_cidrs: [{ip}/32]}}, then `urbania up`"
        ),
        NoRelay::Refused => "urbania logs livekit   shows what the SFU says of it; servers of rtc.turn_servers have \
             logs of their own"
            .to_owned(),
        NoRelay::NoAddress => {
            "a record for that name, or another turn.domain in livekit.yaml".to_owned()
        }
        NoRelay::NoTls(_) => "a certificate for that name which browsers trust, in turn.cert_file or at the proxy \
             before it: `config.turn-certificate`"
            .to_owned(),
        NoRelay::Silent | NoRelay::Unreachable(_) if is_usual_tls => {
            "bring port 443 of that name, which LiveKit tells browsers, to turn.tls_port".to_owned()
        }
        NoRelay::Silent | NoRelay::Unreachable(_) | NoRelay::NotAsked => {
            "let its port through the firewall: `urbania ports` lists what is needed".to_owned()
        }
    }
}
