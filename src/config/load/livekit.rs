//! Reads `livekit.yaml` as the release of LiveKit in use reads it.

use std::path::Path;

use serde_json::{Map, Value};

use super::{Findings, NO_FILE, Source, settings, tree, typed};
use crate::config::lint::{self, Lint, Linted, NO_KEY, Origin, Target};
use crate::config::problem::{self, Problem};
use crate::config::roles::Roles;
use crate::config::schema::{is_read_here, typed_schema};
use crate::config::yaml::{Node, fit, is_passed_over, parse};
use crate::config::{Effect, LIVEKIT_FILE, LivekitConfig, Settings, files};
use crate::context::Env;
use crate::error::{Context as _, Result};

/// `livekit.yaml`, which must be there, read as the release in use reads it.
pub fn livekit(
    dir: &Path,
    settings: &Settings,
    target: Target,
    findings: &mut Findings,
) -> (Source, LivekitConfig) {
    let (tree, text) = tree(dir, LIVEKIT_FILE, findings);
    let mut value = Value::Object(Map::new());
    let mut whole = value.clone();
    let mut files = Vec::new();
    if let Some(tree) = &tree {
        let read = lint::read(tree, target);
        value = read.value;
        whole = if settings.pass_unknown {
            lint::whole(tree, target)
        } else {
            value.clone()
        };
        let unusable = unusable(tree, &mut value, &read.lints);
        findings.problems.extend(unusable);
        for lint in read.lints {
            take(lint, settings.pass_unknown, findings);
        }
        files = files::named(tree, &lint::schema(None));
    } else if text.is_none() {
        let missing = Problem::of(LIVEKIT_FILE, NO_FILE);
        findings.problems.push(missing);
    } else if !findings.problems.iter().any(|p| p.source == LIVEKIT_FILE) {
        findings.problems.push(Problem {
            path: "keys".to_owned(),
            ..Problem::of(LIVEKIT_FILE, NO_KEY)
        });
    }
    let mut config: LivekitConfig = typed(LIVEKIT_FILE, value, findings);
    config.tree = whole;
    config.files = files;
    if let (Some(tree), Some(text)) = (&tree, &text) {
        config.roles = Roles::read(text, tree);
    }
    if config.development && config.rtc.port_range_start == 0 {
        // What LiveKit does in its development mode.
        config.rtc.udp_port.get_or_insert_with(|| "7882".into());
    }
    let source = Source {
        name: LIVEKIT_FILE,
        tree,
    };
    (source, config)
}

/// A `livekit.yaml` of no project, such as an effective one. Keys that nobody knows are passed over.
pub fn livekit_file(path: &Path) -> Result<LivekitConfig> {
    let text =
        std::fs::read_to_string(path).or_fail(|| format!("cannot read `{}`", path.display()))?;
    let (tree, complaints) = parse(&text);
    let of_file = |message| Problem::of(LIVEKIT_FILE, message);
    let mut problems: Vec<_> = complaints
        .into_iter()
        .filter(|(_, message)| !is_passed_over(message))
        .map(|(at, message)| Problem {
            at: Some(at),
            ..of_file(message)
        })
        .collect();
    let Some(tree) = tree.filter(|_| problems.is_empty()) else {
        problems.extend(text.trim().is_empty().then(|| of_file(NO_KEY.to_owned())));
        return Err(problem::error(problems));
    };
    let target = Target::of_image("");
    let read = lint::read(&tree, target);
    let mut value = read.value;
    problems.extend(unusable(&tree, &mut value, &read.lints));
    let wrong = |lint: &Lint| lint.origin == Origin::Type && is_read_here(&lint.path);
    problems.extend(read.lints.into_iter().filter(wrong).map(Problem::linted));
    let mut findings = Findings {
        problems,
        ..Findings::default()
    };
    let mut config: LivekitConfig = typed(LIVEKIT_FILE, value, &mut findings);
    if !findings.problems.is_empty() {
        return Err(problem::error(findings.problems));
    }
    config.tree = lint::whole(&tree, target);
    Ok(config)
}

/// Numbers that LiveKit takes and urbania cannot do with; they are taken out.
fn unusable(tree: &Node, value: &mut Value, lints: &[Lint]) -> Vec<Problem> {
    let refused = |path: &str| {
        let mut refused = lints.iter().filter(|l| l.effect == Effect::Refuses);
        refused.any(|lint| lint.path == path)
    };
    let mut found = fit(value, &typed_schema());
    found.retain(|(path, _)| !refused(path));
    let problem = |(path, message): (String, String)| Problem {
        source: LIVEKIT_FILE.to_owned(),
        at: tree.position(&path),
        path,
        message,
    };
    found.into_iter().map(problem).collect()
}

/// What LiveKit refuses is a problem; what is of its own business alone can be left to it.
fn take(lint: Lint, pass: bool, findings: &mut Findings) {
    let is_ours = match lint.origin {
        Origin::Type => is_read_here(&lint.path),
        Origin::Rule => {
            let mut others = ["turn", "webhook"].iter();
            is_read_here(&lint.path) && !others.any(|of| lint.path.starts_with(of))
        }
        Origin::Unknown | Origin::Misspelt => false,
    };
    let is_for_livekit = matches!(lint.origin, Origin::Unknown | Origin::Type);
    // What is wanted from outside is no fault of the file.
    let is_wanted = lint.path == "redis" || lint.path.ends_with(".secret_file");
    let (refuses, depends) = (
        lint.effect == Effect::Refuses,
        lint.effect == Effect::Depends,
    );
    // What starts the SFU says which key signs events where the file does not.
    let is_added = lint.origin == Origin::Rule && lint.path == "webhook.urls";
    let problem = Problem::linted(lint);
    if !refuses || is_added {
        let is_doubtful = !(depends && is_wanted);
        findings.warnings.extend(is_doubtful.then_some(problem));
    } else if is_ours {
        findings.problems.push(problem);
    } else {
        findings.is_for_livekit |= !pass && is_for_livekit;
        findings.doubt(problem, pass);
    }
}

/// What LiveKit does about the `livekit.yaml` in `dir` and the files that it names. `asked`: another
/// release than that of the image in use.
pub fn lint_project(dir: &Path, env: &Env, asked: Option<Target>) -> Linted {
    let mut findings = Findings::default();
    let (_, settings) = settings(dir, env, &mut findings);
    let target = asked.unwrap_or_else(|| Target::of_image(&settings.images.livekit));
    // What cannot be read is told by those who load the project.
    let text = std::fs::read_to_string(dir.join(LIVEKIT_FILE)).unwrap_or_default();
    let mut linted = lint::lint(&text, target);
    let (_, config) = livekit(dir, &settings, target, &mut findings);
    let (_, unreadable) = files::copies(&config, dir);
    linted
        .lints
        .extend(unreadable.into_iter().map(Lint::unreadable));
    linted.lints.sort_by_key(|lint| lint.at);
    linted
}
