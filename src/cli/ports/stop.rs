//! `--stop`: ending those who hold ports, with care.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::context::Context;
use crate::engine::docker::Docker;
use crate::engine::{Engine as _, Signal};
use crate::error::{Error, Result};
use crate::host::claims::{Claim, Owner};
use crate::host::holder::Holder;
use crate::host::process::{Handle, Stopped, facts};
use crate::host::refusal::{described, listed, way_out};

/// How long a process may take to end by itself.
const GRACE: Duration = Duration::from_secs(10);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);
/// How long a socket may be there after the process that had it.
const LET_GO: Duration = Duration::from_secs(2);

/// Ends the holder of each claim, each process once.
pub async fn all(ctx: &Context, claims: &[&Claim], yes: bool) -> Result<()> {
    let mut done = BTreeSet::new();
    for claim in claims {
        match (&claim.owner, &claim.holder) {
            // A proxy is not to be ended alone: its container would go on without it.
            (
                Owner::Process,
                Holder::Process {
                    pid,
                    container: None,
                    ..
                },
            ) => {
                if done.insert(pid.to_string()) {
                    one(ctx, claim, *pid, yes).await?;
                }
            }
            (Owner::ThisProject { service }, _) => ctx.out.say(format_args!(
                "{}/{} is this project's own: `urbania down {service}`",
                listed(&claim.ports),
                claim.need.protocol
            )),
            (Owner::Container { id, .. }, _) => {
                if done.insert(id.clone()) {
                    container(ctx, claim, id, yes).await?;
                }
            }
            _ => {
                return Err(Error::problem(format!(
                    "{} cannot be ended from here",
                    described(claim)
                ))
                .hint(way_out(claim)));
            }
        }
    }
    Ok(())
}

/// What is held after that. A socket that is still there while its process is not is looked at again: the kernel,
/// or somebody who was handed it and has not taken it yet, lets go of it in a moment.
pub async fn once_let_go<L: Future<Output = Result<Vec<Claim>>>>(
    look: impl Fn() -> L,
) -> Result<Vec<Claim>> {
    let until = Instant::now() + LET_GO;
    loop {
        let found = look().await?;
        let is_left = found.iter().any(|claim| claim.holder == Holder::Nobody);
        if !is_left || Instant::now() >= until {
            return Ok(found);
        }
        sleep(PAUSE).await;
    }
}

async fn one(ctx: &Context, claim: &Claim, pid: u32, yes: bool) -> Result<()> {
    let who = described(claim);
    // The handle first: from here on the number cannot mean another process.
    let Some(handle) = Handle::open(pid).filter(|_| is_still(claim, pid)) else {
        return Ok(());
    };
    refuse_vital(pid, &who)?;
    if !agreed(ctx, claim, yes)? {
        return Ok(());
    }
    match handle.stop(GRACE).await? {
        Stopped::Asked => ctx.out.say(format_args!("ended {who}")),
        Stopped::Killed => ctx.out.say(format_args!("ended {who} by force")),
        Stopped::Gone => ctx.out.say(format_args!("{who} was gone already")),
    }
    Ok(())
}

/// Asks before anything is ended.
fn agreed(ctx: &Context, claim: &Claim, yes: bool) -> Result<bool> {
    if yes {
        return Ok(true);
    }
    let question = format!(
        "End {}, which holds {}/{}?",
        described(claim),
        listed(&claim.ports),
        claim.need.protocol
    );
    ctx.out.confirm(&question).ok_or_else(|| {
        Error::usage("nobody is here to be asked").hint("end it without asking: add `--yes`")
    })
}

/// Stops a container as its engine would.
async fn container(ctx: &Context, claim: &Claim, id: &str, yes: bool) -> Result<()> {
    if !agreed(ctx, claim, yes)? {
        return Ok(());
    }
    let engine = Docker::connect(&ctx.env)
        .await
        .map_err(|e| e.hint(way_out(claim)))?;
    engine.signal(id, Signal::Terminate).await?;
    let ended = tokio::time::timeout(GRACE, engine.exited(id)).await;
    if ended.is_err() {
        engine.signal(id, Signal::Kill).await?;
        engine.exited(id).await?;
    }
    ctx.out.say(format_args!("stopped {}", described(claim)));
    Ok(())
}

/// Whether the number still means the process that was found.
fn is_still(claim: &Claim, pid: u32) -> bool {
    match &claim.holder {
        Holder::Process { started, .. } => facts(&[pid])
            .get(&pid)
            .is_some_and(|f| f.started == *started),
        _ => false,
    }
}

/// Some processes take more with them than a port.
fn refuse_vital(pid: u32, who: &str) -> Result<()> {
    let why = if pid == 1 {
        "the first process of this system"
    } else if pid == std::process::id() {
        "this very command"
    } else if ancestors().contains(&pid) {
        "what this command was started from"
    } else {
        return Ok(());
    };
    Err(Error::problem(format!("{who} is {why} and stays")))
}

/// The processes above this one, up to the first.
fn ancestors() -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    let mut pid = std::process::id();
    while let Some(parent) = facts(&[pid]).get(&pid).and_then(|f| f.parent) {
        if !found.insert(parent) {
            break;
        }
        pid = parent;
    }
    found
}
