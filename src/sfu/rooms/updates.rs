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
        let mut to = vec![who];
        if !participant.is_hidden() {
            to.extend(self.people.keys().filter(|other| **other != who));
        }
        effects.push(Effect::TellAll(to, update(participant)));
    }

    /// Tells all who could see somebody how they went.
    pub fn tell_gone(&self, participant: &Participant, effects: &mut Effects) {
        if !participant.is_hidden() {
            let to = self.people.keys().copied().collect();
            effects.push(Effect::TellAll(to, update(participant)));
        }
    }

    /// Tells everybody how the room is now.
    pub fn tell_all(&self, effects: &mut Effects) {
        let message = Message::RoomUpdate(proto::RoomUpdate {
            room: Some(self.shown()),
        });
        effects.push(Effect::TellAll(
            self.people.keys().copied().collect(),
            message,
        ));
    }
}

fn update(participant: &Participant) -> Message {
    Message::Update(proto::ParticipantUpdate {
        participants: vec![participant.info.clone()],
    })
}

impl Room {
    /// Tells those who listen of the room.
    pub fn report(&self, event: &str, effects: &mut Effects) {
        self.tell_listeners(effects, || proto::WebhookEvent {
            event: event.to_owned(),
            ..Default::default()
        });
    }

    /// The same of somebody in it.
    pub fn report_of(&self, event: &str, participant: &Participant, effects: &mut Effects) {
        self.tell_listeners(effects, || proto::WebhookEvent {
            event: event.to_owned(),
            participant: Some(participant.info.clone()),
            ..Default::default()
        });
    }

    /// The same of a track. Of its owner only is said who that is.
    pub fn report_track(
        &self,
        event: &str,
        owner: &Participant,
        track: proto::TrackInfo,
        effects: &mut Effects,
    ) {
        self.tell_listeners(effects, || proto::WebhookEvent {
            event: event.to_owned(),
            participant: Some(proto::ParticipantInfo {
                sid: owner.info.sid.clone(),
                identity: owner.info.identity.clone(),
                ..Default::default()
            }),
            track: Some(track),
            ..Default::default()
        });
    }

    /// Nothing is made of it where nobody listens. Id and time come later.
    fn tell_listeners(&self, effects: &mut Effects, event: impl FnOnce() -> proto::WebhookEvent) {
        if self.has_listeners {
            let event = proto::WebhookEvent {
                room: Some(self.shown()),
                ..event()
            };
            effects.push(Effect::Report(Box::new(event)));
        }
    }
}
