//! What `localhost` means, and whether the SFU is there.

use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::doctor::{About, Blind, Check, Finding, Group, Look, Site};

/// The check.
#[derive(Debug)]
pub struct Localhost;

const ABOUT: About = About {
    code: "machine.localhost",
    group: Group::Machine,
    title: "`localhost` is an address at which the SFU does not listen",
    looks_at: "The addresses that `localhost` stands for on this machine, IPv4 and IPv6, and whether the SFU answers at\n\
        each, where browsers and backends are told `localhost`.",
    why: "Many systems give `::1` first. Browsers try both; Node.js, Go and Python take what comes first or the first\n\
        that is quick, so the same address works in one program and is refused in another.",
    fix: "Let the SFU listen on both: `bind_addresses: [127.0.0.1, '::1']`, or on all by leaving it out. Or write\n\
        `127.0.0.1` instead of `localhost` into `livekit_url` and the env files.",
};

const PATIENCE: Duration = Duration::from_millis(500);

#[async_trait]
impl Check for Localhost {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let project = site.project()?;
        site.sfu()?;
        if !project.sfu_url().starts_with("ws://localhost:") {
            return Ok(Vec::new());
        }
        let found = tokio::net::lookup_host(("localhost", project.livekit.port)).await;
        let found = found.map_err(|e| Blind(format!("`localhost` is no name here: {e}")))?;
        let mut all: Vec<SocketAddr> = found.collect();
        all.sort_unstable();
        all.dedup();
        let answers = join_all(all.into_iter().map(|at| async move {
            let answers = timeout(PATIENCE, TcpStream::connect(at)).await;
            (at, matches!(answers, Ok(Ok(_))))
        }));
        Ok(judge(&answers.await).into_iter().collect())
    }
}

fn judge(answers: &[(SocketAddr, bool)]) -> Option<Finding> {
    let (silent, _) = answers.iter().find(|(_, answers)| !answers)?;
    let (there, _) = answers.iter().find(|(_, answers)| *answers)?;
    let message = format!(
        "`localhost` is {} too, and the SFU is at {} alone",
        silent.ip(),
        there.ip()
    );
    Some(
        Finding::note(message)
            .fix("livekit.yaml: bind_addresses: [127.0.0.1, '::1'], then `urbania up`")
            .fix(format!("or urbania.yaml: livekit_url: ws://{there}")),
    )
}
