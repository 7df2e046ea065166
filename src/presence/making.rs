//! Tokens outlive rooms.
//!
//! LiveKit knows rooms by their names alone, and with `room.auto_create` it makes one for whoever joins.
//! So a token to a room that was made through the API says for which making of the room it is, as an
//! attribute of the participant, which LiveKit reports. Whoever comes with one for a room that was
//! deleted since, whether or not the name was given to another, is to be sent away.

use crate::store::Room;

/// Attributes of participants that begin so are this server's own.
pub const OWN: &str = "urbania.";

/// The attribute.
pub const MADE: &str = "urbania.made";

/// Which making of its name a room is.
pub fn making(room: &Room) -> String {
    room.created_at.as_millisecond().to_string()
}

/// Whether `made`, from somebody's token, is another making than the room of now.
pub fn is_over(made: &str, now: Option<&Room>) -> bool {
    now.is_none_or(|room| making(room) != made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Call, CallType, Mode};
    use jiff::Timestamp;

    #[test]
    fn a_room_that_was_deleted_or_made_again_is_another_one() {
        let made_at = |ms| Room {
            name: "daily".into(),
            created_by: "ada".into(),
            created_at: Timestamp::from_millisecond(ms).unwrap(),
            call_type: CallType::Video,
            mode: Mode::Call,
            participants: Vec::new(),
            max_participants: 0,
            lobby: None,
            call: Call::default(),
            revision: 0,
        };
        let first = making(&made_at(1_700_000_000_001));
        assert!(!is_over(&first, Some(&made_at(1_700_000_000_001))));
        assert!(is_over(&first, Some(&made_at(1_700_000_000_002))));
        assert!(is_over(&first, None));
    }
}
