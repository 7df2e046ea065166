//! The file of SQLite: its modes, its versions, and files that are something else.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use futures_util::future::join_all;
use rusqlite::Connection;
use urbania::store::{Sqlite, Store as _, StoreError};

/// A file as the first version of the program made it, with one user.
const VERSION_1: &str = "
    PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS users (
        id TEXT PRIMARY KEY NOT NULL,
        username TEXT NOT NULL UNIQUE,
        roles TEXT NOT NULL,
        password_hash TEXT NOT NULL,
        created_at INTEGER NOT NULL
    ) STRICT;
    PRAGMA user_version = 1;
    INSERT INTO users VALUES
        ('01ARYZ6S410000000000000000', 'ada', '[\"admin\"]', '$argon2id$1', 1800000000123);";

fn write(path: &Path, statements: &str) {
    Connection::open(path)
        .unwrap()
        .execute_batch(statements)
        .unwrap();
}

fn version(path: &Path) -> i64 {
    let db = Connection::open(path).unwrap();
    db.pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap()
}

/// The names of all tables.
fn tables(path: &Path) -> Vec<String> {
    let db = Connection::open(path).unwrap();
    let mut tables = db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .unwrap();
    let names = tables.query_map([], |row| row.get(0)).unwrap();
    names.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn a_file_of_version_1_becomes_one_of_version_3_with_all_that_it_has() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("urbania.db");
    write(&path, VERSION_1);
    // Several processes at once.
    let stores: Vec<Sqlite> = (0..4).map(|_| Sqlite::new(path.clone())).collect();
    let found = join_all(stores.iter().map(|store| store.user_by_name("ada"))).await;
    for user in found {
        let user = user.unwrap().unwrap();
        assert_eq!(user.id, "01ARYZ6S410000000000000000");
        assert_eq!(user.roles, ["admin"]);
    }
    assert_eq!(version(&path), 3);
    assert_eq!(stores[0].room("r").await.unwrap(), None);
    assert!(stores[0].rooms_of("ada").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_migration_that_fails_leaves_the_file_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("urbania.db");
    write(&path, VERSION_1);
    // In the way of the last statement.
    write(&path, "CREATE TABLE clubs (somebody_elses TEXT)");
    let refused = Sqlite::new(path.clone()).users().await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
    assert_eq!(version(&path), 1);
    assert_eq!(tables(&path), ["clubs", "users"]);
    write(&path, "DROP TABLE clubs");
    assert_eq!(Sqlite::new(path.clone()).users().await.unwrap().len(), 1);
    assert_eq!(version(&path), 3);
}

#[tokio::test]
async fn a_file_of_a_newer_program_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("urbania.db");
    write(
        &path,
        "CREATE TABLE news (text TEXT); PRAGMA user_version = 4",
    );
    let refused = Sqlite::new(path.clone()).users().await.unwrap_err();
    let cause = std::error::Error::source(&refused).unwrap().to_string();
    assert_eq!(cause, "its schema is version 4, newer than this program's");
    assert_eq!(tables(&path), ["news"]);
}

#[tokio::test]
async fn only_its_owner_can_read_it_and_another_process_sees_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state/urbania.db");
    write_user(&path).await;
    let other = Sqlite::new(path.clone());
    assert!(other.user_by_name("ada").await.unwrap().is_some());
    for entry in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
    }
}

async fn write_user(path: &Path) {
    let store = Sqlite::new(path.to_path_buf());
    crate::support::api::add_user(&store, "ada", &[]).await;
}

#[tokio::test]
async fn a_file_that_is_removed_is_made_anew_and_writes_go_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("urbania.db");
    let store = Sqlite::new(path.clone());
    store.ping().await.unwrap();
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(dir.path().join(format!("urbania.db{end}")));
    }
    crate::support::api::add_user(&store, "ada", &[]).await;
    assert_eq!(Sqlite::new(path).users().await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_no_database_is_said_and_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("urbania.db");
    std::fs::write(&path, "this is no database, whatever its name says").unwrap();
    let broken = Sqlite::new(path.clone()).users().await.unwrap_err();
    assert!(matches!(broken, StoreError::Unavailable(_)), "{broken:?}");
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text, "this is no database, whatever its name says");
}
