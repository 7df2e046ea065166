//! What must be remembered: one trait, two backends that pass one suite.
//!
//! Backends connect when they are first asked, so that nothing waits for a slow store at start, and
//! they heal by themselves: each call tries again what failed before.

mod id;
mod mongo;
mod sqlite;

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::config::Project;
use crate::error::{Error, Result as UserResult};

pub use id::new_id;
pub use mongo::Mongo;
pub use sqlite::Sqlite;

/// A local user.
#[derive(Clone)]
pub struct User {
    /// Never changes and is never used again.
    pub id: String,
    /// What is typed at login; unique.
    pub username: String,
    /// What the user may do, in the apps' words.
    pub roles: Vec<String>,
    /// Argon2id, in PHC format.
    pub password_hash: SecretString,
    /// When the user was added, to the millisecond.
    pub created_at: Timestamp,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("username", &self.username)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The name belongs to somebody else.
    #[error("the name is taken")]
    Taken,
    /// The store does not answer, or not in time; it may later.
    #[error("the store does not answer")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store answered something that we cannot use.
    #[error("the store answers nonsense")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The store of a project.
#[async_trait]
pub trait Store: Send + Sync + fmt::Debug {
    /// Whether it answers.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Adds a user whose name nobody has yet.
    async fn add_user(&self, user: &User) -> Result<(), StoreError>;

    /// The user with this name, letter for letter.
    async fn user_by_name(&self, username: &str) -> Result<Option<User>, StoreError>;

    /// The user with this id.
    async fn user_by_id(&self, id: &str) -> Result<Option<User>, StoreError>;

    /// All users, by name.
    async fn users(&self) -> Result<Vec<User>, StoreError>;

    /// Replaces a user's password hash; `false` when there is no such user.
    async fn set_password(&self, username: &str, hash: &SecretString) -> Result<bool, StoreError>;

    /// Removes a user; `false` when there is no such user.
    async fn remove_user(&self, username: &str) -> Result<bool, StoreError>;
}

/// The store of a project: its MongoDB, or without one a file.
pub fn of(project: &Project) -> UserResult<Box<dyn Store>> {
    if !project.settings.services.mongodb.enabled {
        let path = project.state_dir().join("urbania.db");
        return Ok(Box::new(Sqlite::new(path)));
    }
    let uri = project.mongodb_uri().ok_or_else(|| {
        Error::usage("`MONGODB_URI` is neither in the environment nor in .env")
            .hint("urbania up   writes what .env lacks")
            .hint("services.mongodb.enabled: false in urbania.yaml keeps users in a file")
    })?;
    Ok(Box::new(Mongo::new(uri)))
}
