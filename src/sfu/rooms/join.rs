//! Coming and going.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use livekit_protocol as proto;
use livekit_protocol::DisconnectReason;
use livekit_protocol::leave_request::Action;
use livekit_protocol::participant_info::{Kind, State};

use super::participant::{Audience, Participant, is_dependent};
use super::parting::{Parting, farewell, leave};
use super::permission::Grant;
use super::room::Room;
use super::speakers::Speakers;
use super::{Effect, Effects, Millis, Who, World, codecs, limits};

/// Somebody who wants to come in.
#[derive(Clone, Debug, Default)]
pub struct Joining {
    /// The room's name.
    pub room: String,
    /// How the room is made when it is not there yet, but for its name.
    pub making: proto::CreateRoomRequest,
    /// Who they are.
    pub identity: String,
    /// How others see them.
    pub name: String,
    /// Free text.
    pub metadata: String,
    /// Named values.
    pub attributes: HashMap<String, String>,
    /// What they may do.
    pub grant: Grant,
    /// `agent`, `egress` and such; empty for people.
    pub kind: String,
    /// Whether they want every track.
    pub auto_subscribe: bool,
    /// What their client can do.
    pub client_protocol: i32,
}

impl Joining {
    fn kind(&self) -> Kind {
        Kind::from_str_name(&self.kind.to_ascii_uppercase()).unwrap_or(Kind::Standard)
    }

    /// Whoever comes in place of themselves is not one more.
    fn is_one_more_in(&self, room: &Room) -> bool {
        !is_dependent(self.kind(), &self.grant.permission())
            && room.of_identity(&self.identity).is_none()
    }

    fn is_too_long(&self) -> bool {
        let is_long = |metadata: &str| metadata.len() > limits::METADATA;
        is_long(&self.metadata)
            || is_long(&self.making.metadata)
            || !limits::attributes_fit(&self.attributes)
    }
}

/// Why somebody does not come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinRefused {
    /// Rooms are not made by those who come.
    #[error("requested room does not exist")]
    NoRoom,
    /// The room has as many as it may have.
    #[error("room has exceeded its max participants")]
    Full,
    /// Metadata or attributes are too long.
    #[error("metadata or attributes are too long")]
    TooLong,
}

impl World {
    /// Why somebody cannot come into a room.
    pub fn objection(&self, joining: &Joining) -> Option<JoinRefused> {
        match self.rooms.get(&joining.room) {
            _ if joining.is_too_long() => Some(JoinRefused::TooLong),
            None if !self.defaults.auto_create => Some(JoinRefused::NoRoom),
            Some(room) if room.is_full() && joining.is_one_more_in(room) => Some(JoinRefused::Full),
            _ => None,
        }
    }

    /// Lets somebody in. Whoever has the same identity goes. What the newcomer is told first is not among the
    /// effects: it is the greeting.
    pub fn join(
        &mut self,
        joining: Joining,
        now: Millis,
    ) -> Result<(Who, proto::JoinResponse, Effects), JoinRefused> {
        let mut effects = Effects::new();
        if let Some(objection) = self.objection(&joining) {
            return Err(objection);
        }
        let again = self
            .rooms
            .get(&joining.room)
            .and_then(|r| r.of_identity(&joining.identity));
        if let Some(again) = again {
            self.leave(
                again,
                DisconnectReason::DuplicateIdentity,
                now,
                &mut effects,
            );
        }
        if !self.rooms.contains_key(&joining.room) {
            let request = proto::CreateRoomRequest {
                name: joining.room.clone(),
                ..joining.making.clone()
            };
            self.make_room(&request, now, &mut effects);
        }
        let who = Who(self.next);
        self.next += 1;
        let sid = self.fresh_sid("PA");
        let room_name = joining.room.clone();
        let participant = newcomer(joining, sid, now);
        let Some(room) = self.rooms.get_mut(&room_name) else {
            return Err(JoinRefused::NoRoom);
        };
        let greeting = greeting(room, &participant);
        participant.renew(who, &mut effects);
        room.was_used |= !participant.is_dependent();
        let was_recorded = room.is_recorded();
        room.people.insert(who, participant);
        if room.is_recorded() != was_recorded {
            room.tell_all(&mut effects);
        }
        room.announce(who, &mut effects);
        // What is there already comes with the first answer: it takes no second round.
        room.resubscribe(who, &mut effects);
        self.places.insert(who, room_name);
        Ok((who, greeting, effects))
    }

