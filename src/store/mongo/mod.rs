//! The store in MongoDB, through the official driver.
//!
//! A write is answered when a majority of the servers has it in its journal, whatever the URI says:
//! what was answered survives the loss of a server. Clubs and channels are the apps' own documents.

mod channels;
mod clubs;
mod fields;
mod ids;
mod rooms;
mod twice;
mod users;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use mongodb::bson::doc;
use mongodb::error::{ErrorKind, WriteFailure};
use mongodb::options::{Acknowledgment, ClientOptions, WriteConcern};
use mongodb::{Client, Collection};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OnceCell;

use super::{CLUB_ROOM, Change, Channel, Club, Known, Meeting, Room, Store, StoreError, User};
use crate::config::StoreSettings;
use channels::Channels;
use clubs::Clubs;
use twice::{stored, twice};

/// A call answers within this time or fails.
const PATIENCE: Duration = Duration::from_secs(3);

/// The database of a URI that names none.
const DATABASE: &str = "urbania";

/// A store in a MongoDB database.
pub struct Mongo {
    uri: SecretString,
    settings: StoreSettings,
    /// Through the client of now.
    open: Mutex<Arc<OnceCell<Arc<Collections>>>>,
    indexed: OnceCell<()>,
}

impl fmt::Debug for Mongo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mongo")
    }
}

/// Everything that is kept.
struct Collections {
    users: Collection<users::Record>,
    rooms: Collection<rooms::Record>,
    channels: Channels,
    clubs: Clubs,
}

impl Mongo {
    /// The store in the database that the URI names; the apps' own collections are where the settings
    /// say. Connects when it is first asked.
    pub fn new(uri: SecretString, settings: StoreSettings) -> Self {
        Self {
            uri,
            settings,
            open: Mutex::default(),
            indexed: OnceCell::new(),
        }
    }

