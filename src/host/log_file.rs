//! A log that does not grow without end: when it is long, it becomes the file before, `….1`, and a
//! new one begins. Nothing is copied, so a crash at any moment loses nothing.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{Stat, fstat, stat};

use super::files;

/// A log that is longer becomes the file before.
pub const LONGEST: u64 = 8 << 20;

/// The file before.
pub fn before(log: &Path) -> PathBuf {
    with_suffix(log, ".1")
}

/// Turns over a long log that nobody writes to now.
pub fn make_room(log: &Path) -> io::Result<()> {
    match fs::metadata(log) {
        Ok(metadata) if metadata.len() > LONGEST => fs::rename(log, before(log)),
        _ => Ok(()),
    }
}

/// The stderr of this process, which is its log.
#[derive(Debug)]
pub struct StderrLog(PathBuf);

impl StderrLog {
    /// `None` where stderr is not the file at `log`: then it is somebody else's to bound.
    pub fn at(log: &Path) -> Option<Self> {
        let (ours, its) = (fstat(io::stderr()).ok()?, stat(log).ok()?);
        let same = (ours.st_dev, ours.st_ino) == (its.st_dev, its.st_ino);
        same.then(|| Self(log.to_path_buf()))
    }

    /// Whatever this process says from now on is in a new file.
    fn turn_over(&self) -> io::Result<()> {
        let fresh_name = with_suffix(&self.0, ".new");
        let fresh = files::append(&fresh_name).map_err(io::Error::other)?;
        match fs::rename(&self.0, before(&self.0)) {
            // Somebody removed it.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            turned => turned?,
        }
        fs::rename(fresh_name, &self.0)?;
        Ok(rustix::stdio::dup2_stderr(fresh)?)
    }
}

impl Write for StderrLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::stderr().write(bytes)
    }

    /// Lines are whole when they are flushed.
    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()?;
        if length(&fstat(io::stderr())?) > LONGEST {
            self.turn_over()?;
        }
        Ok(())
    }
}

fn length(stat: &Stat) -> u64 {
    stat.st_size.try_into().unwrap_or(0)
}

fn with_suffix(log: &Path, suffix: &str) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_long_log_is_turned_over_and_the_one_before_goes() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("api.log");
        make_room(&log).unwrap();
        fs::write(&log, "short").unwrap();
        make_room(&log).unwrap();
        assert!(log.exists() && !before(&log).exists());
        fs::write(before(&log), "oldest").unwrap();
        fs::File::options()
            .write(true)
            .open(&log)
            .unwrap()
            .set_len(LONGEST + 1)
            .unwrap();
        make_room(&log).unwrap();
        assert!(!log.exists());
        assert_eq!(fs::metadata(before(&log)).unwrap().len(), LONGEST + 1);
    }

    #[test]
    fn the_stderr_of_a_test_is_nobodys_log() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("api.log");
        assert!(StderrLog::at(&log).is_none());
        fs::write(&log, "").unwrap();
        assert!(StderrLog::at(&log).is_none());
    }
}
