//! Env files that hold another pair than livekit.yaml.

use async_trait::async_trait;

use crate::config::{BackendFinding, Difference, KEY, SECRET, compare_backends};
use crate::doctor::{About, Check, Finding, Group, Look, Mend, Site, Verdict};

/// The check.
#[derive(Debug)]
pub struct BackendDiffers;

const ABOUT: About = About {
    code: "keys.backend-differs",
    group: Group::Keys,
    title: "an env file has another key pair than livekit.yaml",
    looks_at: "`LIVEKIT_API_KEY`, `LIVEKIT_API_SECRET` and the spellings of the SFU's address in `.env`, in every file\n\
        under `backends:` of urbania.yaml and in the environment, against livekit.yaml. Of several lines of one file the\n\
        last one wins.",
    why: "The backend signs tokens that the SFU refuses. Nothing is wrong until somebody joins: then it is a 401,\n\
        `invalid API key` or `invalid token`, in the browser of a user.",
    fix: "`urbania keys sync` writes the pair in use into the files, in place, and makes one that is\n\
        missing; `urbania keys sync --dry-run` shows what it would change. A variable of the environment is for you to unset.",
};

#[async_trait]
impl Check for BackendDiffers {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let all = compare_backends(site.project()?);
        Ok(all.iter().map(|found| judge(found, &all)).collect())
    }
}

fn judge(found: &BackendFinding, all: &[BackendFinding]) -> Finding {
    let verdict = match &found.difference {
        // A backend that has one half has none to sign with.
        Difference::Missing if is_half(found, all) => Verdict::Warning,
        Difference::Key { .. } | Difference::Secret { .. } => Verdict::Problem,
        Difference::Url { .. }
        | Difference::Ambiguous
        | Difference::FileMissing
        | Difference::FolderMissing
        | Difference::Unreadable { .. } => Verdict::Warning,
        Difference::Missing => Verdict::Note,
    };
    let finding = Finding::new(verdict, found.to_string());
    match &found.difference {
        _ if found.is_for_its_owner() => finding.fix(found.way()),
        Difference::Missing if is_half(found, all) => finding
            .evidence("the other half of the pair is there")
            .fix("urbania keys sync")
            .mend(Mend::SyncKeys),
        _ => finding.fix("urbania keys sync").mend(Mend::SyncKeys),
    }
}

/// Whether the file sets the other half of the pair.
fn is_half(found: &BackendFinding, all: &[BackendFinding]) -> bool {
    let of_file = all.iter().filter(|other| other.file == found.file);
    let missing = of_file.filter(|other| {
        other.difference == Difference::Missing && [KEY, SECRET].contains(&other.variable)
    });
    missing.count() == 1
}
