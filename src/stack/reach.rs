//! Where this machine reaches the project's SFU.

use crate::config::Project;
use crate::context::Context;
use crate::engine::docker::Docker;
use crate::engine::{Engine as _, Facts};

/// `http://…`: on the engine's machine where that is another one.
pub fn sfu_base(project: &Project, engine: Option<&Facts>) -> String {
    match engine.and_then(Facts::remote_host) {
        Some(host) => format!("http://{host}:{}", project.livekit.port),
        None => project.livekit.url_here(),
    }
}

/// The same for who has not asked the engine yet; without one the SFU can be here alone.
pub async fn find_sfu(ctx: &Context, project: &Project) -> String {
    let facts = async { Docker::connect(&ctx.env).await?.facts().await };
    sfu_base(project, facts.await.ok().as_ref())
}
