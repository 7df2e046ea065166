//! Files that are whole or absent, and that only their owner reads.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::{Context as _, Result};

/// Only the owner may read and write.
pub const PRIVATE: u32 = 0o600;

/// Replaces `path` at once: whoever reads it sees the old bytes or the new ones, also after a
/// crash. A symbolic link is followed, not replaced.
pub fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    replace(path, bytes, mode).or_fail(|| format!("cannot write `{}`", path.display()))
}

fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let dir = folder(&target);
    let temporary = temporary(&target)?;
    let written = write_new(&temporary, bytes, mode).and_then(|()| fs::rename(&temporary, &target));
    if let Err(e) = written {
        // The first failure is the one to report.
        let _ = fs::remove_file(&temporary);
        return Err(e);
    }
    File::open(dir)?.sync_all()
}

fn write_new(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?;
    // The umask may have taken bits away.
    file.set_permissions(Permissions::from_mode(mode))?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// A name beside `path` that no other process uses.
fn temporary(path: &Path) -> io::Result<PathBuf> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::other("this is not the name of a file"))?;
    let unique = format!(
        ".{}.{}-{:x}.tmp",
        name.to_string_lossy(),
        std::process::id(),
        rand::random::<u32>()
    );
    Ok(folder(path).join(unique))
}

/// Makes `dir` and what is missing above it, closed to everybody else (0700).
pub fn private_dir(dir: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .and_then(|()| fs::set_permissions(dir, Permissions::from_mode(0o700)))
        .or_fail(|| format!("cannot make the folder `{}`", dir.display()))
}

/// Opens a private file (0600) for appending, such as a log.
pub fn append(path: &Path) -> Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(PRIVATE)
        .open(path)
        .or_fail(|| format!("cannot open `{}`", path.display()))
}

/// Opens a private file (0600) to be locked; what it contains stays.
pub fn lockable(path: &Path) -> Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(PRIVATE)
        .open(path)
        .or_fail(|| format!("cannot open `{}`", path.display()))
}
