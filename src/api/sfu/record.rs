//! The records of rooms follow what the SFU says.

use std::sync::Arc;

use super::audience::Audience;
use crate::livekit::webhook::{Kind, RoomEvent};
use crate::store::{Call, Room, Store, StoreError};

/// So often somebody else may be faster.
const TRIES: usize = 8;

/// Stores what `decide` makes of the call of a room, if it makes anything of it. `room` is the
/// record as it was last read.
pub async fn follow(
    store: &dyn Store,
    mut room: Room,
    decide: impl Fn(&Call) -> Option<Call>,
) -> Result<(), StoreError> {
    for _ in 0..TRIES {
        let Some(call) = decide(&room.call) else {
            return Ok(());
        };
        let name = room.name.clone();
        if store.replace_room(&Room { call, ..room }).await? {
            return Ok(());
        }
        match store.room(&name).await? {
            Some(now) => room = now,
            None => return Ok(()),
        }
    }
    Err(StoreError::Busy(
        "they change the same room without a pause".into(),
    ))
}

/// Whether an event ends something that was in the SFU before the room was made: the name was
/// nobody's then, or belonged to a room that was deleted since.
pub fn is_from_before(event: &RoomEvent, room: &Room) -> bool {
    let ends = matches!(event.kind, Kind::Left | Kind::RoomFinished);
    // LiveKit tells when in whole seconds.
    let early = event.at.as_second() <= room.created_at.as_second();
    ends && early && room.call.sid.is_none()
}

/// Who may hear of a room, from what the store answered.
pub fn audience(found: &Result<Option<Room>, StoreError>) -> Audience {
    match found {
        Ok(Some(room)) => Audience::Made(Arc::new(room.clone())),
        Ok(None) => Audience::Open,
        Err(_) => Audience::Unknown,
    }
}
