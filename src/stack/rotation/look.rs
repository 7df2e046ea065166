//! How things stand with the pairs: in the files, in the SFU, in the APIs.

use std::io;
use std::time::Duration;

use serde::Serialize;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::config::{Project, Stage, mend_pairs};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::host::lock::ProjectLock;
use crate::stack::health::sfu::{Refusal, sfu_accepts};
use crate::stack::participants;
use crate::stack::plan::SET_ASIDE;
use crate::stack::reach::find_sfu;
use crate::stack::runner::Runner;
use crate::stack::service::Service;
use crate::stack::serving::{Served, serving};

/// How long this machine may take to open or refuse a connection to itself.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the SFU says of the pairs of livekit.yaml.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sfu {
    /// Nobody answers.
    Silent,
    /// It takes tokens of all of ours.
    Knows,
    /// It refuses tokens of one of ours: it was started with other pairs.
    Behind,
}

/// How things stand.
#[derive(Clone, Debug)]
pub struct Look {
    /// How far the files are.
    pub stage: Stage,
    /// Where the SFU is reached.
    pub base: String,
    /// What the SFU says.
    pub sfu: Sfu,
    /// How many are connected to it, where that can be told.
    pub participants: Option<u64>,
    /// The APIs on this machine, and whether they have the pairs of the files.
    pub apis: Vec<(Served, bool)>,
    /// Env files that have another pair.
    pub env_files: Vec<String>,
}

/// Looks; changes nothing.
pub async fn look(ctx: &Context, project: &Project) -> Result<Look> {
    let base = find_sfu(ctx, project).await;
    let sfu = sfu(ctx, project, &base).await?;
    let digest = project.live_digest()?;
    let apis = serving(&project.state_dir()).into_iter();
    Ok(Look {
        stage: project.livekit.stage(),
        sfu,
        participants: match sfu {
            Sfu::Silent => None,
            Sfu::Knows | Sfu::Behind => participants::count(ctx, project, &base).await,
        },
        apis: apis
            .map(|api| {
                let has = api.live == digest;
                (api, has)
            })
            .collect(),
        env_files: mend_pairs(project)?.into_iter().map(|m| m.file).collect(),
        base,
    })
}

/// Whether none runs because a command was killed while it replaced the SFU.
pub async fn restart_interrupted(
    ctx: &Context,
    project: &Project,
    look: &Look,
    held: &ProjectLock,
) -> bool {
    if look.sfu != Sfu::Silent || !held.was_abandoned() {
        return false;
    }
    let Ok(runner) = Runner::of(project, &ctx.env).await else {
        return false;
    };
    let there = runner.engine.instances(Some(&project.name)).await;
    there.is_ok_and(|there| {
        let mut there = there
            .iter()
            .filter(|i| i.service == Service::Livekit.as_str());
        there.any(|instance| instance.name.ends_with(SET_ASIDE))
    })
}

pub(super) async fn sfu(ctx: &Context, project: &Project, base: &str) -> Result<Sfu> {
    let livekit = &project.livekit;
    let ours = [
        Some(project.key_pair()),
        livekit.reserve(),
        livekit.retiring().map(|(pair, _)| pair),
    ];
    for pair in ours.into_iter().flatten() {
        match sfu_accepts(base, pair, ctx.clock.unix()).await {
            Ok(()) => {}
            Err(Refusal::Unreachable(_)) if nobody_listens(base).await => {
                return Ok(Sfu::Silent);
            }
            Err(Refusal::KeyRefused(_)) => return Ok(Sfu::Behind),
            Err(e @ (Refusal::Unreachable(_) | Refusal::NotReady(_) | Refusal::Token(_))) => {
                let what = format!("cannot tell what the SFU at {base} knows");
                return Err(Error::failed(what).because(e));
            }
        }
    }
    Ok(Sfu::Knows)
}

/// An SFU that is slow to answer is not one that is gone: there may be calls in it.
async fn nobody_listens(base: &str) -> bool {
    let place = base.strip_prefix("http://").unwrap_or(base);
    let connected = TcpStream::connect(place);
    let refused = |e: io::Error| e.kind() == io::ErrorKind::ConnectionRefused;
    match timeout(PATIENCE, connected).await {
        Ok(connected) => connected.is_err_and(refused),
        Err(_) => false,
    }
}
