//! What time alone does.

use super::{Effects, Millis, World};
use livekit_protocol::DisconnectReason;

impl World {
    /// Ends rooms where nobody is, or was for too long.
    pub fn tick(&mut self, now: Millis) -> Effects {
        let mut effects = Effects::new();
        let over: Vec<_> = (self.rooms.iter())
            .filter(|(_, room)| room.is_over(now))
            .map(|(name, _)| name.clone())
            .collect();
        for name in over {
            self.end_room(&name, DisconnectReason::RoomClosed, now, &mut effects);
        }
        effects
    }
}
