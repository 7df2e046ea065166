//! The SFU as containers reach it.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;

use super::Advertises;
use crate::doctor::{About, Blind, Check, Finding, Group, Look, Site};
use crate::engine::{Instance, State};
use crate::host::inside::{Tried, connect, has_own_network};

/// The check.
#[derive(Debug)]
pub struct Container;

const ABOUT: About = About {
    code: "address.container",
    group: Group::Address,
    title: "containers do not reach the SFU",
    looks_at: "From within the network of a container of the project (that of MongoDB), TCP connections to signalling and\n\
        to media at the address that the SFU advertises. Only root may enter the network of a container.",
    why: "A backend, an agent or a recorder in a container joins rooms by the address that browsers use. A firewall that\n\
        lets this machine and the LAN through may drop what comes from the engine's bridges: `ufw` and `firewalld` do.",
    fix: "Let the bridge in, for example `ufw allow in on docker0`, or run that backend with the machine's network.",
};

/// An address of this machine answers at once; who does not has dropped the question.
const PATIENCE: Duration = Duration::from_millis(700);

#[async_trait]
impl Check for Container {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let seen = site.engine()?;
        let Some(containers) = seen.containers() else {
            return Ok(Vec::new());
        };
        if !containers.is_here() {
            return Err(Blind::because("the engine is not on this machine itself"));
        }
        site.sfu()?;
        let addresses = addresses(site)?;
        let mut apart = None;
        for instance in site.instances()? {
            let pid = match instance.state {
                State::Running => seen.engine.inspect(&instance.id).await?.pid,
                _ => None,
            };
            if let Some(pid) = pid.filter(|pid| has_own_network(*pid).unwrap_or(false)) {
                apart = Some((instance, pid));
                break;
            }
        }
        let Some((instance, pid)) = apart else {
            return Err(Blind::because(
                "no container of the project has a network of its own that can be seen",
            ));
        };
        let tried = connect(pid, addresses, PATIENCE)
            .await
            .map_err(|e| blind(&e))?;
        Ok(judge(instance, &tried))
    }
}

/// Where the SFU listens for those who are not on this machine.
fn addresses(site: &Site) -> Result<Vec<SocketAddr>, Blind> {
    let livekit = &site.project()?.livekit;
    let mut advertised = Advertises::of(site)?.addresses.into_iter();
    let ip = advertised.find(|ip| !ip.is_loopback());
    let ip = ip.ok_or_else(|| Blind::because("the SFU advertises a loopback address"))?;
    let bound = livekit.addresses();
    let is_bound = bound.is_empty() || bound.contains(&ip);
    let ports = [
        Some(livekit.port).filter(|_| is_bound),
        Some(livekit.rtc.tcp_port).filter(|port| *port != 0),
    ];
    let ports = ports.into_iter().flatten();
    Ok(ports.map(|port| SocketAddr::new(ip, port)).collect())
}

fn blind(e: &Error) -> Blind {
    Blind(match e.kind() {
        ErrorKind::PermissionDenied => "only root may look from inside a container".into(),
        _ => format!("the container's network cannot be entered: {e}"),
    })
}

fn judge(instance: &Instance, tried: &[Tried]) -> Vec<Finding> {
    let failed = tried.iter().filter_map(|(address, result)| {
        let e = result.as_ref().err()?;
        let why = match e.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => "nothing comes back".into(),
            _ => e.to_string(),
        };
        Some(format!("{address}: {why}"))
    });
    let failed: Vec<String> = failed.collect();
    if failed.is_empty() {
        return Vec::new();
    }
    let message = format!(
        "containers do not reach the SFU: tried from inside `{}`",
        instance.name
    );
    let finding = failed
        .into_iter()
        .fold(Finding::warning(message), Finding::evidence);
    vec![finding.fix("let the engine's bridges through the firewall")]
}
