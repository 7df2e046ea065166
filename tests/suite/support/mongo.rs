//! A MongoDB of a test's own.

use std::time::Duration;

use secrecy::SecretString;
use urbania::store::{Mongo, Store};

use super::docker::docker;

/// A container that ends with the value.
pub struct TestMongo {
    container: String,
    port: String,
}

impl TestMongo {
    /// Starts it and waits until it answers.
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

    /// With the right password.
    pub fn uri(&self) -> SecretString {
        self.uri_with("test")
    }

    /// With any password.
    pub fn uri_with(&self, password: &str) -> SecretString {
        let port = &self.port;
        format!("mongodb://test:{password}@127.0.0.1:{port}/urbania?authSource=admin").into()
    }

    /// A store in it.
    pub fn store(&self) -> Mongo {
        Mongo::new(self.uri())
    }
}

impl Drop for TestMongo {
    fn drop(&mut self) {
        docker(&["rm", "--force", "--volumes", &self.container]);
    }
}
