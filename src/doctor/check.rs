//! What a check is, and the list of all.

use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;

use super::finding::Finding;
use super::group::Group;
use super::site::Site;
use super::{address, config, engine, health, ice, keys, machine, ports};
use crate::error::Error;

/// All checks, in the order in which they are shown.
pub const CHECKS: &[&dyn Check] = &[
    &ports::held::Held,
    &ports::overlap::Overlap,
    &ports::ephemeral::Ephemeral,
    &keys::backend_differs::BackendDiffers,
    &keys::precedence::Precedence,
    &keys::process_differs::ProcessDiffers,
    &keys::sfu_refuses::SfuRefuses,
    &keys::weak_secret::WeakSecret,
    &keys::documented::Documented,
    &keys::quoted::Quoted,
    &address::advertised::Advertised,
    &address::interfaces::Interfaces,
    &address::changed::Changed,
    &address::container::Container,
    &address::url::Url,
    &address::stun::Stun,
    &ice::media::Media,
    &ice::turn::Turn,
    &config::files::Files,
    &config::doubts::Doubts,
    &config::stale::Stale,
    &config::turn_peers::TurnPeers,
    &config::turn_certificate::TurnCertificate,
    &config::leaks::Leaks,
    &engine::reachable::Reachable,
    &engine::network::Network,
    &engine::clock::Clock,
    &engine::images::Images,
    &engine::leftovers::Leftovers,
    &engine::disk::Disk,
    &machine::clock::Clock,
    &machine::capacity::Capacity,
    &machine::avx::Avx,
    &machine::udp_buffer::UdpBuffer,
    &machine::open_files::OpenFiles,
    &machine::firewall::Firewall,
    &machine::localhost::Localhost,
    &health::services::Services,
    &health::ended::Ended,
    &health::log::Log,
    &health::redis::Redis,
];

/// One way in which the stack fails, and how to see it.
#[async_trait]
pub trait Check: Sync {
    /// What there is to say about it, whatever is found.
    fn about(&self) -> &'static About;

    /// Looks. No findings: all is well.
    async fn look(&self, site: &Site) -> Look;

    /// How long looking may take. On a machine that is not busy it is a matter of milliseconds.
    fn patience(&self) -> Duration {
        Duration::from_secs(5)
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
