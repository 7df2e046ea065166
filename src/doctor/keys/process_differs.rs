//! Backends that run with another pair.

use async_trait::async_trait;
use secrecy::ExposeSecret as _;

use crate::config::{KEY, SECRET};
use crate::doctor::{About, Check, Finding, Group, Look, Site};
use crate::host::command_line;
use crate::host::process::{WithVariables, facts, with_variables};

/// The check.
#[derive(Debug)]
pub struct ProcessDiffers;

const ABOUT: About = About {
    code: "keys.process-differs",
    group: Group::Keys,
    title: "a backend that runs has another key pair than livekit.yaml",
    looks_at: "The environment of processes that run in the project's folder or in those of the files under\n\
        `backends:`, where this user may see it, against the pairs of livekit.yaml.",
    why: "Env files are read once, at the start. A backend that was started before the files were mended, or from a\n\
        shell that exports an old pair, goes on signing tokens that the SFU refuses.",
    fix: "Start the backend again, from a shell without `LIVEKIT_API_KEY` and `LIVEKIT_API_SECRET`.",
};

#[async_trait]
impl Check for ProcessDiffers {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let project = site.project()?;
        let mut found = with_variables([KEY, SECRET], &super::folders(project));
        let ours =
            |pid| pid == std::process::id() || site.ours().processes.iter().any(|p| p.1 == pid);
        found.retain(|process| {
            let [key, secret] = &process.values;
            !ours(process.pid)
                && !super::is_known(project, key.expose_secret(), secret.expose_secret())
        });
        Ok(found.iter().filter_map(told).collect())
    }
}

fn told(process: &WithVariables<2>) -> Option<Finding> {
    let facts = facts(&[process.pid]).remove(&process.pid)?;
    let command = command_line::shown(&facts.arguments);
    let pid = process.pid;
    let message =
        format!("`{command}` (pid {pid}) runs with a key pair that is not in livekit.yaml");
    Some(
        Finding::problem(message)
            .evidence(format!("{KEY} and {SECRET} are in its environment"))
            .fix("start it again, from a shell without these variables"),
    )
}
