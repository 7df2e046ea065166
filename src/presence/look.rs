//! Asking the SFU who is where.

use std::collections::HashMap;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use livekit_protocol::participant_info::State;
use livekit_protocol::{ParticipantInfo, Room};

use super::making::MADE;
use crate::livekit::room_service::{RoomService, SfuError};
use crate::livekit::webhook::{RoomRef, millis};
use crate::store::Present;

/// So many rooms are asked about at a time.
const AT_A_TIME: usize = 8;

/// A room as the SFU lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Which room.
    pub room: RoomRef,
    /// Who is in it, and whether they are connected yet.
    pub stays: Vec<(Present, bool)>,
    /// Whose token says for which making of the room it is.
    pub made: Vec<(String, String)>,
}

/// All rooms of the SFU by name, with who is in them.
pub async fn look(sfu: &RoomService) -> Result<HashMap<String, Seen>, SfuError> {
    let rooms = sfu.list(Vec::new()).await?;
    stream::iter(rooms)
        .map(async |room| {
            let participants = sfu.participants(&room.name).await?;
            Ok((room.name.clone(), seen(room, &participants)))
        })
        .buffer_unordered(AT_A_TIME)
        .try_collect()
        .await
}

fn seen(room: Room, participants: &[ParticipantInfo]) -> Seen {
    let there = || {
        let all = participants.iter();
        all.filter(|p| p.state() != State::Disconnected)
    };
    Seen {
        stays: there()
            .map(|p| (stay(p), p.state() == State::Active))
            .collect(),
        made: there()
            .filter_map(|p| Some((p.identity.clone(), p.attributes.get(MADE)?.clone())))
            .collect(),
        room: RoomRef {
            began: millis(room.creation_time_ms, room.creation_time),
            name: room.name,
            sid: room.sid,
        },
    }
}

fn stay(participant: &ParticipantInfo) -> Present {
    Present {
        identity: participant.identity.clone(),
        sid: participant.sid.clone(),
        since: millis(participant.joined_at_ms, participant.joined_at),
    }
}
