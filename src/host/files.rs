//! Files that appear whole or not at all, and that only their owner reads.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use super::process::user_name;
use crate::error::{Context as _, Error, Result};

/// The mode of files that are nobody else's business.
pub const PRIVATE: u32 = 0o600;

/// Writes `text` to `path` by way of a temporary file beside it: whoever reads it sees the old
/// text or the new one, also after a crash.
///
/// A file that exists keeps its mode and its owner, a new one gets `mode`; to the rest of the machine
/// neither is more open than that. A symbolic link stays, and what it points to is replaced.
pub fn replace(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    replace_all(&[(path, text)], mode)
}

/// The same for several files as one change: all that can fail for want of room or of permission fails
/// before the first of them is replaced. A crash leaves the first ones new, in the order given.
pub fn replace_all(files: &[(&Path, &str)], mode: u32) -> io::Result<()> {
    let mut staged = Vec::new();
    let written = files.iter().try_for_each(|(path, text)| {
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        staged.push((beside(&target), target));
        staged.last().map_or(Ok(()), |(temporary, target)| {
            stage(temporary, target, text, mode)
        })
    });
    let renamed = written.and_then(|()| {
        let mut all = staged.iter();
        all.try_for_each(|(temporary, target)| fs::rename(temporary, target))
    });
    if renamed.is_err() {
        for (temporary, _) in &staged {
            // The first error is the one that matters.
            let _ = fs::remove_file(temporary);
        }
    }
    renamed
}

/// Writes what `target` is to become.
fn stage(temporary: &Path, target: &Path, text: &str, mode: u32) -> io::Result<()> {
    let before = fs::metadata(target).ok();
    let others = mode & 0o007;
    let mode = (before.as_ref()).map_or(mode, |m| m.mode() & (0o7770 | others));
    write_new(temporary, text, mode)?;
    before.map_or(Ok(()), |before| keep_owner(temporary, &before))
}

/// Removes what a killed process of ours left beside a file. Nobody else may be writing it.
pub fn sweep(path: &Path) {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".{name}.");
    let siblings = target.parent().and_then(|dir| fs::read_dir(dir).ok());
    for sibling in siblings.into_iter().flatten().map_while(Result::ok) {
        let found = sibling.file_name();
        let pid = found
            .to_str()
            .and_then(|f| f.strip_prefix(&prefix)?.strip_suffix(".tmp"));
        if pid.is_some_and(|pid| pid.parse::<u32>().is_ok()) {
            // What cannot be removed is in nobody's way.
            let _ = fs::remove_file(sibling.path());
        }
    }
}

/// Whether there certainly is no folder: one that may not be looked at, such as in somebody else's home, may
/// well be there.
pub fn is_gone(dir: &Path) -> bool {
    match fs::metadata(dir) {
        Ok(found) => !found.is_dir(),
        Err(e) => matches!(
            e.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
        ),
    }
}

/// What tells a folder from all others, also when it is moved, and from a copy of it: device and inode.
pub fn identity(dir: &Path) -> Option<(u64, u64)> {
    let found = fs::metadata(dir).ok()?;
    Some((found.dev(), found.ino()))
}

/// Whether two paths lead to one folder.
pub fn same_folder(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
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
    file.set_permissions(Permissions::from_mode(mode))?;
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

/// Refuses a folder that this user may not look into: what is in there is not nothing.
pub fn may_look_into(dir: &Path) -> Result<()> {
    match fs::read_dir(dir) {
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => Err(closed(dir, e)),
        _ => Ok(()),
    }
}

fn closed(dir: &Path, e: io::Error) -> Error {
    let cannot = format!("this user may not look into `{}`", dir.display());
    match fs::metadata(dir) {
        Ok(found) => {
            let owner = user_name(found.uid());
            Error::failed(format!("{cannot}, which is `{owner}`'s"))
                .hint(format!("as that user: sudo -u {owner} urbania …"))
        }
        Err(_) => Error::failed(cannot).because(e),
    }
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

/// Opens a private file for appending, such as a log.
pub fn append(path: &Path) -> Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(PRIVATE)
        .open(path)
        .or_fail(|| format!("cannot open `{}`", path.display()))
}

/// Opens a private file to be locked; what it contains stays.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn a_new_file_gets_the_mode_and_leaves_no_temporary_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("api.pid");
        replace(&path, "one", PRIVATE).unwrap();
        replace(&path, "two", PRIVATE).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(mode(&path), PRIVATE);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_replaced_file_is_closed_to_others_and_a_link_stays_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, Permissions::from_mode(0o644)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        replace(&link, "new", PRIVATE).unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        assert_eq!(mode(&real), 0o640);
    }

    #[test]
    fn several_files_change_together_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let (one, two) = (path("one"), path("two"));
        fs::write(&one, "old").unwrap();
        let missing = path("no/such/folder");
        assert!(replace_all(&[(&one, "new"), (&missing, "x")], PRIVATE).is_err());
        assert_eq!(fs::read_to_string(&one).unwrap(), "old");
        replace_all(&[(&one, "new"), (&two, "new")], PRIVATE).unwrap();
        assert_eq!(fs::read_to_string(&one).unwrap(), "new");
        assert_eq!(
            (fs::read_to_string(&two).unwrap().as_str(), mode(&two)),
            ("new", PRIVATE)
        );
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_a_kill_left_beside_a_file_is_swept_away_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        for name in [".env", "..env.17.tmp", "..env.x.tmp", ".env.17.tmp"] {
            fs::write(path(name), "").unwrap();
        }
        sweep(&path(".env"));
        assert!(!path("..env.17.tmp").exists());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_alone() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("no/such/folder/file");
        assert!(replace(&missing, "text", PRIVATE).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_private_folder_is_closed_even_when_it_existed_open() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("project/.urbania");
        fs::create_dir_all(&state).unwrap();
        fs::set_permissions(&state, Permissions::from_mode(0o755)).unwrap();
        private_dir(&state).unwrap();
        assert_eq!(mode(&state), 0o700);
        drop(append(&state.join("api.log")).unwrap());
        assert_eq!(mode(&state.join("api.log")), PRIVATE);
    }
}
