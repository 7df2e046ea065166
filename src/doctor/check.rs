//! What a check is, and the list of all.

use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;

use super::finding::Finding;
use super::group::Group;
use super::ice;
use super::ports;
use super::site::Site;
use crate::error::Error;

/// All checks, in the order in which they are shown.
pub const CHECKS: &[&dyn Check] = &[
    &ports::held::Held,
    &ports::overlap::Overlap,
    &ports::ephemeral::Ephemeral,
    &ice::media::Media,
];

/// One way in which the stack fails, and how to see it.
#[async_trait]
pub trait Check: Sync {
    /// What there is to say about it, whatever is found.
    fn about(&self) -> &'static About;

    /// Looks. No findings: all is well.
    async fn look(&self, site: &Site) -> Look;

    /// How long looking may take.
    fn patience(&self) -> Duration {
        Duration::from_secs(2)
    }
}

/// What there is to say about a check: the text of `--explain` and of its page.
#[derive(Debug, Serialize)]
pub struct About {
    /// Its name for good: the group, a dot, the fault.
    pub code: &'static str,
    /// Its group, of which the code begins with the name.
    pub group: Group,
    /// The fault in a few words.
    pub title: &'static str,
    /// What it looks at.
    pub looks_at: &'static str,
    /// Why that matters.
    pub why: &'static str,
    /// What to do.
    pub fix: &'static str,
}

/// What a look brings.
pub type Look = Result<Vec<Finding>, Blind>;

/// Why a check cannot look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blind(pub String);

impl Blind {
    /// For this reason.
    pub fn because(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// The cause is for the check whose business it is.
impl From<Error> for Blind {
    fn from(e: Error) -> Self {
        Self(e.to_string())
    }
}
