//! ICE for real: a participant of our own joins the SFU.

pub mod judge;
pub mod media;
pub mod turn;

use std::net::IpAddr;
use std::time::Duration;

use super::{Blind, Site};
use crate::participant::{Report, Visit, VisitError, visit};

/// The visit ends by itself; leaving takes part of its time.
const PATIENCE: Duration = Duration::from_millis(2800);

/// What a participant of our own met.
pub async fn visited(site: &Site) -> Result<Result<Report, VisitError>, Blind> {
    let project = site.project()?;
    let Some(pair) = project.livekit.keys.first() else {
        return Err(Blind::because("livekit.yaml has no key pair"));
    };
    let advertised = super::address::Advertises::of(site)?.addresses;
    let visit_to = Visit {
        base: &site.sfu()?.base,
        pair,
        clock: &site.ctx.clock,
        relay_to: advertised.into_iter().find(IpAddr::is_ipv4),
        patience: PATIENCE,
    };
    Ok(visit(&visit_to).await)
}
