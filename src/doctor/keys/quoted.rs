//! Spellings of env files that one loader understands and another does not.

use async_trait::async_trait;

use crate::config::{EnvFile, KEY, SECRET};
use crate::doctor::{About, Check, Finding, Group, Look, Site};

/// The check.
#[derive(Debug)]
pub struct Quoted;

const ABOUT: About = About {
    code: "keys.quoted",
    group: Group::Keys,
    title: "an env file spells the pair in a way that some loaders read differently",
    looks_at: "The lines of `LIVEKIT_API_KEY` and `LIVEKIT_API_SECRET` in `.env` and in the files under `backends:`:\n\
        quotes, `export`, blanks around `=`.",
    why: "dotenv libraries and Compose take quotes off; `docker run --env-file` and systemd's older versions hand\n\
        them on, and the secret is two characters longer than it should be. `export` and blanks around `=` are errors\n\
        there. The backend then signs with another secret than the file seems to have.",
    fix: "Write `NAME=value`, without quotes, `export` and blanks: no pair that `urbania init` makes needs them.",
};

#[async_trait]
impl Check for Quoted {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let files = super::env_files(site.project()?);
        Ok(files
            .iter()
            .flat_map(|(name, file)| judge(name, file))
            .collect())
    }
}

fn judge(name: &str, file: &EnvFile) -> Vec<Finding> {
    let lines: Vec<&str> = file.text().lines().collect();
    let assignments = file.assignments().iter();
    let ours = assignments.filter(|a| [KEY, SECRET].contains(&a.name.as_str()));
    ours.filter_map(|assignment| {
        let line = lines.get(assignment.line - 1)?;
        let what = spelling(line, &assignment.name)?;
        let message = format!(
            "{name}:{}: {} has {what}, which `docker run --env-file` does not understand",
            assignment.line, assignment.name
        );
        let way = format!("write it as `{}=…`, plainly", assignment.name);
        Some(Finding::note(message).fix(way))
    })
    .collect()
}

/// What is not plain about a line.
fn spelling(line: &str, name: &str) -> Option<&'static str> {
    let line = line.trim_start_matches('\u{feff}').trim();
    let (left, right) = line.split_once('=')?;
    if right.starts_with(['"', '\'', '`']) {
        Some("quotes")
    } else if left.starts_with("export ") {
        Some("`export`")
    } else if left != name || right.starts_with(char::is_whitespace) {
        Some("blanks around `=`")
    } else if right.contains(" #") {
        Some("a comment behind it")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_lines_are_left_alone_and_others_told_apart() {
        for (line, expected) in [
            ("K=abc", None),
            ("K=", None),
            ("K='abc'", Some("quotes")),
            ("K=\"abc\"", Some("quotes")),
            ("export K=abc", Some("`export`")),
            ("K = abc", Some("blanks around `=`")),
            ("K= abc", Some("blanks around `=`")),
            ("K=abc # mine", Some("a comment behind it")),
        ] {
            assert_eq!(spelling(line, "K"), expected, "{line}");
        }
    }
}
