//! Backends that run with another pair.

use async_trait::async_trait;

use super::running::Backend;
use crate::config::{KEY, SECRET};
use crate::doctor::{About, Check, Finding, Group, Look, Site};

/// The check.
#[derive(Debug)]
pub struct ProcessDiffers;

const ABOUT: About = About {
    code: "keys.process-differs",
    group: Group::Keys,
    title: "a backend that runs has another key pair than livekit.yaml",
    looks_at: "The environment of processes that run in the project's folder or in those of the files under\n\
        `backends:`, where this user may see it, and of containers that Compose made there or that are told the SFU's\n\
        address on this machine, against the pairs of livekit.yaml. One that has half a pair there is left out.",
    why: "Env files are read once, at the start. A backend that was started before the files were mended, or from a\n\
        shell that exports an old pair, goes on signing tokens that the SFU refuses.",
    fix: "Start the backend again, from a shell without `LIVEKIT_API_KEY` and `LIVEKIT_API_SECRET`. A container keeps\n\
        the environment that it was made with: make it again.",
};

#[async_trait]
impl Check for ProcessDiffers {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let project = site.project()?;
        let backends = site.backends().await?.iter();
        let unknown = backends.filter(|backend| !super::is_known(project, &backend.pair));
        Ok(unknown.map(judge).collect())
    }
}

fn judge(backend: &Backend) -> Finding {
    let name = &backend.name;
    let message = format!("{name} runs with a key pair that is not in livekit.yaml");
    Finding::problem(message)
        .evidence(format!("{KEY} and {SECRET} are in its environment"))
        .fix(backend.way())
}
