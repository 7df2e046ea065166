//! The clock of the engine's machine.

use async_trait::async_trait;

use crate::doctor::skew;
use crate::doctor::{About, Blind, Check, Group, Look, Site};

/// The check.
#[derive(Debug)]
pub struct Clock;

const ABOUT: About = About {
    code: "engine.clock",
    group: Group::Engine,
    title: "the clock of the engine's machine is not ours",
    looks_at: "What the engine says the time is, against this machine's clock.",
    why: "The virtual machine of a desktop engine stands still while the laptop sleeps, and some never catch up. Tokens\n\
        are valid from now on for a while: the SFU refuses them as `not valid yet` or `expired`, with 60 seconds of\n\
        tolerance.",
    fix: "Restart the engine's virtual machine (Docker Desktop: Quit and start; Colima: `colima restart`; WSL2:\n\
        `wsl --shutdown`). On Linux, let the machine keep time: `sudo timedatectl set-ntp true`.",
};

#[async_trait]
impl Check for Clock {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let Some(containers) = site.engine()?.containers() else {
            return Ok(Vec::new());
        };
        let ahead = containers
            .ahead
            .ok_or_else(|| Blind::because("the engine does not say what time it is"))?;
        let found = skew::judge("the engine's clock", ahead);
        Ok(found
            .map(|f| f.fix("restart the engine, or its virtual machine"))
            .into_iter()
            .collect())
    }
}
