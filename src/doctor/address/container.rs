//! The SFU as containers reach it.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;

use super::Advertises;
use crate::doctor::{About, Blind, Check, Finding, Group, Look, Site};
use crate::engine::State;
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
    fix: "Where connections are refused, nobody listens: see `bind_addresses` and `rtc.tcp_port`. Where nothing comes\n\
        back, let the bridge in, for example `ufw allow in on docker0`, or run that backend with the machine's network.",
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
        Ok(judge(&instance.name, &tried))
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

fn judge(container: &str, tried: &[Tried]) -> Vec<Finding> {
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
    let is_refused = |(_, result): &Tried| {
        let refused = |e: &Error| e.kind() == ErrorKind::ConnectionRefused;
        result.as_ref().is_err_and(refused)
    };
    let refused = tried.iter().filter(|tried| is_refused(tried)).count();
    let message = format!("containers do not reach the SFU: tried from inside `{container}`");
    let failed_count = failed.len();
    let finding = failed
        .into_iter()
        .fold(Finding::warning(message), Finding::evidence);
    let mut ways = Vec::new();
    if refused > 0 {
        ways.push(
            "refused: nobody listens there. `bind_addresses` and `rtc.tcp_port` of livekit.yaml say where the SFU \
             listens; is it started with them (`urbania up`)?",
        );
    }
    if refused < failed_count {
        ways.push("let the engine's bridges through the firewall");
    }
    vec![ways.into_iter().fold(finding, Finding::fix)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_not_the_firewalls_doing() {
        let ways = |tried: &[Option<ErrorKind>]| {
            let address = "10.0.0.1:7880".parse().unwrap();
            let tried = tried.iter().map(|kind| match kind {
                Some(kind) => (address, Err(Error::from(*kind))),
                None => (address, Ok(())),
            });
            let found = judge("db", &tried.collect::<Vec<_>>());
            let ways = found.into_iter().flat_map(|finding| finding.fix);
            ways.map(|way| way.chars().take(7).collect::<String>())
                .collect::<Vec<_>>()
        };
        let (refused, silent) = (ErrorKind::ConnectionRefused, ErrorKind::TimedOut);
        assert_eq!(ways(&[None, None]), [""; 0]);
        assert_eq!(ways(&[Some(refused), None]), ["refused"]);
        assert_eq!(ways(&[Some(silent), None]), ["let the"]);
        assert_eq!(ways(&[Some(silent), Some(refused)]), ["refused", "let the"]);
    }
}
