//! Ports that somebody else holds.

use async_trait::async_trait;

use crate::doctor::{About, Check, Finding, Group, Look, Site};
use crate::host::claims::{Claim, claims};
use crate::host::refusal::{sentence, way_out};
use crate::host::taken::taken;

/// The check.
#[derive(Debug)]
pub struct Held;

const ABOUT: About = About {
    code: "ports.held",
    group: Group::Ports,
    title: "a port that the project needs is held by somebody else",
    looks_at: "Every TCP and UDP socket of this machine, against the ports of livekit.yaml (signalling, media over\n\
        TCP, media, TURN, metrics), MongoDB's and the API's; then who has them: process, user, container, project.",
    why: "LiveKit ends at once when a port is taken, with exit code 0 and its reason on stdout alone, so nothing\n\
        restarts it and nobody is told. A leftover of yesterday, or another project, is the usual holder.",
    fix: "`urbania ports` shows all holders, `urbania ports PORT --stop` ends one after asking. Or give the\n\
        project other ports in livekit.yaml and urbania.yaml.",
};

#[async_trait]
impl Check for Held {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let conflicts = taken(&super::needs(site)?)?;
        if conflicts.is_empty() {
            return Ok(Vec::new());
        }
        let containers = match site.engine() {
            Ok(seen) => match seen.engine.containers() {
                Some(containers) => containers.running().await.unwrap_or_default(),
                None => Vec::new(),
            },
            Err(_) => Vec::new(),
        };
        Ok(judge(&claims(&conflicts, site.ours(), &containers)))
    }
}

/// One finding for each holder and port that is in the way.
fn judge(claims: &[Claim]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for claim in claims.iter().filter(|c| c.is_in_the_way()) {
        let finding = Finding::problem(sentence(claim)).fix(way_out(claim));
        // A published port has a holder for IPv4 and one for IPv6.
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
    findings
}
