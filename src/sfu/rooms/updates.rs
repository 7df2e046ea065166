//! Who is told what.

use livekit_protocol as proto;
use livekit_protocol::signal_response::Message;

use super::participant::Participant;
use super::room::Room;
use super::{Effect, Effects, Who};

impl Room {
    /// Tells all who may see them, and themselves, how somebody is now.
    pub fn announce(&self, who: Who, effects: &mut Effects) {
        let Some(participant) = self.people.get(&who) else {
            return;
        };
        let update = update(participant);
        effects.push(Effect::Tell(who, update));
        self.tell_of(participant, effects);
    }

    /// The same without themselves.
    pub fn tell_of(&self, participant: &Participant, effects: &mut Effects) {
        if participant.is_hidden() {
            return;
        }
        let update = update(participant);
        let others = self
            .people
            .iter()
            .filter(|(_, p)| p.info.sid != participant.info.sid);
        effects.extend(others.map(|(other, _)| Effect::Tell(*other, update.clone())));
    }

    /// Tells everybody how the room is now.
    pub fn tell_all(&self, effects: &mut Effects) {
        let message = Message::RoomUpdate(proto::RoomUpdate {
            room: Some(self.shown()),
        });
        let all = self.people.keys();
        effects.extend(all.map(|who| Effect::Tell(*who, message.clone())));
    }
}

fn update(participant: &Participant) -> Message {
    Message::Update(proto::ParticipantUpdate {
        participants: vec![participant.info.clone()],
    })
}

/// What those who listen are told of a room. Id and time come later.
pub fn report(event: &str, room: &Room) -> Effect {
    Effect::Report(Box::new(proto::WebhookEvent {
        event: event.to_owned(),
        room: Some(room.shown()),
        ..Default::default()
    }))
}

/// The same of somebody in it.
pub fn report_of(
    event: &str,
    room: &Room,
    participant: &proto::ParticipantInfo,
    track: Option<proto::TrackInfo>,
) -> Effect {
    Effect::Report(Box::new(proto::WebhookEvent {
        event: event.to_owned(),
        room: Some(room.shown()),
        participant: Some(participant.clone()),
        track,
        ..Default::default()
    }))
}
