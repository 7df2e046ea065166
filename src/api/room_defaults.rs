//! What `room:` of livekit.yaml says of every room; it is read again while the API serves.

use crate::config::Room;

/// Defaults of rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomDefaults {
    /// Whether rooms come into being when somebody joins.
    pub auto_create: bool,
    /// Most participants of a room that is made through the API; 0: no limit.
    pub max_participants: u32,
    /// Seconds that a room stays in the SFU when nobody comes.
    pub empty_timeout: u32,
}

impl From<&Room> for RoomDefaults {
    fn from(room: &Room) -> Self {
        Self {
            auto_create: room.auto_create,
            max_participants: room.max_participants,
            empty_timeout: room.empty_timeout,
        }
    }
}
