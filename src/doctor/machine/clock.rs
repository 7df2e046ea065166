//! Our clock against the SFU's.

use async_trait::async_trait;

use crate::doctor::skew;
use crate::doctor::{About, Blind, Check, Group, Look, Site};

/// The check.
#[derive(Debug)]
pub struct Clock;

const ABOUT: About = About {
    code: "machine.clock",
    group: Group::Machine,
    title: "this machine's clock is not the SFU's",
    looks_at: "The `Date` of an answer of the SFU that runs, against this machine's clock.",
    why: "Tokens say from when and until when they are valid, by the clock of the machine that signs them. LiveKit\n\
        allows 60 seconds; beyond that it refuses every token, with words about the token and none about clocks.",
    fix: "`sudo timedatectl set-ntp true` lets the machine keep time. In a virtual machine restart that.",
};

#[async_trait]
impl Check for Clock {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let ahead = site.sfu()?.ahead;
        let ahead = ahead.ok_or_else(|| Blind::because("the SFU does not say what time it is"))?;
        let found = skew::judge("the SFU's clock", ahead);
        let found =
            found.map(|f| f.fix("sudo timedatectl set-ntp true, on the machine that is wrong"));
        Ok(found.into_iter().collect())
    }
}
