//! The end of a rotation by itself, while an API serves: nobody has to come back for it.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::sleep;

use super::decide::is_idle;
use super::look::look;
use super::retire::is_due;
use crate::config::Project;
use crate::context::Context;
use crate::error::{Context as _, Error, Result};
use crate::stack::runner::Runner;
use crate::stack::service::Service;

/// Between two looks at `livekit.yaml`. Whoever ends a rotation by hand has this long before it is done for him.
const EVERY: Duration = Duration::from_secs(15);

/// Ends rotations that are due while nobody is connected to the project's SFU; goes on for ever.
pub async fn end_when_idle(ctx: &Context, served: &Project) {
    let (mut due, mut said) = (None, String::new());
    loop {
        sleep(EVERY).await;
        // What is half-written is looked at again.
        let Ok(project) = served.reload_to_serve() else {
            continue;
        };
        let before = due;
        due = retiring(ctx, &project);
        let Some(old) = &due else {
            continue;
        };
        let says = if before.as_ref() == Some(old) {
            match end(ctx, &project).await {
                Ok(says) => says,
                Err(e) => format!("`{old}` does not retire by itself yet: {e}"),
            }
        } else {
            format!("tokens of `{old}` are over: it retires when nobody is connected")
        };
        if said != says {
            ctx.out.say(&says);
            said = says;
        }
    }
}

/// The pair whose tokens are over, where it is ours to retire.
fn retiring(ctx: &Context, project: &Project) -> Option<String> {
    if project.pair_in_environment().is_some() || !is_due(ctx, project) {
        return None;
    }
    let (old, _) = project.livekit.retiring()?;
    Some(old.key.clone())
}

/// Ends it, unless somebody would notice; says what it did or waits for.
async fn end(ctx: &Context, project: &Project) -> Result<String> {
    if !runs_here(ctx, project).await? {
        return Ok("the SFU is not this project's: `urbania keys rotate --finish`".into());
    }
    let look = look(ctx, project).await?;
    if !is_idle(look.sfu, look.participants) {
        return Ok("the old pair waits: somebody is connected".into());
    }
    finish(project).await
}

/// Whether the project has an SFU of its own, which may be started again.
async fn runs_here(ctx: &Context, project: &Project) -> Result<bool> {
    let runner = Runner::of(project, &ctx.env).await?;
    let there = runner.engine.instances(Some(&project.name)).await?;
    let livekit = Service::Livekit.as_str();
    Ok(there.iter().any(|instance| instance.service == livekit))
}

/// By the command, which looks again under the project's lock: a process of its own, so that the end of the API is
/// not its end.
async fn finish(project: &Project) -> Result<String> {
    let cannot = || "cannot run `urbania keys rotate --finish`".to_owned();
    let program = std::env::current_exe().or_fail(cannot)?;
    let run = Command::new(program)
        .arg("--project")
        .arg(&project.dir)
        .args(["keys", "rotate", "--finish", "--yes"])
        .stdin(Stdio::null())
        .output();
    let output = run.await.or_fail(cannot)?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let said = said.trim().replace('\n', "; ");
    if output.status.success() {
        Ok(said)
    } else {
        Err(Error::failed(said))
    }
}
