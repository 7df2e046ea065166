//! What was found, for a person: a line for each group, and below it what is not as it should be.

use std::fmt::Write as _;

use crate::doctor::{Examination, Finding, Group, Looked, OfGroup, Verdict};
use crate::output::{BOLD, DIM};

/// The whole report, without a line end at its end.
pub fn report(found: &Examination) -> String {
    let wide = Group::ALL.iter().map(|g| g.as_str().len()).max();
    let wide = wide.unwrap_or_default();
    let groups = found.groups.iter().map(|group| of_group(group, wide));
    groups.collect::<Vec<_>>().join("\n")
}

fn of_group(group: &OfGroup, wide: usize) -> String {
    let style = group.verdict.style();
    let verdict = group.verdict.as_str();
    let mut text = format!(
        "{BOLD}{:wide$}{BOLD:#}  {style}{verdict}{style:#}",
        group.group
    );
    let summary = summary(group);
    if !summary.is_empty() {
        let margin = 9 - verdict.len();
        let _ = write!(text, "{:margin$}{summary}", "");
    }
    for check in &group.checks {
        for finding in check.findings.iter().filter(|f| f.verdict > Verdict::Ok) {
            text.push_str(&of_finding(check, finding, wide));
        }
    }
    text
}

/// What is well, and what could not be seen.
fn summary(group: &OfGroup) -> String {
    let findings = || group.checks.iter().flat_map(|check| &check.findings);
    let mut parts: Vec<String> = findings()
        .filter(|f| f.verdict == Verdict::Ok)
        .map(|f| f.message.clone())
        .collect();
    if parts.is_empty() && group.verdict == Verdict::Ok {
        let looked = group.checks.iter().filter(|c| c.not_looked.is_none());
        parts.push(match looked.count() {
            1 => "1 check".to_owned(),
            n => format!("{n} checks"),
        });
    }
    parts.extend(blind(&group.checks));
    parts.join("; ")
}

/// Each reason once, with the checks that could not look for it.
fn blind(checks: &[Looked]) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for check in checks {
        let Some(why) = &check.not_looked else {
            continue;
        };
        match reasons.iter_mut().find(|(reason, _)| reason == why) {
            Some((_, codes)) => codes.push(check.code),
            None => reasons.push((why, vec![check.code])),
        }
    }
    let told = reasons
        .into_iter()
        .map(|(why, codes)| format!("{DIM}not looked at: {} ({why}){DIM:#}", codes.join(", ")));
    told.collect()
}

fn of_finding(check: &Looked, finding: &Finding, wide: usize) -> String {
    let style = finding.verdict.style();
    let verdict = finding.verdict.as_str();
    let margin = wide + 2;
    let mut text = format!(
        "\n{:margin$}{style}{verdict:7}{style:#}  {}  {DIM}{}{DIM:#}",
        "", finding.message, check.code
    );
    // Below the message, behind the verdict.
    let margin = margin + 9;
    for line in &finding.evidence {
        let _ = write!(text, "\n{:margin$}{line}", "");
    }
    for way in &finding.fix {
        let _ = write!(text, "\n{:margin$}{BOLD}fix:{BOLD:#} {way}", "");
    }
    text
}
