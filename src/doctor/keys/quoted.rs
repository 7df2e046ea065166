//! Spellings of env files that one loader understands and another does not.

use std::fmt;

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
        quotes, `export`, blanks around `=` and behind the value, `#` within it.",
    why: "dotenv libraries and Compose take quotes off; `docker run --env-file` and systemd's older versions hand\n\
        them on, and the secret is two characters longer than it should be. `export` and blanks around `=` are errors\n\
        there. A blank behind the value stays there, and is seen by nobody. Node's `dotenv` and Vite end a value at\n\
        `#`, where others want a blank before it. The backend then signs with another secret than the file seems to have.",
    fix: "Write `NAME=value`, without quotes, `export`, blanks and `#`: no pair that `urbania init` makes needs them.",
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
        let spelling = spelling(line, &assignment.name)?;
        let message = format!(
            "{name}:{}: {} has {spelling}",
            assignment.line, assignment.name
        );
        Some(Finding::note(message).fix(spelling.way(&assignment.name)))
    })
    .collect()
}

/// What is not plain about a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    Quotes,
    Export,
    BlanksAround,
    Comment,
    BlankBehind,
    Hash,
}

impl Spelling {
    fn way(self, name: &str) -> String {
        match self {
            Self::Hash => "urbania keys rotate   moves on to a secret of letters and digits".into(),
            _ => format!("write it as `{name}=…`, plainly"),
        }
    }
}

impl fmt::Display for Spelling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, loader) = match self {
            Self::Quotes => ("quotes", UNKNOWN),
            Self::Export => ("`export`", UNKNOWN),
            Self::BlanksAround => ("blanks around `=`", UNKNOWN),
            Self::Comment => ("a comment behind it", UNKNOWN),
            Self::BlankBehind => (
                "a blank behind its value",
                "which `docker run --env-file` takes for a part of it",
            ),
            Self::Hash => (
                "a `#` in its value",
                "where Node's `dotenv` ends the value, and others do not",
            ),
        };
        write!(f, "{what}, {loader}")
    }
}

const UNKNOWN: &str = "which `docker run --env-file` does not understand";

/// How a line is spelt, where that is not plain.
fn spelling(line: &str, name: &str) -> Option<Spelling> {
    let line = line.trim_start_matches('\u{feff}').trim_start();
    let (left, right) = line.split_once('=')?;
    let has_comment = || {
        let value = right.split_once('#').map_or("", |(value, _)| value);
        value.ends_with(char::is_whitespace)
    };
    if right.starts_with(['"', '\'', '`']) {
        Some(Spelling::Quotes)
    } else if left.starts_with("export ") {
        Some(Spelling::Export)
    } else if left != name || (right.starts_with(char::is_whitespace) && !right.trim().is_empty()) {
        Some(Spelling::BlanksAround)
    } else if has_comment() {
        Some(Spelling::Comment)
    } else if right.contains('#') {
        Some(Spelling::Hash)
    } else if right.ends_with(char::is_whitespace) {
        Some(Spelling::BlankBehind)
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
            ("K='abc'", Some(Spelling::Quotes)),
            ("K=\"abc\"", Some(Spelling::Quotes)),
            ("export K=abc", Some(Spelling::Export)),
            ("K = abc", Some(Spelling::BlanksAround)),
            ("K= abc", Some(Spelling::BlanksAround)),
            ("K=abc # mine", Some(Spelling::Comment)),
            ("K=abc\t# mine", Some(Spelling::Comment)),
            ("K=abc ", Some(Spelling::BlankBehind)),
            ("K=abc\t", Some(Spelling::BlankBehind)),
            ("K= ", Some(Spelling::BlankBehind)),
            ("K=abc#x", Some(Spelling::Hash)),
            ("K=abc#x # mine", Some(Spelling::Hash)),
        ] {
            assert_eq!(spelling(line, "K"), expected, "{line}");
        }
    }
}
