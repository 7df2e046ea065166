//! Rooms in MongoDB. The name is the `_id`, so that no index must be there before names are unique.

use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use mongodb::bson::{DateTime, doc};
use mongodb::{Collection, IndexModel};
use serde::{Deserialize, Serialize};

use super::super::{Call, CallType, Lobby, MOST_ROOMS, Mode, Room, StoreError};

/// A room as a document.
#[derive(Serialize, Deserialize)]
pub struct Record {
    #[serde(rename = "_id")]
    name: String,
    created_by: String,
    created_at: DateTime,
    call_type: CallType,
    mode: Mode,
    participants: Vec<String>,
    max_participants: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lobby: Option<Lobby>,
    call: Call,
    revision: i64,
    /// On whose list it is.
    users: Vec<String>,
}

/// Makes lists quick.
pub async fn index(rooms: &Collection<Record>) -> mongodb::error::Result<()> {
    // One by one: FerretDB 1 cannot be asked for two that are there already.
    for keys in [
        doc! { "users": 1, "created_at": -1, "_id": 1 },
        doc! { "call.status": 1 },
    ] {
        let index = IndexModel::builder().keys(keys).build();
        rooms.create_index(index).await?;
    }
    Ok(())
}

/// Adds a room at revision 0; fails on a name that is there.
pub async fn add(rooms: &Collection<Record>, room: &Room) -> Result<(), StoreError> {
    rooms.insert_one(Record::of(room, 0)).await?;
    Ok(())
}

/// Replaces a room that is still at this revision.
pub async fn replace(rooms: &Collection<Record>, room: &Room) -> Result<bool, StoreError> {
    let revision = i64::try_from(room.revision).map_err(|e| StoreError::Broken(e.into()))?;
    let unchanged = doc! { "_id": &room.name, "revision": revision };
    let record = Record::of(room, revision + 1);
    let done = rooms.replace_one(unchanged, record).await?;
    Ok(done.matched_count > 0)
}

/// The room with this name.
pub async fn by_name(rooms: &Collection<Record>, name: &str) -> Result<Option<Room>, StoreError> {
    let found = rooms.find_one(doc! { "_id": name }).await?;
    found.map(Room::try_from).transpose()
}

/// The rooms on a user's list.
pub async fn of_user(rooms: &Collection<Record>, user: &str) -> Result<Vec<Room>, StoreError> {
    let found = rooms
        .find(doc! { "users": user })
        .sort(doc! { "created_at": -1, "_id": 1 })
        .limit(MOST_ROOMS.try_into().unwrap_or(i64::MAX));
    let found: Vec<Record> = found.await?.try_collect().await?;
    found.into_iter().map(Room::try_from).collect()
}

/// The rooms whose call is active, by name.
pub async fn active(rooms: &Collection<Record>) -> Result<Vec<Room>, StoreError> {
    let found = rooms
        .find(doc! { "call.status": "active" })
        .sort(doc! { "_id": 1 });
    let found: Vec<Record> = found.await?.try_collect().await?;
    found.into_iter().map(Room::try_from).collect()
}

/// Removes a room.
pub async fn remove(rooms: &Collection<Record>, name: &str) -> Result<bool, StoreError> {
    let done = rooms.delete_one(doc! { "_id": name }).await?;
    Ok(done.deleted_count > 0)
}

impl Record {
    fn of(room: &Room, revision: i64) -> Self {
        let mut users = room.participants.clone();
        users.push(room.created_by.clone());
        users.sort_unstable();
        users.dedup();
        Self {
            name: room.name.clone(),
            created_by: room.created_by.clone(),
            created_at: DateTime::from_millis(room.created_at.as_millisecond()),
            call_type: room.call_type,
            mode: room.mode,
            participants: room.participants.clone(),
            max_participants: room.max_participants,
            lobby: room.lobby.clone(),
            call: room.call.clone(),
            revision,
            users,
        }
    }
}

impl TryFrom<Record> for Room {
    type Error = StoreError;

    fn try_from(record: Record) -> Result<Self, StoreError> {
        Ok(Self {
            name: record.name,
            created_by: record.created_by,
            created_at: Timestamp::from_millisecond(record.created_at.timestamp_millis())
                .map_err(|e| StoreError::Broken(e.into()))?,
            call_type: record.call_type,
            mode: record.mode,
            participants: record.participants,
            max_participants: record.max_participants,
            lobby: record.lobby,
            call: record.call,
            revision: record
                .revision
                .try_into()
                .map_err(|e: std::num::TryFromIntError| StoreError::Broken(e.into()))?,
        })
    }
}
