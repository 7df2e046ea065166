//! What time alone does.

use livekit_protocol::DisconnectReason;

use super::{Effects, Millis, World};

/// Whoever is not connected after this time never will be.
const PATIENCE: Millis = 30_000;
/// A token is renewed this often, as LiveKit does it.
const RENEWAL: Millis = 5 * 60_000;

impl World {
    /// Ends rooms where nobody is, or was for too long; puts out who never got connected; renews tokens; tells of layers
    /// that nobody wants.
    pub fn tick(&mut self, now: Millis, effects: &mut Effects) {
        let people = self.rooms.values().flat_map(|room| &room.people);
        let late: Vec<_> = people
            .filter(|(_, p)| !p.is_active() && now - p.info.joined_at_ms >= PATIENCE)
            .map(|(who, _)| *who)
            .collect();
        for who in late {
            self.leave(who, DisconnectReason::ConnectionTimeout, now, effects);
        }
        let over: Vec<_> = (self.rooms.iter())
            .filter(|(_, room)| room.is_over(now))
            .map(|(name, _)| name.clone())
            .collect();
        for name in over {
            self.end_room(&name, DisconnectReason::RoomClosed, now, effects);
        }
        let people = self.rooms.values_mut().flat_map(|room| &mut room.people);
        for (who, participant) in people.filter(|(_, p)| now - p.renewed >= RENEWAL) {
            participant.renewed = now;
            participant.renew(*who, effects);
        }
        self.tell_of_fewer_layers(now, effects);
    }
}
