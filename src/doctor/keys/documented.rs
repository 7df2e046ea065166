//! The pair that everybody knows.

use async_trait::async_trait;

use crate::config::LivekitConfig;
use crate::doctor::{About, Check, Finding, Group, Look, Site};

/// The check.
#[derive(Debug)]
pub struct Documented;

const ABOUT: About = About {
    code: "keys.documented",
    group: Group::Keys,
    title: "the SFU takes tokens of the pair that LiveKit documents",
    looks_at: "Whether `devkey` with the secret `secret` is under `keys:` of livekit.yaml, and whether the SFU listens\n\
        beyond this machine.",
    why: "Everybody can sign tokens for it, also such as list rooms and remove participants. On a loopback address\n\
        alone that is what LiveKit's own `--dev` does.",
    fix: "Put a pair of your own in its place: `urbania init` writes one, `openssl rand -hex 32` makes a secret. Then\n\
        `urbania keys sync` and `urbania up`. Or bind the SFU to `127.0.0.1` with `bind_addresses`.",
};

#[async_trait]
impl Check for Documented {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        Ok(judge(&site.project()?.livekit).into_iter().collect())
    }
}

fn judge(livekit: &LivekitConfig) -> Option<Finding> {
    let known = livekit.keys.iter().find(|pair| pair.is_documented())?;
    let message = format!(
        "the pair `{}` of the documentation is in livekit.yaml",
        known.key
    );
    let addresses = livekit.addresses();
    Some(
        if !addresses.is_empty() && addresses.iter().all(std::net::IpAddr::is_loopback) {
            Finding::note(format!("{message}; the SFU listens on loopback alone"))
        } else {
            Finding::problem(format!("{message}, and others reach the SFU"))
                .evidence("anybody can sign tokens with it")
                .fix("another pair under `keys:`, then `urbania keys sync` and `urbania up`")
                .fix("or keep the SFU to this machine: `bind_addresses: [127.0.0.1]`")
        },
    )
}
