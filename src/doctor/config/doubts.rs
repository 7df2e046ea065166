//! Settings that work, but probably not as meant.

use async_trait::async_trait;

use crate::config::{LivekitConfig, Project};
use crate::doctor::{About, Check, Finding, Group, Look, Site};

/// The check.
#[derive(Debug)]
pub struct Doubts;

const ABOUT: About = About {
    code: "config.doubts",
    group: Group::Config,
    title: "a setting works, but probably not as meant",
    looks_at: "Settings of livekit.yaml and urbania.yaml that have no effect, beat each other or are deprecated: a\n\
        range of UDP ports beside `rtc.udp_port`, `rtc.use_external_ip` beside `rtc.node_ip`, `prometheus_port`; and\n\
        files with secrets that other users of this machine can read.",
    why: "LiveKit takes the range and shows the single port in its log, so a firewall that is opened for the single\n\
        port lets no media in. `use_external_ip` beats `node_ip`, and without an answer of a STUN server LiveKit does not\n\
        start.",
    fix: "Take the setting out that is not meant; the finding says which one wins.",
};

#[async_trait]
impl Check for Doubts {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let project = site.project()?;
        let mut findings = warnings(project);
        findings.extend(both_addresses(&project.livekit));
        Ok(findings)
    }
}

/// What reading the files gave rise to. Keys have checks of their own.
fn warnings(project: &Project) -> Vec<Finding> {
    let others = (project.warnings.iter()).filter(|w| !w.path.starts_with("keys."));
    others
        .map(|warning| {
            let finding = Finding::warning(warning.to_string());
            match warning.message.split_once(": chmod ") {
                Some((_, rest)) => finding.fix(format!("chmod {rest}")),
                None => finding.fix("take it out, or correct it, in that line"),
            }
        })
        .collect()
}

fn both_addresses(livekit: &LivekitConfig) -> Option<Finding> {
    let rtc = &livekit.rtc;
    let node_ip = rtc.node_ip.as_ref().filter(|_| rtc.use_external_ip)?;
    let message = "livekit.yaml: rtc.use_external_ip beats rtc.node_ip";
    Some(
        Finding::warning(message)
            .evidence(format!("rtc.node_ip: {node_ip} is without effect"))
            .fix("take one of the two out"),
    )
}
