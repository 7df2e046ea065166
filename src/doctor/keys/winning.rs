//! Which of several env files wins, for each half of the pair.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use crate::config::{ENV_FILE, EnvFile, KEY, Project, SECRET, URLS};
use crate::livekit::keys::KeyPair;

/// The modes that loaders know.
pub const MODES: [&str; 3] = ["development", "production", "test"];

/// What a loader makes of the env files of a folder, in one mode.
#[derive(Debug)]
pub struct Winning {
    /// The folder, from the project's own on; that one is empty.
    pub folder: PathBuf,
    /// The mode.
    pub mode: &'static str,
    pub key: Option<Half>,
    pub secret: Option<Half>,
    /// Where the SFU is, in the spellings that apps use.
    pub addresses: Vec<(&'static str, Half)>,
}

/// What a variable is set to, such as one half of the pair, and where.
#[derive(Clone, Debug)]
pub struct Half {
    /// The file, from the project's folder on.
    pub file: PathBuf,
    pub line: usize,
    /// Whether the project names the file: those are compared one by one.
    pub is_named: bool,
    value: SecretString,
}

impl Half {
    /// Its value, which is a secret also where it should be the key: the two may be swapped.
    pub fn value(&self) -> &str {
        self.value.expose_secret()
    }
}

impl Winning {
    /// The pair, if both halves are there.
    pub fn pair(&self) -> Option<KeyPair> {
        let (key, secret) = (self.key.as_ref()?, self.secret.as_ref()?);
        Some(KeyPair {
            key: key.value().to_owned(),
            secret: secret.value.clone(),
        })
    }

    /// The files that it comes from.
    pub fn shown(&self) -> String {
        let halves = [&self.key, &self.secret].into_iter().flatten();
        let mut files: Vec<_> = halves.map(|h| h.file.display().to_string()).collect();
        files.dedup();
        files.join(" with ")
    }

    /// What brings the files in step.
    pub fn way(&self) -> String {
        let halves = [&self.key, &self.secret].into_iter().flatten();
        let mut files: Vec<_> = halves
            .filter(|half| !half.is_named)
            .map(|half| format!("`{}`", half.file.display()))
            .collect();
        files.dedup();
        let files = files.join(" and ");
        format!("name {files} under `backends:` of urbania.yaml, then `urbania keys sync`")
    }

    /// Whether all of it stands in one file that is looked at anyway.
    pub fn is_of_a_named_file(&self) -> bool {
        let halves = [&self.key, &self.secret].map(Option::as_ref);
        let mut files = halves.into_iter().flatten();
        let Some(first) = files.next() else {
            return true;
        };
        first.is_named && files.all(|half| half.file == first.file)
    }
}

/// What wins in each folder that backends are in, in every mode.
pub fn all(project: &Project) -> Vec<Winning> {
    let folders = super::folders(project);
    let each = folders.iter().flat_map(|folder| {
        MODES.map(|mode| {
            let files = files(project, folder, mode);
            let shown = folder.strip_prefix(&project.dir).unwrap_or(folder);
            winning(shown, mode, &files)
        })
    });
    each.collect()
}

/// An env file, whether the project names it, and what is in it.
type Found = (PathBuf, bool, EnvFile);

/// The env files of a mode, the one that wins first.
fn files(project: &Project, folder: &Path, mode: &str) -> Vec<Found> {
    let mut names = vec![format!(".env.{mode}.local")];
    if mode != "test" {
        names.push(".env.local".to_owned());
    }
    names.extend([format!(".env.{mode}"), ENV_FILE.to_owned()]);
    let backends = project.settings.backends.iter();
    let backends: Vec<PathBuf> = backends.map(|path| project.dir.join(path)).collect();
    let read = |name: String| {
        let path = folder.join(name);
        let is_named = path == project.dir.join(ENV_FILE) || backends.contains(&path);
        let file = EnvFile::read(&path).ok()?;
        let shown = path.strip_prefix(&project.dir).unwrap_or(&path).to_owned();
        Some((shown, is_named, file))
    };
    names.into_iter().filter_map(read).collect()
}

fn winning(folder: &Path, mode: &'static str, files: &[Found]) -> Winning {
    let winner = |variable| {
        files.iter().find_map(|(name, is_named, file)| {
            let assignment = file.all(variable).last().filter(|a| !a.value.is_empty())?;
            Some(Half {
                file: name.clone(),
                line: assignment.line,
                is_named: *is_named,
                value: assignment.value.as_str().into(),
            })
        })
    };
    Winning {
        folder: folder.to_owned(),
        mode,
        key: winner(KEY),
        secret: winner(SECRET),
        addresses: URLS
            .into_iter()
            .filter_map(|name| Some((name, winner(name)?)))
            .collect(),
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// What wins in a folder with these files, of which `.env` is named.
    pub fn of(files: &[(&str, &str)]) -> Winning {
        let files: Vec<_> = (files.iter())
            .map(|(name, text)| {
                let file = EnvFile::parse(Path::new(name), (*text).to_owned());
                (PathBuf::from(name), *name == ENV_FILE, file)
            })
            .collect();
        winning(Path::new(""), MODES[0], &files)
    }
}