    async fn open(&self) -> Result<Arc<Collections>, StoreError> {
        let open = Arc::clone(&self.lock());
        let opened = open
            .get_or_try_init(async || Ok(Arc::new(self.collections(&self.client().await?))))
            .await;
        opened.cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Arc<OnceCell<Arc<Collections>>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn client(&self) -> Result<Client, StoreError> {
        let mut options = ClientOptions::parse(self.uri.expose_secret()).await?;
        options.app_name = Some("urbania".into());
        options.server_selection_timeout = Some(PATIENCE);
        options.connect_timeout = Some(PATIENCE);
        options
            .default_database
            .get_or_insert_with(|| DATABASE.into());
        options.write_concern = Some(
            WriteConcern::builder()
                .w(Acknowledgment::Majority)
                .journal(true)
                .w_timeout(PATIENCE)
                .build(),
        );
        Ok(Client::with_options(options)?)
    }

    fn collections(&self, client: &Client) -> Collections {
        let own = client
            .default_database()
            .unwrap_or_else(|| client.database(DATABASE));
        let StoreSettings {
            database,
            clubs,
            channels,
            ..
        } = &self.settings;
        let of_app = |its_own: &Option<String>| {
            let name = its_own.as_ref().or(database.as_ref());
            name.map_or_else(|| own.clone(), |name| client.database(name))
        };
        Collections {
            users: own.collection("users"),
            rooms: own.collection("rooms"),
            channels: Channels {
                collection: of_app(&channels.database).collection(&channels.collection),
                names: channels.clone(),
            },
            clubs: Clubs {
                collection: of_app(&clubs.database).collection(&clubs.collection),
                names: clubs.clone(),
            },
        }
    }

    /// The collections, once it is sure that users' names are unique and lists are quick.
    async fn indexed(&self) -> Result<Arc<Collections>, StoreError> {
        let open = self.open().await?;
        self.indexed
            .get_or_try_init(async || {
                users::index(&open.users).await?;
                rooms::index(&open.rooms).await
            })
            .await?;
        Ok(open)
    }

    /// Makes one change; `false` when somebody else was faster.
    async fn change(&self, change: &Change) -> Result<bool, StoreError> {
        match change {
            Change::User(user) => {
                in_time(twice(|| async {
                    users::put(&self.indexed().await?.users, user).await
                }))
                .await?;
            }
            Change::Channel(channel) => self.put_channel(channel).await?,
            Change::Club(club) => self.put_club(club).await?,
            Change::NewRoom(room) => self.add_room(room).await?,
            Change::Room(room) => return self.replace_room(room).await,
        }
        Ok(true)
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

#[async_trait]
impl Store for Mongo {
    async fn ping(&self) -> Result<(), StoreError> {
        // A read that needs our credentials, which `ping` does not.
        let answer = self.user_by_id("").await.map(drop);
        if matches!(answer, Err(StoreError::Unavailable(_))) {
            // A client whose connections were all silent takes seconds to see that the server is back; a
            // new one does not.
            *self.lock() = Arc::default();
        }
        answer
    }

    async fn add_user(&self, user: &User) -> Result<(), StoreError> {
        let add = || async { users::add(&self.indexed().await?.users, user).await };
        let this = doc! { "_id": &user.id };
        let is_there =
            || async { Ok(users::one(&self.open().await?.users, this).await?.is_some()) };
        in_time(stored(add, is_there)).await
    }

    async fn user_by_name(&self, username: &str) -> Result<Option<User>, StoreError> {
        let named = doc! { "username": username };
        in_time(async { users::one(&self.open().await?.users, named).await }).await
    }

    async fn user_by_id(&self, id: &str) -> Result<Option<User>, StoreError> {
        let this = doc! { "_id": id };
        in_time(async { users::one(&self.open().await?.users, this).await }).await
    }

    async fn users(&self) -> Result<Vec<User>, StoreError> {
        in_time(async { users::all(&self.open().await?.users).await }).await
    }

    async fn set_password(&self, username: &str, hash: &SecretString) -> Result<bool, StoreError> {
        in_time(twice(|| async {
            users::set_password(&self.open().await?.users, username, hash).await
        }))
        .await
    }

    async fn remove_user(&self, username: &str) -> Result<bool, StoreError> {
        in_time(async { users::remove(&self.open().await?.users, username).await }).await
    }

    async fn add_room(&self, room: &Room) -> Result<(), StoreError> {
        let add = || async { rooms::add(&self.indexed().await?.rooms, room).await };
        let is_there = || async {
            let there = rooms::by_name(&self.open().await?.rooms, &room.name).await?;
            Ok(there.as_ref() == Some(room))
        };
        in_time(stored(add, is_there)).await
    }

    async fn room(&self, name: &str) -> Result<Option<Room>, StoreError> {
        in_time(async { rooms::by_name(&self.open().await?.rooms, name).await }).await
    }

    async fn rooms_of(&self, user: &str) -> Result<Vec<Room>, StoreError> {
        in_time(async { rooms::of_user(&self.open().await?.rooms, user).await }).await
    }

    async fn active_rooms(&self) -> Result<Vec<Room>, StoreError> {
        in_time(async { rooms::active(&self.open().await?.rooms).await }).await
    }

    async fn replace_room(&self, room: &Room) -> Result<bool, StoreError> {
        // Made before the connection broke, it looks as if somebody else was faster: callers read again.
        in_time(twice(|| async {
            rooms::replace(&self.open().await?.rooms, room).await
        }))
        .await
    }

    async fn remove_room(&self, name: &str) -> Result<bool, StoreError> {
        in_time(async { rooms::remove(&self.open().await?.rooms, name).await }).await
    }

    async fn channel(&self, id: &str) -> Result<Option<Channel>, StoreError> {
        in_time(async { self.open().await?.channels.by_id(id).await }).await
    }

    async fn put_channel(&self, channel: &Channel) -> Result<(), StoreError> {
        in_time(twice(|| async {
            self.open().await?.channels.put(channel).await
        }))
        .await
    }

    async fn club(&self, id: &str) -> Result<Option<Club>, StoreError> {
        in_time(async { self.open().await?.clubs.by_id(id).await }).await
    }

    async fn set_meeting(&self, club: &str, meeting: &Meeting) -> Result<bool, StoreError> {
        in_time(twice(|| async {
            self.open().await?.clubs.set_meeting(club, meeting).await
        }))
        .await
    }

    async fn put_club(&self, club: &Club) -> Result<(), StoreError> {
        in_time(twice(|| async { self.open().await?.clubs.put(club).await })).await
    }

    async fn known(&self, room: &str) -> Result<Known, StoreError> {
        let club = async {
            match room.strip_prefix(CLUB_ROOM) {
                Some(id) => self.club(id).await,
                None => Ok(None),
            }
        };
        let (room, channel, club) = tokio::try_join!(self.room(room), self.channel(room), club)?;
        Ok(Known {
            room,
            channel,
            club,
        })
    }

    async fn apply(&self, changes: &[Change]) -> Result<(), StoreError> {
        for change in changes {
            if !self.change(change).await? {
                return Err(StoreError::Taken);
            }
        }
        Ok(())
    }
}
