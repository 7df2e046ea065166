//! Secrets that are short, numbers, or torn.

use async_trait::async_trait;

use crate::config::{LIVEKIT_FILE, Problem};
use crate::doctor::{About, Check, Finding, Group, Look, Site};
use crate::livekit::keys::KeyPair;

/// The check.
#[derive(Debug)]
pub struct WeakSecret;

const ABOUT: About = About {
    code: "keys.weak-secret",
    group: Group::Keys,
    title: "a key or a secret of livekit.yaml is short, a number, or has blanks around it",
    looks_at: "Every pair under `keys:` of livekit.yaml: length, spelling, blanks and line ends at the edges.",
    why: "LiveKit writes an error about secrets below 32 characters and goes on: they can be guessed. A number without\n\
        quotes is read as a number by some readers and loses its leading zeros. Blanks at the edges, from a paste, are\n\
        part of the secret for one reader and not for another.",
    fix: "`openssl rand -hex 32` makes a good secret. Put it in the place of the old one, then `urbania keys sync` and\n\
        `urbania up`. Numbers go into quotes.",
};

#[async_trait]
impl Check for WeakSecret {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let project = site.project()?;
        let mut findings = judge(&project.warnings);
        findings.extend(project.livekit.keys.iter().filter_map(torn));
        Ok(findings)
    }
}

/// What reading the file gave rise to. The documented pair has a check of its own.
fn judge(warnings: &[Problem]) -> Vec<Finding> {
    let of_keys = warnings.iter().filter(|w| w.path.starts_with("keys."));
    of_keys
        .filter(|w| !w.message.starts_with("the documented"))
        .map(|w| Finding::warning(w.to_string()).fix(NEW_SECRET))
        .collect()
}

const NEW_SECRET: &str =
    "a new one: `openssl rand -hex 32`, then `urbania keys sync` and `urbania up`";

fn torn(pair: &KeyPair) -> Option<Finding> {
    if pair.is_well_formed() {
        return None;
    }
    let message = format!(
        "{LIVEKIT_FILE}: keys.{}: blanks or line ends around the key or its secret",
        pair.key.trim()
    );
    Some(Finding::warning(message).fix(NEW_SECRET))
}
