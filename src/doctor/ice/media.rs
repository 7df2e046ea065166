//! Whether media finds a way to the SFU, and which.

use std::error::Error as StdError;
use std::time::Duration;

use async_trait::async_trait;

use super::PATIENCE;
use super::judge::judge;
use crate::config::Project;
use crate::doctor::{About, Blind, Check, Finding, Group, Look, Site};
use crate::livekit::room_service::SfuError;
use crate::participant::{Failure, Report, SignalError, VisitError};

/// The check.
#[derive(Debug)]
pub struct Media;

const ABOUT: About = About {
    code: "ice.media",
    group: Group::Ice,
    title: "media finds no way to the SFU, or a bad one",
    looks_at: "A participant without a browser joins a room of its own at the running SFU, with the project's key pair. It\n\
        sends to every address that the SFU offers, completes a connection over UDP and another over TCP, and opens\n\
        a data channel on each. Then it leaves and deletes the room.",
    why: "Signalling can work where media does not: then calls end in \"could not establish pc connection\". The SFU\n\
        offers addresses that clients must reach (`rtc.node_ip`), and firewalls drop its UDP range first. Over TCP\n\
        calls work, but every lost packet makes them stutter. From this machine all of it must work; other\n\
        machines need the same ports open besides.",
    fix: "Set `rtc.node_ip` in livekit.yaml to an address of this machine that clients reach, or leave it out:\n\
        `urbania up` then finds one. Open the SFU's ports in the firewall: `urbania ports` lists them.",
};

#[async_trait]
impl Check for Media {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn patience(&self) -> Duration {
        PATIENCE + Duration::from_millis(200)
    }

    async fn look(&self, site: &Site) -> Look {
        let project = site.project()?;
        match site.visit().await? {
            Ok(report) if is_late(report) => Err(late()),
            Ok(report) => Ok(judge(report, &project.livekit.rtc, site.machine()?.node_ip)),
            Err(e) => kept_out(e, project).map(|finding| vec![finding]),
        }
    }
}

/// What was not tried is neither well nor broken.
fn is_late(report: &Report) -> bool {
    let outcomes = [&report.udp.outcome, &report.tcp.outcome];
    outcomes.contains(&&Err(Failure::Late))
}

fn late() -> Blind {
    Blind::because("there was not time enough to try: the SFU or this machine is busy")
}

/// What it says that nobody could join.
fn kept_out(error: &VisitError, project: &Project) -> Result<Finding, Blind> {
    let keys = &project.livekit.keys;
    let finding = match error {
        VisitError::Room {
            source: SfuError::Denied(why),
            ..
        } => Finding::problem(format!(
            "the SFU refuses the key pair `{}` of livekit.yaml: {why}",
            keys.first().map_or("", |pair| pair.key.as_str())
        ))
        .fix("`urbania restart livekit`: LiveKit reads its keys only when it starts")
        .fix("is it this project's SFU? `urbania ports`"),
        VisitError::Signal {
            source: SignalError::Late,
            ..
        } => return Err(late()),
        VisitError::Signal { .. } => Finding::problem(in_full(error))
            .fix("`urbania logs livekit` shows what the SFU says of it"),
        VisitError::Room { .. } => return Err(Blind(in_full(error))),
    };
    Ok(finding)
}

/// An error with its causes.
fn in_full(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
