//! What is wrong with a project's files.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::{ENV_FILE, LIVEKIT_FILE};
use crate::config::LivekitConfig;
use crate::config::lint::NO_KEY;
use crate::config::load::{self, Findings};
use crate::config::problem::{self, Problem};
use crate::error::Error;

/// That there is no `livekit.yaml`.
pub fn no_livekit_file(problem: &Problem) -> bool {
    problem.source == LIVEKIT_FILE && problem.at.is_none() && problem.message == load::NO_FILE
}

/// That it has no key pair.
pub fn no_keys(problem: &Problem) -> bool {
    problem.path == "keys" && problem.message == NO_KEY
}

/// All problems as one error, with the way out where a command is one.
pub fn with_hints(findings: Findings) -> Error {
    let Findings {
        problems,
        is_for_livekit,
        ..
    } = findings;
    let no_livekit_file = problems.iter().any(no_livekit_file);
    let no_keys = problems.iter().any(|p| p.path == "keys");
    let mut error = problem::error(problems);
    if no_livekit_file {
        error = error.hint("`urbania init --missing` writes the files that are missing");
    }
    if no_keys {
        error =
            error.hint("add `NAME: SECRET` under `keys`; `openssl rand -hex 32` makes a secret");
    }
    if is_for_livekit {
        error = error.hint(
            "if LiveKit knows better: urbania up --pass-unknown, or `pass_unknown: true` in urbania.yaml",
        );
    }
    error
}

/// Files with secrets that other users of this machine can read.
pub fn open_to_others(dir: &Path, livekit: &LivekitConfig) -> Vec<Problem> {
    let secret = livekit.keys.iter().any(|pair| !pair.is_documented());
    let mut open = Vec::new();
    for name in [LIVEKIT_FILE, ENV_FILE].into_iter().filter(|_| secret) {
        if let Some(mode) = readable_by_others(&dir.join(name)) {
            let message =
                format!("other users can read its secrets (mode {mode:04o}): chmod 600 {name}");
            open.push(Problem::of(name, message));
        }
    }
    open
}

/// The mode of a file that other users of this machine can read.
pub fn readable_by_others(path: &Path) -> Option<u32> {
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}
