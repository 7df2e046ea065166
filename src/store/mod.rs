//! What must be remembered: one trait, two backends that pass one suite.
//!
//! Backends connect when they are first asked, so that nothing waits for a slow store at start, and
//! they heal by themselves: each call tries again what failed before.

mod guarded;
mod id;
mod mongo;
mod records;
pub mod seed;
mod sqlite;

use std::fmt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use secrecy::SecretString;

use crate::config::{Project, StoreChoice};
use crate::error::{Error, Result as UserResult};

pub use guarded::Guarded;
pub use id::new_id;
pub use mongo::Mongo;
pub use records::{
    CLUB_ROOM, Call, CallType, Channel, Club, Known, Lobby, Meeting, Mode, Present, Role, Room,
    Status, User,
};
pub use sqlite::Sqlite;

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The name belongs to somebody else.
    #[error("the name is taken")]
    Taken,
    /// The store does not answer, or not in time; it may later.
    #[error("the store does not answer")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store answers, but others write to it or to this record all the time.
    #[error("others write to the store")]
    Busy(#[source] Box<dyn std::error::Error + Send + Sync>),
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

    /// Adds a room whose name no other has yet, at revision 0.
    async fn add_room(&self, room: &Room) -> Result<(), StoreError>;

    /// The room with this name.
    async fn room(&self, name: &str) -> Result<Option<Room>, StoreError>;

    /// The rooms that the user made or is invited to, the newest first, at most [`MOST_ROOMS`].
    async fn rooms_of(&self, user: &str) -> Result<Vec<Room>, StoreError>;

    /// The rooms whose call is active, as the SFU last said; all of them, by name.
    async fn active_rooms(&self) -> Result<Vec<Room>, StoreError>;

    /// Replaces a room whose stored revision is `room.revision`, and raises it by one; `false` when
    /// somebody else was faster or the room is gone.
    async fn replace_room(&self, room: &Room) -> Result<bool, StoreError>;

    /// Removes a room; `false` when there is no such room.
    async fn remove_room(&self, name: &str) -> Result<bool, StoreError>;

    /// The channel with this id.
    async fn channel(&self, id: &str) -> Result<Option<Channel>, StoreError>;

    /// Adds or replaces a channel.
    async fn put_channel(&self, channel: &Channel) -> Result<(), StoreError>;

    /// The club with this id.
    async fn club(&self, id: &str) -> Result<Option<Club>, StoreError>;

    /// Stores a club's meeting; `false` when there is no such club.
    async fn set_meeting(&self, club: &str, meeting: &Meeting) -> Result<bool, StoreError>;

    /// Adds or replaces a club; a meeting that is stored already stays.
    async fn put_club(&self, club: &Club) -> Result<(), StoreError>;

    /// All that there is under the name of a room.
    async fn known(&self, room: &str) -> Result<Known, StoreError>;

    /// Makes all changes, in this order. In SQLite all of them or none; in MongoDB those before the
    /// one that fails. [`StoreError::Taken`]: what a change builds upon has changed meanwhile.
    async fn apply(&self, changes: &[Change]) -> Result<(), StoreError>;
}

/// A change that [`Store::apply`] makes.
#[derive(Clone, Debug)]
pub enum Change {
    /// Adds a user, or gives the one of this name these roles and this password.
    User(User),
    /// As [`Store::put_channel`].
    Channel(Channel),
    /// As [`Store::put_club`].
    Club(Club),
    /// As [`Store::add_room`].
    NewRoom(Room),
    /// As [`Store::replace_room`].
    Room(Room),
}

/// A list of rooms is never longer.
pub const MOST_ROOMS: usize = 1_000;

/// The file that records are in where they are in no database.
const FILE: &str = "urbania.db";

/// The files of the store in the folder of a project's state that are there: the file itself and
/// what SQLite keeps beside it.
pub fn files(state_dir: &Path) -> Vec<PathBuf> {
    let beside = ["", "-wal", "-shm", "-journal"];
    let paths = beside.map(|end| state_dir.join(format!("{FILE}{end}")));
    paths.into_iter().filter(|path| path.is_file()).collect()
}

/// The store of a project: the one that its settings choose.
pub fn of(project: &Project) -> UserResult<Box<dyn Store>> {
    let settings = &project.settings;
    if let Some(path) = file(project) {
        return Ok(Box::new(Sqlite::new(path)));
    }
    let uri = project.mongodb_uri().ok_or_else(|| {
        Error::usage("`MONGODB_URI` is neither in the environment nor in .env")
            .hint("urbania up   writes what .env lacks")
            .hint("store.kind: sqlite in urbania.yaml keeps everything in a file")
    })?;
    Ok(Box::new(Mongo::new(uri, settings.store.clone())))
}

/// The file of a project's records, if they are in none of MongoDB's databases.
fn file(project: &Project) -> Option<PathBuf> {
    let in_mongodb = match project.settings.store.kind {
        StoreChoice::Auto => project.has_records_in_mongodb(),
        StoreChoice::Mongodb => true,
        StoreChoice::Sqlite => false,
    };
    (!in_mongodb).then(|| project.state_dir().join(FILE))
}

/// Refuses what [`of`] would, and a file of records that is there and cannot be used.
pub async fn check(project: &Project) -> UserResult<()> {
    let store = of(project)?;
    let Some(path) = file(project).filter(|path| path.exists()) else {
        return Ok(());
    };
    store.ping().await.map_err(|e| {
        let path = path.display();
        Error::failed(format!("the records in `{path}` cannot be used"))
            .because(e)
            .hint("put a copy of the file in its place")
            .hint(format!(
                "or begin without users and rooms: mv {path} {path}.old"
            ))
    })
}
