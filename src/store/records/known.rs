//! All that the store has under the name of a room.

use super::{Channel, Club, Room};

/// The rooms of clubs are called so, with the club's id at the end.
pub const CLUB_ROOM: &str = "reading-club-";

/// What the store has under the name of a room.
#[derive(Debug, Default)]
pub struct Known {
    /// The room that somebody made.
    pub room: Option<Room>,
    /// The channel that it is the room of.
    pub channel: Option<Channel>,
    /// The club that it is the room of.
    pub club: Option<Club>,
}

impl Known {
    /// Whether the store has nothing under the name.
    pub fn is_nothing(&self) -> bool {
        self.room.is_none() && self.channel.is_none() && self.club.is_none()
    }
}
