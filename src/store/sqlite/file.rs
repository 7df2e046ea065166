//! The file: made, opened, and still the same one.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::schema;

/// How long a call waits for another process that writes.
const BUSY: Duration = Duration::from_secs(2);

/// An open file.
#[derive(Debug)]
pub struct Open {
    /// To use it.
    pub connection: Connection,
    file: FileId,
}

/// Device and inode: which file it is, whatever its name.
type FileId = (u64, u64);

/// Why a file cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// SQLite says so.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// The system says so.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A newer program wrote it.
    #[error("its schema is version {0}, newer than this program's")]
    TooNew(i64),
}

impl Open {
    /// Opens the file at `path`; makes it where there is none.
    pub fn at(path: &Path) -> Result<Self, OpenError> {
        if let Some(dir) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        }
        // SQLite gives its log files the mode of the database.
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        schema::migrate(&mut connection)?;
        let file = file_id(path)?;
        Ok(Self { connection, file })
    }

    /// Whether `path` is this file: one that was deleted or replaced under an open connection would
    /// swallow writes.
    pub fn is_at(&self, path: &Path) -> bool {
        file_id(path).ok() == Some(self.file)
    }
}

fn file_id(path: &Path) -> std::io::Result<FileId> {
    std::fs::metadata(path).map(|file| (file.dev(), file.ino()))
}
