//! Users in MongoDB.

use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use mongodb::bson::{DateTime, Document, doc};
use mongodb::options::IndexOptions;
use mongodb::{Collection, IndexModel};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::super::{StoreError, User};

/// A user as a document.
#[derive(Serialize, Deserialize)]
pub struct Record {
    #[serde(rename = "_id")]
    id: String,
    username: String,
    #[serde(default)]
    roles: Vec<String>,
    password_hash: String,
    created_at: DateTime,
}

/// Makes sure that names are unique.
pub async fn index(users: &Collection<Record>) -> mongodb::error::Result<()> {
    let unique = IndexOptions::builder().unique(true).build();
    let index = IndexModel::builder()
        .keys(doc! { "username": 1 })
        .options(unique)
        .build();
    users.create_index(index).await.map(drop)
}

/// Adds a user; fails on a name that is there.
pub async fn add(users: &Collection<Record>, user: &User) -> Result<(), StoreError> {
    users.insert_one(Record::from(user)).await?;
    Ok(())
}

/// Adds a user, or gives the one of this name other roles and another password.
pub async fn put(users: &Collection<Record>, user: &User) -> Result<(), StoreError> {
    let named = doc! { "username": &user.username };
    let change = doc! { "$set": {
        "roles": &user.roles,
        "password_hash": user.password_hash.expose_secret(),
    } };
    if users.update_one(named, change).await?.matched_count == 0 {
        add(users, user).await?;
    }
    Ok(())
}

/// The one user that a filter finds.
pub async fn one(users: &Collection<Record>, is: Document) -> Result<Option<User>, StoreError> {
    users.find_one(is).await?.map(User::try_from).transpose()
}

/// All users, by name.
pub async fn all(users: &Collection<Record>) -> Result<Vec<User>, StoreError> {
    let by_name = users.find(doc! {}).sort(doc! { "username": 1 });
    let found: Vec<Record> = by_name.await?.try_collect().await?;
    found.into_iter().map(User::try_from).collect()
}

/// Replaces a password hash.
pub async fn set_password(
    users: &Collection<Record>,
    username: &str,
    hash: &SecretString,
) -> Result<bool, StoreError> {
    let change = doc! { "$set": { "password_hash": hash.expose_secret() } };
    let done = users
        .update_one(doc! { "username": username }, change)
        .await?;
    Ok(done.matched_count > 0)
}

/// Removes a user.
pub async fn remove(users: &Collection<Record>, username: &str) -> Result<bool, StoreError> {
    let done = users.delete_one(doc! { "username": username }).await?;
    Ok(done.deleted_count > 0)
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
