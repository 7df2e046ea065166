//! The file: made, opened, and still the same one.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use super::schema;

/// How long a call waits for another process that writes.
const BUSY: Duration = Duration::from_secs(2);

/// The file: open once asked, closed again after a failure.
#[derive(Debug)]
pub struct File {
    path: PathBuf,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    connection: Connection,
    file: FileId,
    /// Whether a snapshot is held for calls that only read.
    reading: bool,
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

/// Whether the file is in order, and what was asked of it is not.
pub fn is_constraint(e: &rusqlite::Error) -> bool {
    e.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}

/// Whether another program writes to the file.
pub fn is_busy(e: &rusqlite::Error) -> bool {
    e.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

impl File {
    /// The file at `path`, which is made when it is first needed.
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            open: None,
        }
    }

    /// Closes it; the next call opens it again.
    pub fn close(&mut self) {
        self.open = None;
    }

    /// What `f`, which waits `since` then, makes of it.
    pub fn write<T>(
        &mut self,
        since: Instant,
        f: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, OpenError> {
        self.let_go();
        let open = self.open()?;
        // Those who wait together for another program wait as long as one of them.
        let connection = &mut open.connection;
        connection.busy_timeout(BUSY.saturating_sub(since.elapsed()))?;
        let done = f(connection);
        connection.busy_timeout(BUSY)?;
        self.done(done)
    }

    /// What `f` finds in it: in the same snapshot as other calls until [`Self::let_go`].
    pub fn read<T>(
        &mut self,
        f: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, OpenError> {
        let open = match &mut self.open {
            Some(open) if open.reading => open,
            _ => self.open()?,
        };
        let done = open.hold().and_then(|()| f(&open.connection));
        self.done(done)
    }

    /// Ends the snapshot, if one is held.
    pub fn let_go(&mut self) {
        let Some(open) = self.open.as_mut().filter(|open| open.reading) else {
            return;
        };
        open.reading = false;
        if open.execute("COMMIT").is_err() {
            self.close();
        }
    }

    /// The open file, which is still the one at its path.
    fn open(&mut self) -> Result<&mut Open, OpenError> {
        self.open.take_if(|open| !open.is_at(&self.path));
        let open = match self.open.take() {
            Some(open) => open,
            None => Open::at(&self.path)?,
        };
        Ok(self.open.insert(open))
    }

    /// Closes it after a failure.
    fn done<T>(&mut self, done: rusqlite::Result<T>) -> Result<T, OpenError> {
        if done.as_ref().is_err_and(|e| !is_constraint(e)) {
            self.close();
        }
        Ok(done?)
    }
}

impl Open {
    /// Opens the file at `path`; makes it where there is none.
    fn at(path: &Path) -> Result<Self, OpenError> {
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
        Ok(Self {
            connection,
            file,
            reading: false,
        })
    }

    /// Begins a snapshot, unless one is held.
    fn hold(&mut self) -> rusqlite::Result<()> {
        if !self.reading {
            self.execute("BEGIN")?;
            self.reading = true;
        }
        Ok(())
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    /// Whether `path` is this file: one that was deleted or replaced under an open connection would
    /// swallow writes.
    fn is_at(&self, path: &Path) -> bool {
        file_id(path).ok() == Some(self.file)
    }
}

fn file_id(path: &Path) -> std::io::Result<FileId> {
    std::fs::metadata(path).map(|file| (file.dev(), file.ino()))
}
