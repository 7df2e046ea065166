//! Where this machine reaches the project's SFU.

use super::runner::Runner;
use crate::config::Project;
use crate::context::Context;
use crate::engine::Facts;

/// `http://…`: on the engine's machine where that is another one.
pub fn sfu_base(project: &Project, containers: Option<&Facts>) -> String {
    match containers.and_then(Facts::remote_host) {
        Some(host) => format!("http://{host}:{}", project.livekit.port),
        None => project.livekit.url_here(),
    }
}

/// The same for who has not asked the engine yet; without one the SFU can be here alone.
pub async fn find_sfu(ctx: &Context, project: &Project) -> String {
    sfu_base(project, facts(ctx, project).await.as_ref())
}

async fn facts(ctx: &Context, project: &Project) -> Option<Facts> {
    let runner = Runner::of(project, &ctx.env).await.ok()?;
    runner.engine.containers()?.facts().await.ok()
}
