//! Env files: read as dotenv libraries read them, changed in place.
//!
//! Only the bytes of a changed value are touched; comments, order, quoting, `export` and line
//! ends stay as they are.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::host::files::{PRIVATE, replace};

/// An env file in memory.
#[derive(Clone)]
pub struct EnvFile {
    path: PathBuf,
    text: String,
    exists: bool,
    assignments: Vec<Assignment>,
}

/// `NAME=value` in an env file.
#[derive(Clone)]
pub struct Assignment {
    /// The variable.
    pub name: String,
    /// Its value without quotes.
    pub value: String,
    /// Its line, from 1.
    pub line: usize,
    /// The bytes of the value in the file, with its quotes.
    raw: Range<usize>,
}

impl EnvFile {
    /// Reads a file; one that does not exist is empty.
    pub fn read(path: &Path) -> io::Result<Self> {
        let (text, exists) = match std::fs::read_to_string(path) {
            Ok(text) => (text, true),
            Err(e) if e.kind() == io::ErrorKind::NotFound => (String::new(), false),
            Err(e) => return Err(e),
        };
        let mut file = Self::parse(path, text);
        file.exists = exists;
        Ok(file)
    }

    /// The env file that `text` is.
    pub fn parse(path: &Path, text: String) -> Self {
        let assignments = assignments(&text);
        Self {
            path: path.to_path_buf(),
            text,
            exists: true,
            assignments,
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it was there when it was read.
    pub fn exists(&self) -> bool {
        self.exists
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Every assignment of the file in order.
    pub fn assignments(&self) -> &[Assignment] {
        &self.assignments
    }

    /// The assignments of one variable; the last one wins.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &Assignment> {
        self.assignments.iter().filter(move |a| a.name == name)
    }

    /// The value of a variable, unless it is unset or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name)
            .last()
            .map(|a| a.value.as_str())
            .filter(|v| !v.is_empty())
    }

    /// Sets a variable everywhere it occurs, or adds it at the end. Says whether that changed anything.
    pub fn set(&mut self, name: &str, value: &str) -> bool {
        let stale: Vec<Range<usize>> = self
            .all(name)
            .filter(|a| a.value != value)
            .map(|a| a.raw.clone())
            .collect();
        if stale.is_empty() && self.all(name).next().is_some() {
            return false;
        }
        if stale.is_empty() {
            self.append(name, value);
        } else {
            // From the end, so that the positions before stay true.
            for raw in stale.into_iter().rev() {
                let mut quoted = quoted(value, self.text[raw.clone()].chars().next());
                // A comment begins after a blank.
                if raw.is_empty() && self.text[raw.end..].starts_with('#') {
                    quoted.push(' ');
                }
                self.text.replace_range(raw, &quoted);
            }
        }
        self.assignments = assignments(&self.text);
        true
    }

    fn append(&mut self, name: &str, value: &str) {
        let end = if self.text.contains("\r\n") {
            "\r\n"
        } else {
            "\n"
        };
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push_str(end);
        }
        self.text.push_str(name);
        self.text.push('=');
        self.text.push_str(&quoted(value, None));
        self.text.push_str(end);
    }

    /// Writes the file back; a new one is readable by its owner alone.
    pub fn save(&mut self) -> io::Result<()> {
        replace(&self.path, &self.text, PRIVATE)?;
        self.exists = true;
        Ok(())
    }
}

/// Names only: the values are secrets more often than not.
impl std::fmt::Debug for EnvFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.assignments.iter().map(|a| &a.name);
        write!(f, "{} ", self.path.display())?;
        f.debug_list().entries(names).finish()
    }
}

impl std::fmt::Debug for Assignment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}=… (line {})", self.name, self.line)
    }
}

/// The value as it stands in a file, in the quotes that were there when they can hold it.
fn quoted(value: &str, before: Option<char>) -> String {
    let fits_single = !value.contains('\'');
    let plain = value
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "_-./:@?=+,%~".contains(c));
    match before {
        Some('\'') if fits_single => format!("'{value}'"),
        Some('"') => double_quoted(value),
        _ if plain => value.to_owned(),
        _ if fits_single => format!("'{value}'"),
        _ => double_quoted(value),
    }
}

