//! Files that appear whole or not at all.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// The mode of files that hold secrets.
pub const PRIVATE: u32 = 0o600;

/// Writes `text` to `path` by way of a temporary file beside it.
///
/// A file that exists keeps its mode and its owner, a new one gets `mode`. A symbolic link stays,
/// and what it points to is replaced.
pub fn replace(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let before = fs::metadata(&target).ok();
    let mode = before.as_ref().map_or(mode, |m| m.mode() & 0o7777);
    let temporary = beside(&target);
    let written = write_new(&temporary, text, mode)
        .and_then(|()| match &before {
            Some(m) => keep_owner(&temporary, m),
            None => Ok(()),
        })
        .and_then(|()| fs::rename(&temporary, &target));
    if written.is_err() {
        // The first error is the one that matters.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// A hidden name in the same folder, so that the rename stays within one filesystem.
fn beside(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}

fn write_new(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(path)?;
    // `mode` above is cut by the umask and ignored for a file that a crash left behind.
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Only root can give files away; for others the owner is the same already.
fn keep_owner(path: &Path, before: &fs::Metadata) -> io::Result<()> {
    let now = fs::metadata(path)?;
    if (now.uid(), now.gid()) == (before.uid(), before.gid()) {
        return Ok(());
    }
    std::os::unix::fs::chown(path, Some(before.uid()), Some(before.gid()))
}
