//! Do the env files hold the pair of `livekit.yaml`? Compared and explained.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Assignment, ENV_FILE, EnvFile, LIVEKIT_FILE, Project};
use crate::livekit::keys::SHORTEST_SECRET;

/// The variable of the key.
pub const KEY: &str = "LIVEKIT_API_KEY";
/// The variable of its secret.
pub const SECRET: &str = "LIVEKIT_API_SECRET";
/// The spellings that apps use for the SFU's address.
pub const URLS: [&str; 7] = [
    "LIVEKIT_URL",
    "LIVEKIT_WS_URL",
    "LIVEKIT_SERVER_URL",
    "NEXT_PUBLIC_LIVEKIT_URL",
    "VITE_LIVEKIT_URL",
    "REACT_APP_LIVEKIT_URL",
    "EXPO_PUBLIC_LIVEKIT_URL",
];

/// A difference between an env file and `livekit.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BackendFinding {
    /// The env file as `backends` names it, or `the environment`.
    pub file: String,
    /// The line that wins.
    pub line: Option<usize>,
    /// Earlier lines that set the same variable to something else, in vain.
    pub overridden: Vec<usize>,
    /// The variable; empty when the whole file is concerned.
    pub variable: &'static str,
    /// What is different.
    #[serde(flatten)]
    pub difference: Difference,
}

/// How an env file differs from `livekit.yaml`; never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "difference", rename_all = "kebab-case")]
pub enum Difference {
    /// There is no such file; its folder is there.
    FileMissing,
    /// Not even its folder is there.
    FolderMissing,
    /// The file is there but cannot be read.
    Unreadable {
        /// Why.
        why: String,
    },
    /// The variable is not set, or empty.
    Missing,
    /// Another key.
    Key {
        /// The key of the env file.
        found: String,
        /// The key of `livekit.yaml`.
        expected: String,
    },
    /// Another secret.
    Secret {
        /// The key that the right secret belongs to.
        key: String,
    },
    /// Another address of the SFU.
    Url {
        /// The address of the env file.
        found: String,
        /// The address of the SFU.
        expected: String,
    },
    /// The right value wins, but other lines have others, which some readers take.
    Ambiguous,
}

impl BackendFinding {
    /// Whether `urbania keys sync` cannot put it right.
    pub fn is_for_its_owner(&self) -> bool {
        use Difference::{FolderMissing, Unreadable};
        let of_the_environment = self.line.is_none() && self.contradicts();
        of_the_environment || matches!(self.difference, FolderMissing | Unreadable { .. })
    }

    /// What its owner can do about it.
    pub fn way(&self) -> String {
        if self.variable.is_empty() {
            let what = match self.difference {
                Difference::FolderMissing => "make the folder of",
                _ => "make it possible to read",
            };
            format!(
                "{what} `{}`, or take it out of `backends:` in urbania.yaml",
                self.file
            )
        } else {
            format!("unset {}", self.variable)
        }
    }

    /// Whether something else is said, not merely nothing.
    pub fn contradicts(&self) -> bool {
        use Difference::{Key, Secret, Url};
        matches!(self.difference, Key { .. } | Secret { .. } | Url { .. })
    }
}

/// `backend/.env:3: LIVEKIT_API_KEY is …`
impl fmt::Display for BackendFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, variable, .. } = self;
        f.write_str(file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        f.write_str(": ")?;
        match &self.difference {
            Difference::FileMissing => f.write_str("no such file"),
            Difference::FolderMissing => f.write_str("no such folder"),
            Difference::Unreadable { why } => write!(f, "cannot be read: {why}"),
            Difference::Missing => write!(f, "{variable} is not set"),
            Difference::Key { found, expected } => {
                write!(
                    f,
                    "{variable} is `{found}`, {LIVEKIT_FILE} has `{expected}`"
                )
            }
            Difference::Secret { key } => write!(
                f,
                "{variable} is not the secret of `{key}` in {LIVEKIT_FILE}"
            ),
            Difference::Url { found, expected } => {
                write!(f, "{variable} is `{found}`, the SFU is at `{expected}`")
            }
            Difference::Ambiguous => write!(f, "{variable} is right"),
        }?;
        if !self.overridden.is_empty() {
            let lines: Vec<_> = self.overridden.iter().map(usize::to_string).collect();
            write!(f, " (this line wins over line {})", lines.join(" and "))?;
        }
        Ok(())
    }
}

