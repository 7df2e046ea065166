//! The addresses that browsers are told.

pub mod advertised;
pub mod changed;
pub mod container;
pub mod interfaces;
pub mod stun;
pub mod url;

use std::net::IpAddr;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::finding::{Finding, Verdict};
use super::machine::firewall::Firewall;
use super::{Blind, Check, Site};
use crate::context::Context;

/// What the SFU advertises, where no STUN server decides.
pub struct Advertises {
    /// Its addresses, one at least.
    pub addresses: Vec<IpAddr>,
    /// Whether livekit.yaml names them; otherwise `urbania up` adds the one there is.
    is_named: bool,
}

impl Advertises {
    /// What livekit.yaml says, or what `urbania up` adds.
    pub fn of(site: &Site) -> Result<Self, Blind> {
        let named = site.project()?.livekit.rtc.node_ip.as_deref();
        let named = named.unwrap_or_default().split(',');
        let named: Vec<IpAddr> = named.filter_map(|ip| ip.trim().parse().ok()).collect();
        let is_named = !named.is_empty();
        let addresses = if is_named {
            named
        } else {
            vec![site.machine()?.node_ip]
        };
        Ok(Self {
            addresses,
            is_named,
        })
    }
}

/// What keeps media from other machines, as far as the doctor's own checks of that see it.
pub async fn for_others(ctx: &Context) -> Vec<Finding> {
    let site = Box::pin(Site::gather(ctx)).await;
    let checks: [&dyn Check; 3] = [&advertised::Advertised, &changed::Changed, &Firewall];
    let looks = checks.map(|check| timeout(check.patience(), check.look(&site)));
    // What a check cannot see is said by `urbania doctor`.
    let found = join_all(looks).await.into_iter().flatten().flatten();
    found
        .flatten()
        .filter(|f| f.verdict != Verdict::Ok)
        .collect()
}

/// Addresses that mean something on one link alone.
fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

/// Addresses that are nobody's on the internet.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private(),
        IpAddr::V6(ip) => ip.is_unique_local(),
    }
}
