//! The end of a rotation on the way, where the SFU is about to start anyway or nobody is there.

use super::act::retire_in_files;
use super::decide::is_idle;
use super::look::look;
use crate::config::{Project, Stage};
use crate::context::Context;
use crate::error::Result;

/// Retires the old pair if its tokens are over and nobody is connected: the SFU will start again for it.
pub async fn if_idle(ctx: &Context, project: &mut Project) -> Result<()> {
    if !is_due(ctx, project) {
        return Ok(());
    }
    // An SFU that answers nonsense is the business of `up` itself.
    match look(ctx, project).await {
        Ok(look) if is_idle(look.sfu, look.participants) => whoever_is_there(ctx, project),
        _ => Ok(()),
    }
}

/// Retires the old pair if its tokens are over: the SFU starts again in any case.
pub fn whoever_is_there(ctx: &Context, project: &mut Project) -> Result<()> {
    if is_due(ctx, project) {
        ctx.out.say(retire_in_files(project)?);
    }
    Ok(())
}

pub(super) fn is_due(ctx: &Context, project: &Project) -> bool {
    matches!(project.livekit.stage(), Stage::Overlap(until) if until <= ctx.clock.now())
}