fn double_quoted(value: &str) -> String {
    let mut quoted = String::from('"');
    for c in value.chars() {
        match c {
            '"' | '\\' | '$' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Finds the assignments of a text. What is not one is skipped, as dotenv libraries do.
fn assignments(text: &str) -> Vec<Assignment> {
    let mut found = Vec::new();
    let mut at = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut line = 1;
    while at < text.len() {
        let mut end = line_end(text, at);
        if let Some((name, value_at)) = assigned_name(text, at, end) {
            let (value, raw) = value(text, value_at, end);
            end = line_end(text, raw.end);
            found.push(Assignment {
                name: name.to_owned(),
                value,
                line,
                raw,
            });
        }
        line += text[at..end].matches('\n').count() + 1;
        at = end + 1;
    }
    found
}

/// Where the line that `at` is on ends: at its line feed or at the end of the text.
fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |n| at + n)
}

/// The name before `=` and where the value begins.
fn assigned_name(text: &str, at: usize, end: usize) -> Option<(&str, usize)> {
    let line = &text[at..end];
    let (left, right) = line.split_once('=')?;
    let left = left.trim();
    let name = left
        .strip_prefix("export")
        .filter(|rest| rest.starts_with([' ', '\t']))
        .map_or(left, str::trim_start);
    let valid = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    let blanks = right.len() - right.trim_start_matches([' ', '\t']).len();
    valid.then_some((name, end - right.len() + blanks))
}

/// The value that begins at `at` and its bytes; a quoted one may span lines.
fn value(text: &str, at: usize, end: usize) -> (String, Range<usize>) {
    match text[at..].chars().next() {
        Some(quote @ ('\'' | '`')) => {
            let close = text[at + 1..].find(quote).map(|n| at + 1 + n);
            if let Some(close) = close.filter(|close| closes(text, at, *close)) {
                return (text[at + 1..close].to_owned(), at..close + 1);
            }
        }
        Some('"') => {
            let read = double_quoted_value(text, at);
            if let Some((value, close)) = read.filter(|(_, close)| closes(text, at, *close)) {
                return (value, at..close + 1);
            }
        }
        _ => {}
    }
    let rest = &text[at..end];
    let after_blank = |(n, _): &(usize, &str)| {
        rest[..*n]
            .chars()
            .next_back()
            .map_or_else(|| text[..at].ends_with([' ', '\t']), char::is_whitespace)
    };
    let comment = rest.match_indices('#').find(after_blank);
    let plain = comment.map_or(rest, |(n, _)| &rest[..n]).trim_end();
    (plain.to_owned(), at..at + plain.len())
}

/// Whether the quote at `close` ends the value that begins at `at`. One on a later line does only
/// where nothing follows: else a stray quote would swallow the next assignment.
fn closes(text: &str, at: usize, close: usize) -> bool {
    let rest = text[close + 1..line_end(text, close)].trim();
    !text[at..close].contains('\n') || rest.is_empty() || rest.starts_with('#')
}

/// The text between double quotes and where the closing one is.
fn double_quoted_value(text: &str, at: usize) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut chars = text[at + 1..].char_indices();
    while let Some((n, c)) = chars.next() {
        match c {
            '"' => return Some((value, at + 1 + n)),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                c @ ('"' | '\\' | '$') => value.push(c),
                c => value.extend(['\\', c]),
            },
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn env(text: &str) -> EnvFile {
        EnvFile::parse(Path::new(".env"), text.to_owned())
    }

    fn values(text: &str) -> Vec<(String, String, usize)> {
        let env = env(text);
        let all = env.assignments().iter();
        all.map(|a| (a.name.clone(), a.value.clone(), a.line))
            .collect()
    }

    #[test]
    fn every_way_of_writing_a_value_is_read() {
        for (text, value) in [
            ("A=plain", "plain"),
            ("export A = spaced # why", "spaced"),
            ("A='single # no comment'", "single # no comment"),
            ("A=\"double \\\"x\\\" \\n\" # why", "double \"x\" \n"),
            ("A=`tick`", "tick"),
            ("A=a#b", "a#b"),
            ("A= # nothing", ""),
            ("A=", ""),
            ("A='open", "'open"),
            ("A=crlf\r", "crlf"),
            ("\u{feff}A=bom", "bom"),
        ] {
            assert_eq!(values(text), [("A".into(), value.into(), 1)], "{text:?}");
        }
    }

    #[test]
    fn lines_inside_a_quoted_value_are_no_assignments() {
        let text = "KEY=\"-----BEGIN\nB=2\n-----END\"\nC=3\n# D=4\nnot an assignment\n";
        let read = values(text);
        assert_eq!(read.len(), 2);
        assert_eq!(read[1], ("C".into(), "3".into(), 4));
    }

    #[test]
    fn a_changed_value_keeps_its_quotes_and_everything_around_it() {
        let mut env = env("# c\r\nexport A='x' # why\r\nB=\"y\"\r\nC=z");
        assert!(env.set("A", "it's"));
        assert!(env.set("B", "$1"));
        assert!(env.set("C", "two words"));
        assert!(env.set("D", "new"));
        assert!(!env.set("D", "new"));
        assert_eq!(
            env.text(),
            "# c\r\nexport A=\"it's\" # why\r\nB=\"\\$1\"\r\nC='two words'\r\nD=new\r\n"
        );
    }

    #[test]
    fn a_value_before_a_comment_stays_apart_from_it() {
        let mut env = env("A=  # why\nB= #\n");
        assert!(env.set("A", "0") && env.set("B", "1"));
        assert_eq!(env.text(), "A=  0 # why\nB= 1 #\n");
        assert_eq!((env.get("A"), env.get("B")), (Some("0"), Some("1")));
    }

    #[test]
    fn debug_output_has_no_values() {
        let shown = format!("{:?}", env("A=hidden"));
        assert_eq!(shown, ".env [\"A\"]");
    }

    proptest! {
        #[test]
        fn what_is_set_is_read_back_and_the_rest_stays(
            before in "((export )?[A-D] ?= ?([a-z#]{0,4}|'[a-z\n# ]{0,4}'|\"[a-z\n# ]{0,4}\")( # [a-z]{0,3})?\r?\n|#[a-z '\"]{0,5}\n|\n){0,6}",
            name in "[A-F]",
            value in "\\PC{0,12}",
        ) {
            let mut env = env(&before);
            let others = |env: &EnvFile| -> Vec<(String, String)> {
                env.assignments()
                    .iter()
                    .filter(|a| a.name != name)
                    .map(|a| (a.name.clone(), a.value.clone()))
                    .collect()
            };
            let untouched = others(&env);
            env.set(&name, &value);
            prop_assert!(env.all(&name).all(|a| a.value == value), "{:?}", env.text());
            prop_assert_eq!(others(&env), untouched);
            prop_assert!(!env.set(&name, &value));
        }

        #[test]
        fn garbage_is_never_a_panic(text in "[\\PC\n\r\t]{0,60}", value in "\\PC{0,5}") {
            let mut env = env(&text);
            env.set("A", &value);
        }
    }
}
