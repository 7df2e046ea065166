//! The embedded store: one SQLite file.
//!
//! WAL with `synchronous=FULL`: what was answered survives a power cut. Every call blocks, so every
//! call runs on a thread for blocking work.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params};
use secrecy::{ExposeSecret, SecretString};

use super::{Store, StoreError, User};

/// How long a call waits for another process that writes.
const BUSY: Duration = Duration::from_secs(2);

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS users (
        id TEXT PRIMARY KEY NOT NULL,
        username TEXT NOT NULL UNIQUE,
        roles TEXT NOT NULL,
        password_hash TEXT NOT NULL,
        created_at INTEGER NOT NULL
    ) STRICT;
    PRAGMA user_version = 1;";

const COLUMNS: &str = "id, username, roles, password_hash, created_at";

/// A store in a file.
#[derive(Clone, Debug)]
pub struct Sqlite {
    path: PathBuf,
    /// Open once asked; closed again after a failure.
    connection: Arc<Mutex<Option<Open>>>,
}

#[derive(Debug)]
struct Open {
    connection: Connection,
    file: FileId,
}

/// Device and inode: which file it is, whatever its name.
type FileId = (u64, u64);

/// Within a call: SQLite's own failures, and ours.
#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error("its schema is version {0}, newer than this program's")]
    TooNew(i64),
}

impl Sqlite {
    /// A store in the file at `path`, which is made when it is first needed.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            connection: Arc::default(),
        }
    }

    async fn call<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let this = self.clone();
        tokio::task::spawn_blocking(move || this.call_blocking(f))
            .await
            .map_err(|e| StoreError::Unavailable(e.into()))?
            .map_err(StoreError::from)
    }

    fn call_blocking<T>(
        &self,
        f: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, CallError> {
        let mut slot = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // A file that was deleted or replaced under an open connection would swallow writes.
        slot.take_if(|open| file_id(&self.path).ok() != Some(open.file));
        let open = match &mut *slot {
            Some(open) => open,
            None => slot.insert(open(&self.path)?),
        };
        let done = f(&mut open.connection);
        if done.as_ref().is_err_and(|e| !is_constraint(e)) {
            *slot = None;
        }
        Ok(done?)
    }
}

fn file_id(path: &Path) -> std::io::Result<FileId> {
    std::fs::metadata(path).map(|file| (file.dev(), file.ino()))
}

fn open(path: &Path) -> Result<Open, CallError> {
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
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match version {
        0 => connection.execute_batch(SCHEMA)?,
        1 => {}
        newer => return Err(CallError::TooNew(newer)),
    }
    let file = file_id(path)?;
    Ok(Open { connection, file })
}

fn is_constraint(e: &rusqlite::Error) -> bool {
    e.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}

impl From<CallError> for StoreError {
    fn from(e: CallError) -> Self {
        match e {
            CallError::Sqlite(e) if is_constraint(&e) => Self::Taken,
            CallError::Sqlite(
                e @ (rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)),
            ) => Self::Broken(e.into()),
            e => Self::Unavailable(e.into()),
        }
    }
}

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    let nonsense = |column, e: Box<dyn std::error::Error + Send + Sync>| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, e)
    };
    let roles: String = row.get(2)?;
    Ok(User {
        id: row.get(0)?,
        username: row.get(1)?,
        roles: serde_json::from_str(&roles).map_err(|e| nonsense(2, e.into()))?,
        password_hash: row.get::<_, String>(3)?.into(),
        created_at: Timestamp::from_millisecond(row.get(4)?).map_err(|e| nonsense(4, e.into()))?,
    })
}

impl Sqlite {
    async fn user_where(&self, column: &'static str, is: &str) -> Result<Option<User>, StoreError> {
        let is = is.to_owned();
        self.call(move |db| {
            db.prepare_cached(&format!("SELECT {COLUMNS} FROM users WHERE {column} = ?1"))?
                .query_row([is], user)
                .optional()
        })
        .await
    }
}

#[async_trait]
impl Store for Sqlite {
    async fn ping(&self) -> Result<(), StoreError> {
        self.call(|db| db.query_row("SELECT count(*) FROM users LIMIT 1", [], |_| Ok(())))
            .await
    }

    async fn add_user(&self, user: &User) -> Result<(), StoreError> {
        let user = user.clone();
        let roles = serde_json::to_string(&user.roles).map_err(|e| StoreError::Broken(e.into()))?;
        self.call(move |db| {
            db.execute(
                &format!("INSERT INTO users ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5)"),
                params![
                    user.id,
                    user.username,
                    roles,
                    user.password_hash.expose_secret(),
                    user.created_at.as_millisecond()
                ],
            )
        })
        .await?;
        Ok(())
    }

    async fn user_by_name(&self, username: &str) -> Result<Option<User>, StoreError> {
        self.user_where("username", username).await
    }

    async fn user_by_id(&self, id: &str) -> Result<Option<User>, StoreError> {
        self.user_where("id", id).await
    }

    async fn users(&self) -> Result<Vec<User>, StoreError> {
        self.call(|db| {
            db.prepare_cached(&format!("SELECT {COLUMNS} FROM users ORDER BY username"))?
                .query_map([], user)?
                .collect()
        })
        .await
    }

    async fn set_password(&self, username: &str, hash: &SecretString) -> Result<bool, StoreError> {
        let (username, hash) = (username.to_owned(), hash.clone());
        self.call(move |db| {
            db.execute(
                "UPDATE users SET password_hash = ?2 WHERE username = ?1",
                [&username, hash.expose_secret()],
            )
        })
        .await
        .map(|changed| changed > 0)
    }

    async fn remove_user(&self, username: &str) -> Result<bool, StoreError> {
        let username = username.to_owned();
        self.call(move |db| db.execute("DELETE FROM users WHERE username = ?1", [username]))
            .await
            .map(|changed| changed > 0)
    }
}
