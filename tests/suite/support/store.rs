//! Stores of a test's own, of both kinds.

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::SecretString;
use tempfile::TempDir;
use urbania::config::StoreSettings;
use urbania::store::{Mongo, Sqlite, Store};

use super::mongo;

/// The kinds of store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    Sqlite,
    Mongodb,
}

impl StoreKind {
    /// For loops over both.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Mongodb];

    /// An empty store.
    pub async fn open(self) -> TestStore {
        let dir = tempfile::tempdir().unwrap();
        let uri = match self {
            Self::Sqlite => None,
            Self::Mongodb => Some(mongo::database().await),
        };
        let mut opened = TestStore {
            store: Arc::new(Sqlite::new(dir.path().join("urbania.db"))),
            uri,
            dir,
        };
        opened.store = opened.again();
        opened
    }
}

/// An empty store that ends with the value.
pub struct TestStore {
    /// The store.
    pub store: Arc<dyn Store>,
    uri: Option<SecretString>,
    dir: TempDir,
}

impl TestStore {
    /// The same place as another process would open it.
    pub fn again(&self) -> Arc<dyn Store> {
        match &self.uri {
            None => Arc::new(Sqlite::new(self.path())),
            Some(uri) => Arc::new(Mongo::new(uri.clone(), StoreSettings::default())),
        }
    }

    /// The file of SQLite.
    pub fn path(&self) -> PathBuf {
        self.dir.path().join("urbania.db")
    }
}

/// Runs a test on an empty store of each kind.
pub async fn on_both(test: impl AsyncFn(Arc<dyn Store>)) {
    for kind in StoreKind::ALL {
        #[expect(clippy::print_stdout, reason = "shown when the test fails")]
        {
            println!("on {kind:?}");
        }
        let opened = kind.open().await;
        test(opened.store.clone()).await;
    }
}
