//! The folder of a project.

use std::path::{Path, PathBuf};

use super::{LIVEKIT_FILE, SETTINGS_FILE};
use crate::error::{Context as _, Result};

/// The one name of a folder.
pub fn canonical(dir: &Path) -> Result<PathBuf> {
    dir.canonicalize()
        .or_fail(|| format!("cannot tell where `{}` is", dir.display()))
}

/// Whether a folder has a file of a project.
pub fn is_project(dir: &Path) -> bool {
    dir.join(SETTINGS_FILE).is_file() || dir.join(LIVEKIT_FILE).is_file()
}

/// The name of a project in this folder: what containers can be called.
pub fn name_of(dir: &Path) -> String {
    let folder = dir.file_name().unwrap_or_default().to_string_lossy();
    let name: String = folder
        .to_lowercase()
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '-'
            }
        })
        .collect();
    match name.trim_matches(['-', '_']) {
        "" => "urbania".into(),
        name => name.to_owned(),
    }
}
