//! How somebody goes: why, and what they are told.

use std::fmt;

use livekit_protocol as proto;
use livekit_protocol::DisconnectReason;
use livekit_protocol::leave_request::Action;
use livekit_protocol::signal_response::Message;

use super::{Effect, Effects, World};

/// Somebody has gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parting {
    /// Who.
    pub identity: String,
    /// Where they were.
    pub room: String,
    /// Why.
    pub why: DisconnectReason,
    /// How many are in the room without them.
    pub left: usize,
}

impl fmt::Display for Parting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            identity,
            room,
            why,
            left,
        } = self;
        let why = match why {
            DisconnectReason::ClientInitiated => "by itself",
            DisconnectReason::DuplicateIdentity => "the same identity has come again",
            DisconnectReason::ServerShutdown => "the SFU ends",
            DisconnectReason::ParticipantRemoved => "removed",
            DisconnectReason::RoomDeleted => "the room is deleted",
            DisconnectReason::StateMismatch => "to come back anew",
            DisconnectReason::Migration => "a migration is simulated",
            DisconnectReason::SignalClose => "its connection has ended",
            DisconnectReason::RoomClosed => "the room has ended",
            DisconnectReason::ConnectionTimeout => "it never got connected",
            other => other.as_str_name(),
        };
        let are = if *left == 1 { "is" } else { "are" };
        write!(
            f,
            "`{identity}` leaves `{room}` ({why}): {left} {are} left in it"
        )
    }
}

impl World {
    /// Says good-bye to everybody; they may come back to whoever comes after us.
    pub fn shut_down(&mut self, effects: &mut Effects) {
        let why = DisconnectReason::ServerShutdown;
        for room in self.rooms.values() {
            let left = (0..room.people.len()).rev();
            for (left, (who, participant)) in left.zip(&room.people) {
                let parting = Parting {
                    identity: participant.info.identity.clone(),
                    room: room.info.name.clone(),
                    why,
                    left,
                };
                effects.push(Effect::Tell(*who, leave(why, Action::Reconnect)));
                effects.push(Effect::Part(*who, Box::new(parting)));
            }
        }
    }
}

/// What whoever goes for this reason is told to do; whoever has gone by themselves is told nothing.
pub fn farewell(why: DisconnectReason) -> Option<Action> {
    match why {
        DisconnectReason::ClientInitiated | DisconnectReason::SignalClose => None,
        DisconnectReason::ServerShutdown | DisconnectReason::StateMismatch => {
            Some(Action::Reconnect)
        }
        _ => Some(Action::Disconnect),
    }
}

/// Good-bye, and whether to come back.
pub fn leave(why: DisconnectReason, action: Action) -> Message {
    Message::Leave(proto::LeaveRequest {
        can_reconnect: action == Action::Reconnect,
        reason: why.into(),
        action: action.into(),
        regions: None,
    })
}
