//! How many files and sockets a process may have open.

use async_trait::async_trait;
use rustix::process::{Resource, getrlimit};

use crate::doctor::{About, Check, Finding, Group, Look, Site};

/// The check.
#[derive(Debug)]
pub struct OpenFiles;

const ABOUT: About = About {
    code: "machine.open-files",
    group: Group::Machine,
    title: "processes of this shell may open few files",
    looks_at: "The soft limit of open files that this shell gives to what it starts (`ulimit -n`), against what the\n\
        API needs. Containers have limits of their own.",
    why: "Each connection is an open file. With a low limit the API accepts no more of them after some hundred\n\
        callers, and its log says `too many open files`.",
    fix: "`ulimit -n 65536` in the shell that runs `urbania up`, or `nofile` in /etc/security/limits.conf.",
};

/// What systems give usually.
const USUAL: u64 = 1024;

#[async_trait]
impl Check for OpenFiles {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, _site: &Site) -> Look {
        let limit = getrlimit(Resource::Nofile).current;
        Ok(limit.and_then(judge).into_iter().collect())
    }
}

fn judge(limit: u64) -> Option<Finding> {
    (limit < USUAL).then(|| {
        Finding::warning(format!("processes of this shell may open {limit} files"))
            .evidence("the API needs one for each connection")
            .fix("ulimit -n 65536, then `urbania restart api`")
    })
}
