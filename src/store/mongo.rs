//! The store in MongoDB, through the official driver.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use jiff::Timestamp;
use mongodb::bson::{DateTime, doc};
use mongodb::error::{ErrorKind, WriteFailure};
use mongodb::options::{ClientOptions, IndexOptions};
use mongodb::{Client, Collection, IndexModel};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use super::{Store, StoreError, User};

/// A call answers within this time or fails.
const PATIENCE: Duration = Duration::from_secs(3);

/// The database of a URI that names none.
const DATABASE: &str = "urbania";

/// A store in a MongoDB database.
pub struct Mongo {
    uri: SecretString,
    users: OnceCell<Collection<Record>>,
    indexed: OnceCell<()>,
}

impl fmt::Debug for Mongo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mongo")
    }
}

/// A user as a document.
#[derive(Serialize, Deserialize)]
struct Record {
    #[serde(rename = "_id")]
    id: String,
    username: String,
    #[serde(default)]
    roles: Vec<String>,
    password_hash: String,
    created_at: DateTime,
}

impl Mongo {
    /// The store in the database that the URI names. Connects when it is first asked.
    pub fn new(uri: SecretString) -> Self {
        Self {
            uri,
            users: OnceCell::new(),
            indexed: OnceCell::new(),
        }
    }

    async fn collection(&self) -> Result<&Collection<Record>, StoreError> {
        self.users
            .get_or_try_init(async || {
                let mut options = ClientOptions::parse(self.uri.expose_secret()).await?;
                options.app_name = Some("urbania".into());
                options.server_selection_timeout = Some(PATIENCE);
                options.connect_timeout = Some(PATIENCE);
                let database = options.default_database.clone();
                let client = Client::with_options(options)?;
                Ok(client
                    .database(database.as_deref().unwrap_or(DATABASE))
                    .collection("users"))
            })
            .await
    }

    /// The collection, once it is sure that names are unique there.
    async fn indexed(&self) -> Result<&Collection<Record>, StoreError> {
        let users = self.collection().await?;
        self.indexed
            .get_or_try_init(async || {
                let unique = IndexOptions::builder().unique(true).build();
                let index = IndexModel::builder()
                    .keys(doc! { "username": 1 })
                    .options(unique)
                    .build();
                users.create_index(index).await.map(|_| ())
            })
            .await?;
        Ok(users)
    }
}

/// Bounds a call: the driver's own timeouts do not cover a server that is silent in mid-call.
async fn in_time<T>(
    call: impl Future<Output = Result<T, StoreError>> + Send,
) -> Result<T, StoreError> {
    tokio::time::timeout(PATIENCE, call)
        .await
        .map_err(|e| StoreError::Unavailable(e.into()))?
}

impl From<mongodb::error::Error> for StoreError {
    fn from(e: mongodb::error::Error) -> Self {
        match *e.kind {
            ErrorKind::Write(WriteFailure::WriteError(ref w)) if w.code == 11000 => Self::Taken,
            ErrorKind::BsonDeserialization(_) | ErrorKind::Bson(_) => Self::Broken(e.into()),
            _ => Self::Unavailable(e.into()),
        }
    }
}

impl TryFrom<Record> for User {
    type Error = StoreError;

    fn try_from(record: Record) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            username: record.username,
            roles: record.roles,
            password_hash: record.password_hash.into(),
            created_at: Timestamp::from_millisecond(record.created_at.timestamp_millis())
                .map_err(|e| StoreError::Broken(e.into()))?,
        })
    }
}

impl From<&User> for Record {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.clone(),
            username: user.username.clone(),
            roles: user.roles.clone(),
            password_hash: user.password_hash.expose_secret().to_owned(),
            created_at: DateTime::from_millis(user.created_at.as_millisecond()),
        }
    }
}

#[async_trait]
impl Store for Mongo {
    async fn ping(&self) -> Result<(), StoreError> {
        in_time(async {
            // A read that needs our credentials, which `ping` does not.
            let users = self.collection().await?;
            users.find_one(doc! { "_id": "" }).await?;
            Ok(())
        })
        .await
    }

    async fn add_user(&self, user: &User) -> Result<(), StoreError> {
        in_time(async {
            self.indexed().await?.insert_one(Record::from(user)).await?;
            Ok(())
        })
        .await
    }

    async fn user_by_name(&self, username: &str) -> Result<Option<User>, StoreError> {
        in_time(async {
            let users = self.collection().await?;
            let found = users.find_one(doc! { "username": username }).await?;
            found.map(User::try_from).transpose()
        })
        .await
    }

    async fn user_by_id(&self, id: &str) -> Result<Option<User>, StoreError> {
        in_time(async {
            let users = self.collection().await?;
            let found = users.find_one(doc! { "_id": id }).await?;
            found.map(User::try_from).transpose()
        })
        .await
    }

    async fn users(&self) -> Result<Vec<User>, StoreError> {
        in_time(async {
            let users = self.collection().await?;
            let found: Vec<Record> = users
                .find(doc! {})
                .sort(doc! { "username": 1 })
                .await?
                .try_collect()
                .await?;
            found.into_iter().map(User::try_from).collect()
        })
        .await
    }

    async fn set_password(&self, username: &str, hash: &SecretString) -> Result<bool, StoreError> {
        in_time(async {
            let users = self.collection().await?;
            let change = doc! { "$set": { "password_hash": hash.expose_secret() } };
            let done = users
                .update_one(doc! { "username": username }, change)
                .await?;
            Ok(done.matched_count > 0)
        })
        .await
    }

    async fn remove_user(&self, username: &str) -> Result<bool, StoreError> {
        in_time(async {
            let users = self.collection().await?;
            let done = users.delete_one(doc! { "username": username }).await?;
            Ok(done.deleted_count > 0)
        })
        .await
    }
}
