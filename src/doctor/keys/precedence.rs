//! Which of several env files wins, and whether what wins fits together.

use std::path::Path;

use async_trait::async_trait;

use crate::config::{EnvFile, KEY, Project, SECRET};
use crate::doctor::{About, Check, Finding, Group, Look, Site};
use crate::livekit::keys::KeyPair;

/// The check.
#[derive(Debug)]
pub struct Precedence;

const ABOUT: About = About {
    code: "keys.precedence",
    group: Group::Keys,
    title: "another env file wins over the one that has the right pair",
    looks_at: "In the project's folder and in those of the files under `backends:`, the env files that common loaders\n\
        (Next.js, Vite, dotenv-flow) read, in their order: `.env.development.local`, `.env.local`, `.env.development`,\n\
        `.env`, and the same for `production` and `test` (which leaves `.env.local` out). For each variable the first\n\
        file that sets it wins.",
    why: "Two halves of two pairs, or an old pair in a file that nobody remembers: the file that you look at is right,\n\
        and the SFU answers 401. `urbania keys sync` does not know files that urbania.yaml does not name.",
    fix: "Take the two lines out of the file that wins, or name it under `backends:` of urbania.yaml and run\n\
        `urbania keys sync`.",
};

/// The modes that loaders know.
const MODES: [&str; 3] = ["development", "production", "test"];

#[async_trait]
impl Check for Precedence {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let project = site.project()?;
        let folders = super::folders(project);
        Ok(folders
            .iter()
            .flat_map(|dir| in_folder(project, dir))
            .collect())
    }
}

/// One finding for each way in which it goes wrong, with the modes in which it does.
fn in_folder(project: &Project, dir: &Path) -> Vec<Finding> {
    let shown = dir.strip_prefix(&project.dir).unwrap_or(dir);
    let mut found: Vec<(Wrong, Vec<&str>)> = Vec::new();
    for mode in MODES {
        let files = files(dir, mode);
        // One file alone is compared by `keys.backend-differs`.
        if files.len() < 2 {
            continue;
        }
        let Some(wrong) = judge(&files, &project.livekit.keys) else {
            continue;
        };
        match found.iter_mut().find(|(other, _)| *other == wrong) {
            Some((_, modes)) => modes.push(mode),
            None => found.push((wrong, vec![mode])),
        }
    }
    found
        .into_iter()
        .map(|(wrong, modes)| wrong.finding(shown, &modes.join(" and ")))
        .collect()
}

/// The env files of a mode that set a half of the pair, the one that wins first.
fn files(dir: &Path, mode: &str) -> Vec<(String, EnvFile)> {
    let mut names = vec![format!(".env.{mode}.local")];
    if mode != "test" {
        names.push(".env.local".to_owned());
    }
    names.extend([format!(".env.{mode}"), ".env".to_owned()]);
    let read = |name: String| {
        let file = EnvFile::read(&dir.join(&name)).ok()?;
        let has_half = file.get(KEY).is_some() || file.get(SECRET).is_some();
        has_half.then_some((name, file))
    };
    names.into_iter().filter_map(read).collect()
}

/// Where the two halves come from when they are no pair of livekit.yaml.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wrong {
    key: String,
    secret: String,
    is_foreign_key: bool,
}

/// What a loader makes of these files, if that is no pair.
fn judge(files: &[(String, EnvFile)], pairs: &[KeyPair]) -> Option<Wrong> {
    let winner = |variable| {
        files.iter().find_map(|(name, file)| {
            let assignment = file.all(variable).last().filter(|a| !a.value.is_empty())?;
            Some((format!("{name}:{}", assignment.line), assignment))
        })
    };
    let ((key_at, key), (secret_at, secret)) = (winner(KEY)?, winner(SECRET)?);
    let pair = pairs.iter().find(|pair| pair.key == key.value);
    if pair.is_some_and(|pair| pair.has_secret(&secret.value)) {
        return None;
    }
    // The last file alone is what is compared elsewhere.
    let last = |at: &str| at.starts_with(".env:");
    (!last(&key_at) || !last(&secret_at)).then_some(Wrong {
        key: key_at,
        secret: secret_at,
        is_foreign_key: pair.is_none(),
    })
}

impl Wrong {
    fn finding(&self, folder: &Path, modes: &str) -> Finding {
        let place = match folder.display().to_string() {
            here if here.is_empty() => String::new(),
            folder => format!("{folder}: "),
        };
        let fault = if self.is_foreign_key {
            "the key is not in livekit.yaml"
        } else {
            "the secret is not that of the key"
        };
        let message = format!("{place}in {modes} the env files that win hold no pair: {fault}");
        Finding::problem(message)
            .evidence(format!("{KEY} comes from {}", self.key))
            .evidence(format!("{SECRET} comes from {}", self.secret))
            .fix("take the two lines out of the file that wins")
            .fix("or name it under `backends:` of urbania.yaml, then `urbania keys sync`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> KeyPair {
        KeyPair {
            key: "APIone".into(),
            secret: "right".into(),
        }
    }

    fn of(files: &[(&str, &str)]) -> Option<Wrong> {
        let files: Vec<_> = (files.iter())
            .map(|(name, text)| {
                let file = EnvFile::parse(Path::new(name), (*text).to_owned());
                ((*name).to_owned(), file)
            })
            .collect();
        judge(&files, &[pair()])
    }

    #[test]
    fn the_file_that_wins_decides_for_each_half() {
        let right = (".env", "LIVEKIT_API_KEY=APIone\nLIVEKIT_API_SECRET=right\n");
        let half = (".env.local", "\nLIVEKIT_API_SECRET=old\n");
        assert_eq!(of(&[right]), None);
        let wrong = of(&[half, right]).unwrap();
        assert_eq!(
            (wrong.key.as_str(), wrong.secret.as_str()),
            (".env:1", ".env.local:2")
        );
        assert!(!wrong.is_foreign_key);
        let other = (
            ".env.local",
            "LIVEKIT_API_KEY=APItwo\nLIVEKIT_API_SECRET=two\n",
        );
        assert!(of(&[other, right]).unwrap().is_foreign_key);
        // A file that sets the right pair again does no harm, and an empty value is none.
        assert_eq!(of(&[(".env.local", right.1), half]), None);
        assert_eq!(of(&[(".env.local", "LIVEKIT_API_SECRET=\n"), right]), None);
    }
}
