//! The key pair, and everybody who must have the same one.

pub mod backend_differs;
pub mod documented;
pub mod precedence;
pub mod process_differs;
pub mod quoted;
pub mod running;
pub mod sfu_refuses;
pub mod weak_secret;
mod winning;

use std::path::PathBuf;

use crate::config::{ENV_FILE, EnvFile, KEY, Project, SECRET};
use crate::livekit::keys::KeyPair;

/// The env files that the project names: as named, and what is in them.
fn env_files(project: &Project) -> Vec<(String, EnvFile)> {
    let named = project.settings.backends.iter().map(|path| {
        let shown = path.display().to_string();
        (shown, EnvFile::read(&project.dir.join(path)))
    });
    let mut files = vec![(ENV_FILE.to_owned(), project.env.clone())];
    files.extend(named.filter_map(|(name, file)| Some((name, file.ok()?))));
    files.retain(|(_, file)| file.exists());
    files
}

/// The folders that backends are in: the project's own, and those of the env files that it names.
fn folders(project: &Project) -> Vec<PathBuf> {
    let named = project.settings.backends.iter().filter_map(|path| {
        let path = project.dir.join(path);
        path.parent().map(PathBuf::from)
    });
    let mut folders = vec![project.dir.clone()];
    for folder in named {
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders
}

/// The pair that an env file holds, if it holds both halves.
fn pair_of(file: &EnvFile) -> Option<KeyPair> {
    Some(KeyPair {
        key: file.get(KEY)?.to_owned(),
        secret: file.get(SECRET)?.into(),
    })
}

/// Whether a pair is one of livekit.yaml.
fn is_known(project: &Project, pair: &KeyPair) -> bool {
    let mut pairs = project.livekit.keys.iter();
    pairs.any(|known| known.fingerprint() == pair.fingerprint())
}
