//! A MongoDB of the tests.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::OnceCell;
use urbania::config::StoreSettings;
use urbania::store::{Mongo, Store};

use super::cut_line::CutLine;
use super::docker::docker;

/// A container that ends with the value.
pub struct TestMongo {
    /// Its id.
    pub container: String,
    port: String,
}

/// The server that tests share, and the process that removes it when this one ends, however it ends.
static SHARED: OnceCell<(TestMongo, Child)> = OnceCell::const_new();

/// A database of a test's own in the shared server: its address.
pub async fn database() -> SecretString {
    let mongo = shared().await;
    TestMongo::uri_to(&fresh_name(), &mongo.port, "test")
}

/// The same, at the end of a line that can be cut.
pub async fn database_on_a_line(line: impl FnOnce(u16) -> CutLine) -> (SecretString, CutLine) {
    let mongo = shared().await;
    let line = line(mongo.port.parse().unwrap());
    let uri = TestMongo::uri_to(&fresh_name(), &line.port.to_string(), "test");
    (uri, line)
}

fn fresh_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("test-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

async fn shared() -> &'static TestMongo {
    let shared = SHARED.get_or_init(async || {
        let mongo = TestMongo::start().await;
        let remover = Command::new("sh")
            .args(["-c", "read -r _; docker rm --force --volumes $container"])
            .env("container", &mongo.container)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        (mongo, remover)
    });
    &shared.await.0
}

impl TestMongo {
    /// Starts one of a test's own and waits until it answers.
    pub async fn start() -> Self {
        let run = "run --rm --detach --publish 127.0.0.1::27017 \
                   --env MONGO_INITDB_ROOT_USERNAME=test --env MONGO_INITDB_ROOT_PASSWORD=test mongo:8.0";
        let container = docker(&run.split_whitespace().collect::<Vec<_>>()).remove(0);
        let port = docker(&["port", &container, "27017/tcp"]).remove(0);
        let mongo = Self {
            port: port.rsplit(':').next().unwrap().to_owned(),
            container,
        };
        let ready = async {
            while mongo.store().ping().await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), ready)
            .await
            .expect("MongoDB answers");
        mongo
    }

    /// With any password.
    pub fn uri_with(&self, password: &str) -> SecretString {
        Self::uri_to("urbania", &self.port, password)
    }

    fn uri_to(database: &str, port: &str, password: &str) -> SecretString {
        format!("mongodb://test:{password}@127.0.0.1:{port}/{database}?authSource=admin").into()
    }

    /// A store in it.
    pub fn store(&self) -> Mongo {
        Mongo::new(self.uri_with("test"), StoreSettings::default())
    }
}

impl Drop for TestMongo {
    fn drop(&mut self) {
        docker(&["rm", "--force", "--volumes", &self.container]);
    }
}