/// What puts differences right, each way once.
pub fn ways(findings: &[BackendFinding]) -> Vec<String> {
    let mut ways = Vec::new();
    for finding in findings {
        let way = if finding.is_for_its_owner() {
            finding.way()
        } else {
            "`urbania keys sync` writes the pair in use into the env files".to_owned()
        };
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    ways
}

/// Compares `.env`, every file under `backends` and the environment with `livekit.yaml`.
pub fn compare_backends(project: &Project) -> Vec<BackendFinding> {
    let mut findings = Vec::new();
    if project.env.exists() {
        compare(&project.env, ENV_FILE, project, &mut findings);
    }
    for (name, path) in backends(project) {
        match EnvFile::read(&path) {
            Ok(file) if file.exists() => compare(&file, &name, project, &mut findings),
            Ok(_) if can_be_made(&path) => findings.push(of_file(&name, Difference::FileMissing)),
            Ok(_) => findings.push(of_file(&name, Difference::FolderMissing)),
            Err(e) => {
                let why = e.to_string();
                findings.push(of_file(&name, Difference::Unreadable { why }));
            }
        }
    }
    for variable in [KEY, SECRET] {
        let value = project.environment(variable);
        let difference = value.and_then(|v| difference(variable, Some(v), project));
        findings.extend(difference.map(|difference| BackendFinding {
            variable,
            ..of_file("the environment, which beats env files", difference)
        }));
    }
    findings
}

/// The env files of backends: as named, and where they are.
pub(super) fn backends(project: &Project) -> impl Iterator<Item = (String, PathBuf)> {
    let backends = project.settings.backends.iter();
    backends.map(|path| (path.display().to_string(), project.dir.join(path)))
}

/// Whether the folder of a file is there.
pub(super) fn can_be_made(path: &Path) -> bool {
    path.parent().is_some_and(Path::is_dir)
}

fn of_file(file: &str, difference: Difference) -> BackendFinding {
    BackendFinding {
        file: file.to_owned(),
        line: None,
        overridden: Vec::new(),
        variable: "",
        difference,
    }
}

fn compare(file: &EnvFile, name: &str, project: &Project, findings: &mut Vec<BackendFinding>) {
    for variable in [KEY, SECRET].into_iter().chain(URLS) {
        let all: Vec<&Assignment> = file.all(variable).collect();
        let winner = all.last();
        if winner.is_none() && URLS.contains(&variable) {
            continue;
        }
        let overridden: Vec<usize> = all
            .iter()
            .filter(|a| winner.is_some_and(|w| a.value != w.value))
            .map(|a| a.line)
            .collect();
        let value = winner.map(|a| a.value.as_str());
        let difference = difference(variable, value, project)
            .or_else(|| (!overridden.is_empty()).then_some(Difference::Ambiguous));
        findings.extend(difference.map(|difference| BackendFinding {
            line: winner.map(|a| a.line),
            overridden,
            variable,
            ..of_file(name, difference)
        }));
    }
}

/// How a value differs from what it should be.
pub(super) fn difference(
    variable: &str,
    value: Option<&str>,
    project: &Project,
) -> Option<Difference> {
    let pair = project.key_pair();
    let Some(value) = value.filter(|v| !v.is_empty()) else {
        return Some(Difference::Missing);
    };
    match variable {
        KEY => (value != pair.key).then(|| Difference::Key {
            found: shown_key(value).to_owned(),
            expected: pair.key.clone(),
        }),
        SECRET => (!pair.has_secret(value)).then(|| Difference::Secret {
            key: pair.key.clone(),
        }),
        _ => {
            let expected = url_like(value, &project.sfu_url());
            (place(value) != place(&expected)).then(|| Difference::Url {
                found: without_password(value),
                expected,
            })
        }
    }
}

/// An address of the SFU in an env file that is not this project's: it, and the right one.
pub fn other_address(value: &str, project: &Project) -> Option<(String, String)> {
    match difference(URLS[0], Some(value), project) {
        Some(Difference::Url { found, expected }) => Some((found, expected)),
        _ => None,
    }
}

/// A key is no secret, but a secret is what stands here when the two were swapped.
pub(super) fn shown_key(value: &str) -> &str {
    if value.len() < SHORTEST_SECRET {
        value
    } else {
        "…"
    }
}

/// What an address means, whatever it is spelled like.
pub(super) fn place(url: &str) -> String {
    let url = url.trim_end_matches('/').to_lowercase();
    let url = url.replacen("http", "ws", usize::from(url.starts_with("http")));
    ["127.0.0.1", "[::1]", "0.0.0.0"]
        .iter()
        .fold(url, |url, host| {
            url.replacen(&format!("://{host}"), "://localhost", 1)
        })
}

/// The SFU's address with the scheme that the backend uses: some clients want `http`.
pub(super) fn url_like(before: &str, url: &str) -> String {
    if before.to_lowercase().starts_with("http") {
        url.replacen("ws", "http", 1)
    } else {
        url.to_owned()
    }
}

/// An address without what only its owner may know.
pub(super) fn without_password(url: &str) -> String {
    match url.split_once("://").zip(url.rfind('@')) {
        Some(((scheme, _), at)) => format!("{scheme}://…{}", &url[at..]),
        None => url.to_owned(),
    }
}
