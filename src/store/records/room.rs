//! Rooms that were made through the API, and the calls in them.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A room that somebody made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Its name, which is also the SFU's; unique.
    pub name: String,
    /// Id of the user who made it.
    pub created_by: String,
    /// When, to the millisecond.
    pub created_at: Timestamp,
    /// Whether there are pictures.
    pub call_type: CallType,
    /// Who may speak.
    pub mode: Mode,
    /// Ids of those who are invited, in the order given; empty: everybody.
    pub participants: Vec<String>,
    /// Most participants at a time; 0: no limit.
    pub max_participants: u32,
    /// Who was let in, where people wait until they are.
    pub lobby: Option<Lobby>,
    /// What the SFU last said of it.
    pub call: Call,
    /// Grows with every change: [`super::super::Store::replace_room`] compares it.
    pub revision: u64,
}

impl Room {
    /// Whether the user may come in: who made it, who is invited, and everybody when nobody is.
    pub fn admits(&self, user: &str) -> bool {
        self.participants.is_empty() || self.concerns(user)
    }

    /// Whether the user, who may come in, waits until whoever made the room lets them.
    pub fn keeps_waiting(&self, user: &str) -> bool {
        let Some(lobby) = &self.lobby else {
            return false;
        };
        self.created_by != user && !lobby.admitted.iter().any(|id| id == user)
    }

    /// Whether it belongs on the user's own list.
    pub fn concerns(&self, user: &str) -> bool {
        self.created_by == user || self.participants.iter().any(|id| id == user)
    }

    /// Whether somebody who is not there yet would be one too many.
    pub fn is_full_for(&self, user: &str) -> bool {
        self.max_participants != 0
            && !self.call.has(user)
            && self.call.present.len() >= self.max_participants as usize
    }
}

/// Where people wait until whoever made the room lets them in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lobby {
    /// Ids of those who were let in, in this order.
    pub admitted: Vec<String>,
}

/// Whether there are pictures.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum CallType {
    /// Voices alone; the SFU itself refuses a camera.
    Audio,
    /// Pictures, voices, screens.
    #[default]
    Video,
}

/// Who may speak.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Everybody.
    #[default]
    Call,
    /// Who made it; the others listen.
    Webinar,
}

/// What the SFU said of the call in a room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// How far it is.
    pub status: Status,
    /// The SFU's own id of the room as it is or was last: a new one for each time that it comes into being.
    pub sid: Option<String>,
    /// When the SFU made it, in milliseconds since 1970: tells an older one from a newer one.
    #[serde(default)]
    pub began: i64,
    /// Who is there, in the order in which they came.
    pub present: Vec<Present>,
    /// Who was there and left, one stay each: news of it may come late. Never many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<Present>,
}

impl Call {
    /// Whether somebody with this identity is there.
    pub fn has(&self, identity: &str) -> bool {
        self.present.iter().any(|p| p.identity == identity)
    }
}

/// How far a call is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = CallStatus)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nobody has come yet.
    #[default]
    Created,
    /// The SFU has the room.
    Active,
    /// The SFU had it.
    Ended,
}

/// Somebody who is in a call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Present {
    /// Who.
    pub identity: String,
    /// The SFU's id of this stay: somebody who comes back has another one.
    pub sid: String,
    /// When it began, in milliseconds since 1970.
    #[serde(default)]
    pub since: i64,
}
