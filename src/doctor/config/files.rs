//! Files that cannot be used.

use async_trait::async_trait;

use crate::config::Project;
use crate::doctor::{About, Check, Finding, Group, Look, Site};

/// The check.
#[derive(Debug)]
pub struct Files;

const ABOUT: About = About {
    code: "config.files",
    group: Group::Config,
    title: "a file of the project is wrong",
    looks_at: "urbania.yaml, livekit.yaml and `.env`, read as strictly as the release of LiveKit in use reads its own:\n\
        unknown and misspelt keys, keys of other releases, wrong types, ports that clash, a webhook whose `api_key` is no\n\
        name under `keys`, TURN over TLS without a domain, files that livekit.yaml names and that are not there.",
    why: "LiveKit refuses a file with one unknown key, says so on stdout and ends with exit code 0. Nothing else can\n\
        be looked at before the files can be read.",
    fix: "Each line has the place and often the right spelling; `urbania config validate` shows them too.",
};

#[async_trait]
impl Check for Files {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        if let Some(e) = site.project_error() {
            let is_there = Project::find(&site.ctx).is_ok();
            let finding = if is_there {
                lines(
                    Finding::problem("the project's files cannot be used"),
                    &e.to_string(),
                )
            } else {
                Finding::note(e.to_string())
            };
            let finding = e.hints().iter().cloned().fold(finding, Finding::fix);
            return Ok(vec![finding]);
        }
        let problems = &site.effective()?.problems;
        let told = problems.iter().map(|problem| {
            Finding::problem(problem.to_string()).fix("correct it, then `urbania up`")
        });
        Ok(told.collect())
    }
}

/// The problems of an error, one a line.
fn lines(finding: Finding, text: &str) -> Finding {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    // Of several problems the first line counts them.
    let problems = if lines.len() > 1 { &lines[1..] } else { &lines };
    problems.iter().copied().fold(finding, Finding::evidence)
}