    /// Makes a room that is not there.
    pub(super) fn make_room(
        &mut self,
        request: &proto::CreateRoomRequest,
        now: Millis,
        effects: &mut Effects,
    ) {
        let or = |said: u32, else_: u32| if said == 0 { else_ } else { said };
        let info = proto::Room {
            sid: self.fresh_sid("RM"),
            name: request.name.clone(),
            empty_timeout: or(request.empty_timeout, self.defaults.empty_timeout),
            departure_timeout: or(request.departure_timeout, self.defaults.departure_timeout),
            max_participants: or(request.max_participants, self.defaults.max_participants),
            creation_time: now / 1_000,
            creation_time_ms: now,
            enabled_codecs: codecs(),
            metadata: request.metadata.clone(),
            ..Default::default()
        };
        let room = Room {
            info,
            people: BTreeMap::new(),
            owners: BTreeMap::new(),
            empty_since: now,
            was_used: false,
            speakers: Speakers::default(),
            has_listeners: self.has_listeners,
        };
        room.report("room_started", effects);
        self.rooms.insert(request.name.clone(), room);
    }

    /// Somebody goes or is put out; they are told why.
    pub fn leave(&mut self, who: Who, why: DisconnectReason, now: Millis, effects: &mut Effects) {
        self.end(who, why, farewell(why), now, effects);
    }

    /// The same with these words, or without any.
    pub(super) fn end(
        &mut self,
        who: Who,
        why: DisconnectReason,
        farewell: Option<Action>,
        now: Millis,
        effects: &mut Effects,
    ) {
        let Some(name) = self.places.remove(&who) else {
            return;
        };
        let Some(room) = self.rooms.get_mut(&name) else {
            return;
        };
        let was_recorded = room.is_recorded();
        let Some(mut participant) = room.people.remove(&who) else {
            return;
        };
        if room.is_recorded() != was_recorded {
            room.tell_all(effects);
        }
        effects.extend(farewell.map(|action| Effect::Tell(who, leave(why, action))));
        let parting = Parting {
            identity: participant.info.identity.clone(),
            room: name,
            why,
            left: room.people.len(),
        };
        effects.push(Effect::Part(who, Box::new(parting)));
        for track in std::mem::take(&mut participant.info.tracks) {
            room.forget_track(&track.sid, effects);
            room.report_track("track_unpublished", &participant, track, effects);
        }
        let had = std::mem::take(&mut participant.gets).into_iter();
        let had: Vec<_> = had.map(|(sid, of)| (of, sid)).collect();
        room.tell_publishers(&had, effects);
        if room.is_empty() && !participant.is_dependent() {
            room.empty_since = now;
        }
        let was_active = participant.is_active();
        participant.info.state = State::Disconnected.into();
        participant.info.disconnect_reason = why.into();
        participant.touch();
        room.tell_gone(&participant, effects);
        // A participant that was never connected has not joined for those who listen.
        let event = if was_active {
            "participant_left"
        } else {
            "participant_connection_aborted"
        };
        room.report_of(event, &participant, effects);
    }

    /// Their media is connected.
    pub fn connected(&mut self, who: Who, effects: &mut Effects) {
        let Some(room) = self.place(who) else { return };
        let Some(participant) = room.people.get_mut(&who) else {
            return;
        };
        if participant.is_active() {
            return;
        }
        participant.info.state = State::Active.into();
        participant.touch();
        room.announce(who, effects);
        room.tell_qualities(who, effects);
        if let Some(participant) = room.people.get(&who) {
            room.report_of("participant_joined", participant, effects);
        }
    }

    /// Ends a room and puts everybody out.
    pub(super) fn end_room(
        &mut self,
        name: &str,
        why: DisconnectReason,
        now: Millis,
        effects: &mut Effects,
    ) {
        let people: Vec<_> = (self.rooms.get(name).into_iter())
            .flat_map(|room| room.people.keys().copied())
            .collect();
        for who in people {
            self.leave(who, why, now, effects);
        }
        if let Some(room) = self.rooms.remove(name) {
            room.report("room_finished", effects);
        }
    }
}

fn newcomer(joining: Joining, sid: String, now: Millis) -> Participant {
    let kind = joining.kind();
    let info = proto::ParticipantInfo {
        sid,
        identity: joining.identity,
        name: joining.name,
        metadata: joining.metadata,
        attributes: joining.attributes,
        state: State::Joined.into(),
        joined_at: now / 1_000,
        joined_at_ms: now,
        version: 1,
        permission: Some(joining.grant.permission()),
        kind: kind.into(),
        client_protocol: joining.client_protocol,
        ..Default::default()
    };
    Participant {
        info,
        auto_subscribe: joining.auto_subscribe,
        announced: Vec::new(),
        choices: BTreeMap::new(),
        gets: BTreeMap::new(),
        audience: Audience::default(),
        told: BTreeMap::new(),
        denied: BTreeSet::new(),
        quality: None,
        renewed: now,
    }
}

/// What a newcomer is told of the room.
fn greeting(room: &Room, newcomer: &Participant) -> proto::JoinResponse {
    let others = room.people.values().filter(|p| !p.is_hidden());
    proto::JoinResponse {
        room: Some(room.shown()),
        participant: Some(newcomer.info.clone()),
        other_participants: others.map(|p| p.info.clone()).collect(),
        enabled_publish_codecs: codecs(),
        ..Default::default()
    }
}
