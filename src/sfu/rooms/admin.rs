//! What the room service asks.

use std::collections::HashMap;

use livekit_protocol as proto;
use livekit_protocol::DisconnectReason;
use livekit_protocol::data_packet::Value;
use livekit_protocol::signal_response::Message;
use prost::Message as _;

use super::data::Addressees;
use super::effect::Reliability;
use super::permission::may_publish;
use super::{Effect, Effects, Millis, Who, World, limits};

/// Bytes of what tells one message from another.
const NONCE: usize = 16;

/// Why something is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdminError {
    /// There is no such room.
    #[error("requested room does not exist")]
    NoRoom,
    /// There is no such participant.
    #[error("participant does not exist")]
    NoParticipant,
    /// It cannot be done as it is asked.
    #[error("{0}")]
    Refused(&'static str),
    /// No data channel carries so much.
    #[error("the message has {0} bytes: data channels carry {most} at most", most = limits::MESSAGE)]
    LongMessage(usize),
    /// It is not done here.
    #[error("{0}")]
    NotHere(&'static str),
}

type Answer<T> = Result<T, AdminError>;

/// What is to change about a participant.
#[derive(Clone, Debug, Default)]
pub struct ParticipantChange {
    /// Their name, unless it is empty.
    pub name: String,
    /// Their metadata, unless it is empty.
    pub metadata: String,
    /// Their attributes; one without a value goes.
    pub attributes: HashMap<String, String>,
    /// All that they may do, if that changes.
    pub permission: Option<proto::ParticipantPermission>,
}

/// Data from outside.
#[derive(Clone, Debug)]
pub struct DataToSend {
    /// Whether it must arrive.
    pub reliability: Reliability,
    /// The data and what it is about.
    pub packet: proto::UserPacket,
    /// Whom it is for.
    pub to: Addressees,
}

impl World {
    /// Makes a room, or finds the one that there is.
    pub fn create_room(
        &mut self,
        request: &proto::CreateRoomRequest,
        now: Millis,
        effects: &mut Effects,
    ) -> Answer<proto::Room> {
        if request.name.is_empty() || request.name.len() > limits::NAME {
            return Err(AdminError::Refused(
                "a room needs a name of 256 bytes at most",
            ));
        }
        if request.metadata.len() > limits::METADATA {
            return Err(AdminError::Refused("metadata is too long"));
        }
        if !self.rooms.contains_key(&request.name) {
            self.make_room(request, now, effects);
        }
        self.room(&request.name)
    }

    /// Rooms of these names; without names, all.
    pub fn rooms(&self, names: &[String]) -> Vec<proto::Room> {
        let asked = self
            .rooms
            .values()
            .filter(|r| names.is_empty() || names.contains(&r.info.name));
        asked.map(super::room::Room::shown).collect()
    }

    fn room(&self, name: &str) -> Answer<proto::Room> {
        Ok(self.rooms.get(name).ok_or(AdminError::NoRoom)?.shown())
    }

    /// Ends a room.
    pub fn delete_room(&mut self, name: &str, now: Millis, effects: &mut Effects) -> Answer<()> {
        self.room(name)?;
        self.end_room(name, DisconnectReason::RoomDeleted, now, effects);
        Ok(())
    }

    /// Everybody in a room, also who is hidden. Nobody is in a room that is not there.
    pub fn participants(&self, name: &str) -> Vec<proto::ParticipantInfo> {
        let people = self.rooms.get(name).into_iter().flat_map(|r| &r.people);
        people.map(|(_, p)| p.info.clone()).collect()
    }

    /// One of them.
    pub fn participant(&self, name: &str, identity: &str) -> Answer<proto::ParticipantInfo> {
        let who = self.find(name, identity)?;
        let participant = self.rooms.get(name).and_then(|room| room.people.get(&who));
        Ok(participant.ok_or(AdminError::NoParticipant)?.info.clone())
    }

    pub(super) fn find(&self, name: &str, identity: &str) -> Answer<Who> {
        let room = self.rooms.get(name);
        room.and_then(|room| room.of_identity(identity))
            .ok_or(AdminError::NoParticipant)
    }

    /// Puts somebody out.
    pub fn remove(
        &mut self,
        name: &str,
        identity: &str,
        now: Millis,
        effects: &mut Effects,
    ) -> Answer<()> {
        let who = self.find(name, identity)?;
        self.leave(who, DisconnectReason::ParticipantRemoved, now, effects);
        Ok(())
    }

    /// Mutes a track, if there is such a one. Only its owner unmutes it, as LiveKit has it where nothing else is
    /// configured.
    pub fn mute(
        &mut self,
        name: &str,
        identity: &str,
        sid: &str,
        muted: bool,
        effects: &mut Effects,
    ) -> Answer<Option<proto::TrackInfo>> {
        let who = self.find(name, identity)?;
        if !muted {
            return Err(AdminError::NotHere("remote unmute not enabled"));
        }
        let participant = self.place(who).and_then(|room| room.people.get_mut(&who));
        let Some(track) = participant.and_then(|p| p.any_track(sid).cloned()) else {
            return Ok(None);
        };
        let mute = proto::MuteTrackRequest {
            sid: sid.to_owned(),
            muted,
        };
        // Before the news of it: a client that hears first that its track is muted, and has not muted it, takes it
        // for a mistake and undoes it.
        effects.push(Effect::Tell(who, Message::Mute(mute)));
        self.set_muted(who, sid, muted, effects);
        Ok(Some(proto::TrackInfo { muted, ..track }))
    }

    /// Replaces a room's metadata.
    pub fn set_metadata(
        &mut self,
        name: &str,
        metadata: String,
        effects: &mut Effects,
    ) -> Answer<proto::Room> {
        if metadata.len() > limits::METADATA {
            return Err(AdminError::Refused("metadata is too long"));
        }
        let room = self.rooms.get_mut(name).ok_or(AdminError::NoRoom)?;
        room.info.metadata = metadata;
        room.tell_all(effects);
        Ok(room.shown())
    }

    /// Changes what is said of somebody or what they may do.
    pub fn update(
        &mut self,
        name: &str,
        identity: &str,
        change: ParticipantChange,
        effects: &mut Effects,
    ) -> Answer<proto::ParticipantInfo> {
        let who = self.find(name, identity)?;
        let room = self.rooms.get_mut(name).ok_or(AdminError::NoRoom)?;
        let participant = room.people.get_mut(&who).ok_or(AdminError::NoParticipant)?;
        participant
            .describe(&change.name, &change.metadata, change.attributes)
            .map_err(|_| AdminError::Refused("name, metadata or attributes are too long"))?;
        let mut forbidden = Vec::new();
        if let Some(permission) = change.permission {
            // Those that are only announced as well: they would be sent next.
            let tracks = participant.info.tracks.iter().chain(&participant.announced);
            let ended = tracks.filter(|track| !may_publish(&permission, track.source));
            forbidden.extend(ended.map(|track| track.sid.clone()));
            participant.info.permission = Some(permission);
        }
        participant.renew(who, effects);
        room.announce(who, effects);
        for sid in forbidden {
            let gone = proto::TrackUnpublishedResponse {
                track_sid: sid.clone(),
            };
            effects.push(Effect::Tell(who, Message::TrackUnpublished(gone)));
            self.track_gone(who, &sid, effects);
        }
        if let Some(room) = self.rooms.get_mut(name) {
            room.resubscribe_all(effects);
        }
        self.participant(name, identity)
    }

    /// Subscribes somebody to tracks, or not.
    pub fn subscribe(
        &mut self,
        request: &proto::UpdateSubscriptionsRequest,
        effects: &mut Effects,
    ) -> Answer<()> {
        let who = self.find(&request.room, &request.identity)?;
        let update = proto::UpdateSubscription {
            track_sids: request.track_sids.clone(),
            subscribe: request.subscribe,
            participant_tracks: request.participant_tracks.clone(),
        };
        self.choose(who, &update, effects);
        Ok(())
    }

    /// Sends data to all in a room, or to some.
    pub fn send(&mut self, name: &str, data: DataToSend, effects: &mut Effects) -> Answer<()> {
        if ![0, NONCE].contains(&data.packet.nonce.len()) {
            return Err(AdminError::Refused("a nonce has 16 bytes or is not there"));
        }
        let room = self.rooms.get(name).ok_or(AdminError::NoRoom)?;
        let to = data.to.of(room);
        let packet = proto::DataPacket {
            value: Some(Value::User(data.packet)),
            ..Default::default()
        };
        let length = packet.encoded_len();
        if length > limits::MESSAGE {
            return Err(AdminError::LongMessage(length));
        }
        if !to.is_empty() {
            effects.push(Effect::Send(None, to, data.reliability, Box::new(packet)));
        }
        Ok(())
    }
}
