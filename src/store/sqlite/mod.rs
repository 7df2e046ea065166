//! The embedded store: one SQLite file.
//!
//! WAL with `synchronous=FULL`: what was answered survives a power cut. Every call blocks, so all of them
//! run on a thread of their own.

mod channels;
mod clubs;
mod column;
mod file;
mod rooms;
mod schema;
mod users;
mod worker;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::Connection;
use secrecy::SecretString;

use super::{CLUB_ROOM, Change, Channel, Club, Known, Meeting, Room, Store, StoreError, User};
use file::OpenError;
use worker::Worker;

/// A store in a file.
#[derive(Clone, Debug)]
pub struct Sqlite {
    path: PathBuf,
    worker: Arc<Worker>,
}

impl Sqlite {
    /// A store in the file at `path`, which is made when it is first needed.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            worker: Arc::default(),
        }
    }

    async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.worker.read(&self.path, f).await
    }

    async fn write<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.worker.write(&self.path, f).await
    }
}

impl From<OpenError> for StoreError {
    fn from(e: OpenError) -> Self {
        match e {
            OpenError::Sqlite(e) if file::is_constraint(&e) => Self::Taken,
            OpenError::Sqlite(e) if file::is_busy(&e) => Self::Busy(e.into()),
            OpenError::Sqlite(
                e @ (rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)),
            ) => Self::Broken(e.into()),
            e => Self::Unavailable(e.into()),
        }
    }
}

/// Makes one change; `false` when somebody else was faster.
fn apply(db: &Connection, change: &Change) -> rusqlite::Result<bool> {
    match change {
        Change::User(user) => users::put(db, user).map(|()| true),
        Change::Channel(channel) => channels::put(db, channel).map(|()| true),
        Change::Club(club) => clubs::put(db, club).map(|()| true),
        Change::NewRoom(room) => rooms::add(db, room).map(|()| true),
        Change::Room(room) => rooms::replace(db, room),
    }
}

#[async_trait]
impl Store for Sqlite {
    async fn ping(&self) -> Result<(), StoreError> {
        self.read(|db| db.query_row("SELECT count(*) FROM users LIMIT 1", [], |_| Ok(())))
            .await
    }

    async fn add_user(&self, user: &User) -> Result<(), StoreError> {
        let user = user.clone();
        self.write(move |db| users::add(db, &user)).await
    }

    async fn user_by_name(&self, username: &str) -> Result<Option<User>, StoreError> {
        let username = username.to_owned();
        self.read(move |db| users::by_name(db, &username)).await
    }

    async fn user_by_id(&self, id: &str) -> Result<Option<User>, StoreError> {
        let id = id.to_owned();
        self.read(move |db| users::by_id(db, &id)).await
    }

    async fn users(&self) -> Result<Vec<User>, StoreError> {
        self.read(users::all).await
    }

    async fn set_password(&self, username: &str, hash: &SecretString) -> Result<bool, StoreError> {
        let (username, hash) = (username.to_owned(), hash.clone());
        self.write(move |db| users::set_password(db, &username, &hash))
            .await
    }

    async fn remove_user(&self, username: &str) -> Result<bool, StoreError> {
        let username = username.to_owned();
        self.write(move |db| users::remove(db, &username)).await
    }

    async fn add_room(&self, room: &Room) -> Result<(), StoreError> {
        let room = room.clone();
        self.write(move |db| rooms::add(db, &room)).await
    }

    async fn room(&self, name: &str) -> Result<Option<Room>, StoreError> {
        let name = name.to_owned();
        self.read(move |db| rooms::by_name(db, &name)).await
    }

    async fn rooms_of(&self, user: &str) -> Result<Vec<Room>, StoreError> {
        let user = user.to_owned();
        self.read(move |db| rooms::of_user(db, &user)).await
    }

    async fn active_rooms(&self) -> Result<Vec<Room>, StoreError> {
        self.read(rooms::active).await
    }

    async fn replace_room(&self, room: &Room) -> Result<bool, StoreError> {
        let room = room.clone();
        self.write(move |db| rooms::replace(db, &room)).await
    }

    async fn remove_room(&self, name: &str) -> Result<bool, StoreError> {
        let name = name.to_owned();
        self.write(move |db| rooms::remove(db, &name)).await
    }

    async fn channel(&self, id: &str) -> Result<Option<Channel>, StoreError> {
        let id = id.to_owned();
        self.read(move |db| channels::by_id(db, &id)).await
    }

    async fn put_channel(&self, channel: &Channel) -> Result<(), StoreError> {
        let channel = channel.clone();
        self.write(move |db| channels::put(db, &channel)).await
    }

    async fn club(&self, id: &str) -> Result<Option<Club>, StoreError> {
        let id = id.to_owned();
        self.read(move |db| clubs::by_id(db, &id)).await
    }

    async fn set_meeting(&self, club: &str, meeting: &Meeting) -> Result<bool, StoreError> {
        let (club, meeting) = (club.to_owned(), meeting.clone());
        self.write(move |db| clubs::set_meeting(db, &club, &meeting))
            .await
    }

    async fn put_club(&self, club: &Club) -> Result<(), StoreError> {
        let club = club.clone();
        self.write(move |db| clubs::put(db, &club)).await
    }

    async fn known(&self, room: &str) -> Result<Known, StoreError> {
        let name = room.to_owned();
        self.read(move |db| {
            let club = name.strip_prefix(CLUB_ROOM);
            Ok(Known {
                room: rooms::by_name(db, &name)?,
                channel: channels::by_id(db, &name)?,
                club: club.map_or(Ok(None), |id| clubs::by_id(db, id))?,
            })
        })
        .await
    }

    async fn apply(&self, changes: &[Change]) -> Result<(), StoreError> {
        let changes = changes.to_vec();
        let done = self
            .write(move |db| {
                let transaction = db.transaction()?;
                for change in &changes {
                    if !apply(&transaction, change)? {
                        return Ok(false);
                    }
                }
                transaction.commit().map(|()| true)
            })
            .await?;
        if done { Ok(()) } else { Err(StoreError::Taken) }
    }
}
