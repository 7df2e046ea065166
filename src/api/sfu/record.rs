//! The records of rooms follow what the SFU says.

use std::sync::Arc;

use super::audience::Audience;
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
    Err(StoreError::Unavailable(
        "others change the same room without a pause".into(),
    ))
}

/// Who may hear of a room, from what the store answered.
pub fn audience(found: &Result<Option<Room>, StoreError>) -> Audience {
    match found {
        Ok(Some(room)) => Audience::Made(Arc::new(room.clone())),
        Ok(None) => Audience::Open,
        Err(_) => Audience::Unknown,
    }
}
