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
        TURN server that the SFU names for a relay over UDP, with the credentials that the SFU gives out, and for leave\n\
        to send to the address that the SFU advertises; then it gives the relay back. Servers over TCP or TLS are not\n\
        asked; `config.turn-certificate` reads the certificate.",
    why: "TURN is for those who have no other way: nobody else notices that it does not work. Since 1.12 LiveKit's own\n\
        server relays to no private address unless that is allowed, the SFU's among them.",
    fix: "Open `turn.udp_port` and the range of relays in the firewall. On a private network:\n\
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
        let report = site.visit().await?.as_ref();
        let report = report.map_err(|_| Blind::because("nobody could join: see `ice.media`"))?;
        let asked = report.relays.iter();
        let asked = asked.filter(|relay| relay.outcome != Err(NoRelay::NotAsked));
        let findings: Vec<Finding> = asked.map(judge).collect();
        if findings.is_empty() {
            return Err(Blind::because("the SFU names no TURN server over UDP"));
        }
        Ok(findings)
    }
}

fn judge(relay: &Relayed) -> Finding {
    let url = relay.url.split('?').next().unwrap_or_default();
    let why = match &relay.outcome {
        Ok(from) => return Finding::ok(format!("`{url}` relays to the SFU, from {from}")),
        Err(why) => why,
    };
    let finding = match why {
        NoRelay::NotToPeer(_) => Finding::warning(format!("TURN is of no use: `{url}`")),
        _ => Finding::problem(format!("TURN is of no use: `{url}`")),
    };
    let finding = finding.evidence(why.to_string());
    match why {
        NoRelay::NotToPeer(ip) => finding.fix(format!(
            "livekit.yaml: turn: {{allow_restricted_peer_cidrs: [{ip}/32]}}, then `urbania up`"
        )),
        NoRelay::Refused => finding
            .fix("urbania logs livekit   shows what the SFU says of it; servers of rtc.turn_servers have logs of their own"),
        NoRelay::NoAddress => finding.fix("a record for that name, or another turn.domain in livekit.yaml"),
        _ => finding.fix("let its port through the firewall: `urbania ports` lists what is needed"),
    }
}
