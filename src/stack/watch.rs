//! Services that end while somebody watches them.

use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use tokio::time::sleep;

use super::api::ApiFiles;
use super::service::Service;
use super::site::Site;
use crate::error::{Error, Result};
use crate::host::process::Running;
use crate::output::Output;

const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Says which of `services` ends; fails when none is left or they cannot be watched.
pub async fn tell_ends(out: Output, site: &Site, services: &[Service]) -> Result<()> {
    let instances = site.engine.instances(Some(&site.project.name)).await?;
    let mut ends: Vec<BoxFuture<Result<()>>> = Vec::new();
    for service in services {
        if *service == Service::Api {
            ends.push(Box::pin(api_ends(out, site)));
        }
        let its = instances.iter().filter(|i| i.service == service.as_str());
        for instance in its {
            ends.push(Box::pin(async move {
                let code = site.engine.exited(&instance.id).await?;
                let code = code.map_or_else(String::new, |code| format!(" (exit code {code})"));
                out.complain(format_args!("`{service}` ended{code}"));
                Ok(())
            }));
        }
    }
    join_all(ends).await.into_iter().collect::<Result<()>>()?;
    Err(Error::failed("every service has ended"))
}

async fn api_ends(out: Output, site: &Site) -> Result<()> {
    let process = ApiFiles::of(&site.project).process().await?;
    while process.as_ref().is_some_and(Running::is_alive) {
        sleep(LOOK_AGAIN).await;
    }
    out.complain(format_args!("`{}` ended", Service::Api));
    Ok(())
}
