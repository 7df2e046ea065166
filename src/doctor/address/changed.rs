//! A machine that has moved since the SFU was started.

use async_trait::async_trait;
use futures_util::TryStreamExt as _;

use crate::config::EngineKind;
use crate::doctor::{About, Blind, Check, Finding, Group, Look, Mend, Site};
use crate::engine::{Engine, Instance, LogQuery, State};
use crate::stack::service::Service;

/// The check.
#[derive(Debug)]
pub struct Changed;

const ABOUT: About = About {
    code: "address.changed",
    group: Group::Address,
    title: "this machine has another address than when the SFU was started",
    looks_at: "The address that the SFU named in its log when it started, against the one that this machine has now,\n\
        where livekit.yaml names none.",
    why: "A laptop that goes from one Wi-Fi to another takes its SFU along, which goes on advertising the address of\n\
        yesterday: everybody joins, nobody sees anybody.",
    fix: "`urbania restart livekit` starts the SFU with the present address, and ends its calls.\n\
        `urbania doctor --fix` does the same after asking.",
};

/// The SFU names its address among its first lines.
const LINES: usize = 200;

#[async_trait]
impl Check for Changed {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let rtc = &site.project()?.livekit.rtc;
        let seen = site.engine()?;
        let Some(sfu) = site
            .instance(Service::Livekit)?
            .filter(|i| i.state == State::Running)
        else {
            return Err(Blind::because("the SFU does not run"));
        };
        // The development SFU does not name its address; `config.stale` sees that its file has another one.
        let is_silent = seen.runs_on.engine == EngineKind::Embedded;
        if rtc.node_ip.is_some() || rtc.use_external_ip || site.is_elsewhere() || is_silent {
            return Ok(Vec::new());
        }
        let then = advertised(seen.engine.as_ref(), sfu).await?;
        let then =
            then.ok_or_else(|| Blind::because("the SFU's log does not go back to its start"))?;
        let now = site.machine()?.node_ip.to_string();
        Ok(judge(&then, &now).into_iter().collect())
    }
}

/// The address that the SFU named when it started.
async fn advertised(engine: &dyn Engine, sfu: &Instance) -> Result<Option<String>, Blind> {
    let query = LogQuery {
        since: engine.inspect(&sfu.id).await?.started,
        ..LogQuery::default()
    };
    let mut lines = engine.logs(&sfu.id, &query);
    for _ in 0..LINES {
        match lines.try_next().await? {
            None => return Ok(None),
            Some(line) => {
                if let Some(ip) = node_ip(&line.text) {
                    return Ok(Some(ip.to_owned()));
                }
            }
        }
    }
    Ok(None)
}

/// `starting LiveKit server {…, "nodeIP": "192.0.2.7", …}`, with blanks or without.
fn node_ip(line: &str) -> Option<&str> {
    if !line.contains("starting LiveKit server") {
        return None;
    }
    let (_, rest) = line.split_once("\"nodeIP\":")?;
    let rest = rest.trim_start().strip_prefix('"')?;
    rest.split_once('"').map(|(ip, _)| ip)
}

fn judge(then: &str, now: &str) -> Option<Finding> {
    if then == now {
        return None;
    }
    let message = format!("the SFU advertises {then}, and this machine is {now} now");
    Some(
        Finding::problem(message)
            .evidence("it was started before the address changed")
            .fix("urbania restart livekit")
            .mend(Mend::RestartSfu),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_either_kind_of_log() {
        let text = "INFO\tlivekit\tservice/server.go:292\tstarting LiveKit server\t{\"portHttp\": 7880, \"nodeIP\": \"192.0.2.2\", \"version\": \"1.13.5\"}";
        let json = "{\"level\":\"info\",\"msg\":\"starting LiveKit server\",\"nodeIP\":\"10.0.0.5\",\"v\":1}";
        assert_eq!(node_ip(text), Some("192.0.2.2"));
        assert_eq!(node_ip(json), Some("10.0.0.5"));
        assert_eq!(
            node_ip("using single-node routing {\"nodeIP\": \"1.2.3.4\"}"),
            None
        );
    }
}
