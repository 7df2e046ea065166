//! The machine that an engine runs on, as the engine sees it.

use bollard::Docker as Client;

use super::failure::{Explain, missing};
use crate::engine::Host;
use crate::error::Result;

/// Asks the engine.
pub async fn host(client: &Client) -> Result<Host> {
    let info = client
        .info()
        .await
        .explain(|| "the engine does not say where it runs".into())?;
    Ok(Host {
        data: info.docker_root_dir.unwrap_or_default().into(),
        time: info.system_time.and_then(|at| at.parse().ok()),
        architecture: info.architecture.unwrap_or_default(),
    })
}

/// The processor that an image is for; `None` where the engine lacks it.
pub async fn image_architecture(client: &Client, image: &str) -> Result<Option<String>> {
    match client.inspect_image(image).await {
        Ok(found) => Ok(Some(found.architecture.unwrap_or_default())),
        Err(e) if missing(&e) => Ok(None),
        Err(e) => Err(e).explain(|| format!("cannot inspect image `{image}`")),
    }
}
