//! All checks at once, and what came of it. The shape is documented in docs/json.md.

use std::path::PathBuf;

use futures_util::future::join_all;
use serde::Serialize;
use tokio::time::timeout;

use super::check::{About, Blind, CHECKS, Check};
use super::finding::{Finding, Verdict};
use super::group::Group;
use super::mend::Mend;
use super::site::Site;
use crate::context::Context;

/// What came of looking.
#[derive(Debug, Serialize)]
pub struct Examination {
    /// The project's name, where there is one.
    pub project: Option<String>,
    /// Its folder.
    pub dir: Option<PathBuf>,
    /// That of the worst finding.
    pub verdict: Verdict,
    /// By group.
    pub groups: Vec<OfGroup>,
}

/// What came of a group's checks.
#[derive(Debug, Serialize)]
pub struct OfGroup {
    /// The group.
    pub group: Group,
    /// That of its worst finding.
    pub verdict: Verdict,
    /// Its checks.
    pub checks: Vec<Looked>,
}

/// What came of one check.
#[derive(Debug, Serialize)]
pub struct Looked {
    /// The check's code.
    pub code: &'static str,
    /// The fault that it looks for.
    pub title: &'static str,
    /// That of its worst finding.
    pub verdict: Verdict,
    /// What it found.
    pub findings: Vec<Finding>,
    /// Why it could not look.
    pub not_looked: Option<String>,
}

impl Looked {
    fn new(about: &About, look: Result<Vec<Finding>, Blind>) -> Self {
        let (findings, not_looked) = match look {
            Ok(findings) => (findings, None),
            Err(Blind(why)) => (Vec::new(), Some(why)),
        };
        Self {
            code: about.code,
            title: about.title,
            verdict: worst(findings.iter().map(|f| f.verdict)),
            findings,
            not_looked,
        }
    }
}

impl Examination {
    /// Every finding with the code of its check.
    pub fn findings(&self) -> impl Iterator<Item = (&'static str, &Finding)> {
        let checks = self.groups.iter().flat_map(|group| &group.checks);
        checks.flat_map(|check| check.findings.iter().map(|f| (check.code, f)))
    }

    /// What can be mended, each once.
    pub fn mends(&self) -> Vec<Mend> {
        let mut mends: Vec<Mend> = self
            .findings()
            .filter_map(|(_, f)| f.mend.clone())
            .collect();
        mends.sort();
        mends.dedup();
        mends
    }
}

fn worst(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    verdicts.max().unwrap_or_default()
}

/// Runs the checks of these groups, all at once.
pub async fn examine(ctx: &Context, groups: &[Group]) -> Examination {
    let site = Site::gather(ctx).await;
    let wanted = CHECKS.iter().filter(|c| groups.contains(&c.about().group));
    let looked = join_all(wanted.map(|check| one(*check, &site))).await;
    let mut of_groups: Vec<OfGroup> = Vec::new();
    for (group, looked) in looked {
        match of_groups.iter_mut().find(|g| g.group == group) {
            Some(of_group) => of_group.checks.push(looked),
            None => of_groups.push(OfGroup {
                group,
                verdict: Verdict::Ok,
                checks: vec![looked],
            }),
        }
    }
    of_groups.sort_by_key(|of_group| of_group.group);
    for of_group in &mut of_groups {
        of_group.verdict = worst(of_group.checks.iter().map(|c| c.verdict));
    }
    let project = site.project().ok();
    Examination {
        project: project.map(|p| p.name.clone()),
        dir: project.map(|p| p.dir.clone()),
        verdict: worst(of_groups.iter().map(|g| g.verdict)),
        groups: of_groups,
    }
}

async fn one(check: &dyn Check, site: &Site) -> (Group, Looked) {
    let about = check.about();
    let patience = check.patience();
    let look = timeout(patience, check.look(site))
        .await
        .unwrap_or_else(|_| {
            let seconds = patience.as_secs_f32();
            Err(Blind(format!("it took longer than {seconds} s")))
        });
    (about.group, Looked::new(about, look))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_begin_with_their_group_and_are_told_apart() {
        for (n, check) in CHECKS.iter().enumerate() {
            let About { code, group, .. } = check.about();
            let fault = code.strip_prefix(group.as_str());
            let fault = fault.and_then(|rest| rest.strip_prefix('.')).unwrap();
            let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(!fault.is_empty() && fault.chars().all(is_plain), "{code}");
            assert!(
                CHECKS[..n].iter().all(|c| c.about().code != *code),
                "{code}"
            );
        }
    }

    #[test]
    fn the_worst_finding_is_the_verdict_and_mends_are_done_once() {
        let about = CHECKS[0].about();
        let mend = Mend::Sysctl {
            name: "a.b",
            value: "1".into(),
        };
        let found = vec![
            Finding::note("a").mend(mend.clone()),
            Finding::problem("b").mend(mend.clone()),
            Finding::ok("c"),
        ];
        let examination = Examination {
            project: None,
            dir: None,
            verdict: Verdict::Ok,
            groups: vec![OfGroup {
                group: about.group,
                verdict: Verdict::Ok,
                checks: vec![Looked::new(about, Ok(found))],
            }],
        };
        assert_eq!(examination.groups[0].checks[0].verdict, Verdict::Problem);
        assert_eq!(examination.mends(), [mend]);
        let blind = Looked::new(about, Err(Blind::because("dark")));
        assert_eq!(blind.not_looked.as_deref(), Some("dark"));
    }
}
