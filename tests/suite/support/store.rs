//! Stores of a test's own, of both kinds.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use secrecy::SecretString;
use tempfile::TempDir;
use urbania::config::StoreSettings;
use urbania::store::{Mongo, Sqlite, Store};

use super::cut_line::CutLine;
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
        match self {
            Self::Sqlite => TestStore::at(None, None),
            Self::Mongodb => TestStore::at(Some(mongo::database().await), None),
        }
    }

    /// An empty store that can go away and come back: the file, or the line to the database.
    pub async fn open_to_go(self) -> TestStore {
        if self == Self::Sqlite {
            return self.open().await;
        }
        let uncut = |port| CutLine::to(port, i64::MAX);
        let (uri, line) = mongo::database_on_a_line(uncut).await;
        TestStore::at(Some(uri), Some(line))
    }
}

/// An empty store that ends with the value.
pub struct TestStore {
    /// The store.
    pub store: Arc<dyn Store>,
    uri: Option<SecretString>,
    line: Option<CutLine>,
    dir: TempDir,
}

impl TestStore {
    fn at(uri: Option<SecretString>, line: Option<CutLine>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut opened = Self {
            store: Arc::new(Sqlite::new(dir.path().join("urbania.db"))),
            uri,
            line,
            dir,
        };
        opened.store = opened.again();
        opened
    }

    /// From now on nothing can be read or written: another thing stands in the file's place, or the
    /// line to the database is cut.
    pub fn goes(&self) {
        if let Some(line) = &self.line {
            return line.cut();
        }
        assert!(self.uri.is_none(), "the store was not opened to go");
        fs::rename(self.path(), self.hidden()).unwrap();
        fs::create_dir(self.path()).unwrap();
    }

    /// Undoes that.
    pub fn comes_back(&self) {
        if let Some(line) = &self.line {
            return line.mend();
        }
        fs::remove_dir(self.path()).unwrap();
        fs::rename(self.hidden(), self.path()).unwrap();
    }

    fn hidden(&self) -> PathBuf {
        self.path().with_extension("hidden")
    }

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
