//! Settings that work, but probably not as meant.

use async_trait::async_trait;

use crate::config::Project;
use crate::doctor::{About, Check, Finding, Group, Look, Site};

/// The check.
#[derive(Debug)]
pub struct Doubts;

const ABOUT: About = About {
    code: "config.doubts",
    group: Group::Config,
    title: "a setting works, but probably not as meant",
    looks_at: "Settings of livekit.yaml and urbania.yaml that have no effect, beat each other, are taken for something\n\
        else or are deprecated, as the release of LiveKit in use has it: a range of UDP ports beside `rtc.udp_port`,\n\
        `rtc.use_external_ip` beside `rtc.node_ip`, `prometheus_port`; and files with secrets that other users of this\n\
        machine can read.",
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
        findings.extend(project.target.guess().map(Finding::note));
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
