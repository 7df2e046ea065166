//! Messages between participants.

use livekit_protocol as proto;
use livekit_protocol::data_packet::Value;

use super::effect::Reliability;
use super::participant::Participant;
use super::room::Room;
use super::{Effect, Effects, Who, World};

/// Whom a message is for: by identity or by id; without any, for everybody.
#[derive(Clone, Debug, Default)]
pub struct Addressees {
    /// Their identities.
    pub identities: Vec<String>,
    /// Their ids in this room, `PA_…`.
    pub sids: Vec<String>,
}

impl Addressees {
    /// Those of them who are there.
    pub(super) fn of(&self, room: &Room) -> Vec<Who> {
        let all = self.identities.is_empty() && self.sids.is_empty();
        let is_meant = |info: &proto::ParticipantInfo| {
            all || self.identities.contains(&info.identity) || self.sids.contains(&info.sid)
        };
        let people = room.people.iter().filter(|(_, p)| is_meant(&p.info));
        people.map(|(who, _)| *who).collect()
    }
}

impl World {
    /// Somebody sends data to all others, or to some. It says whose it is, whatever they wrote; of who is hidden it
    /// says nothing.
    pub fn data(
        &mut self,
        who: Who,
        reliability: Reliability,
        mut packet: proto::DataPacket,
        effects: &mut Effects,
    ) {
        let Some(room) = self.place(who) else { return };
        let Some(sender) = room.people.get(&who) else {
            return;
        };
        if !sender.permission().can_publish_data {
            return;
        }
        stamp(&mut packet, sender);
        let mut to = addressees(&mut packet).of(room);
        to.retain(|other| *other != who);
        if !to.is_empty() {
            effects.push(Effect::Send(Some(who), to, reliability, Box::new(packet)));
        }
    }
}

#[expect(deprecated, reason = "older clients read them")]
fn stamp(packet: &mut proto::DataPacket, sender: &Participant) {
    let (identity, sid) = if sender.is_hidden() {
        Default::default()
    } else {
        (sender.info.identity.clone(), sender.info.sid.clone())
    };
    match &mut packet.value {
        Some(Value::User(user)) => {
            user.participant_sid.clone_from(&sid);
            user.participant_identity.clone_from(&identity);
        }
        // Only the SFU says who speaks.
        Some(Value::Speaker(_)) => packet.value = None,
        _ => {}
    }
    packet.participant_identity = identity;
    // By this their next messages are told from earlier ones.
    packet.participant_sid.clone_from(&sender.info.sid);
}

/// Whom the sender means; nobody else hears who that is.
#[expect(deprecated, reason = "older clients write them")]
fn addressees(packet: &mut proto::DataPacket) -> Addressees {
    let mut to = Addressees {
        identities: std::mem::take(&mut packet.destination_identities),
        sids: Vec::new(),
    };
    if let Some(Value::User(user)) = &mut packet.value {
        let identities = std::mem::take(&mut user.destination_identities);
        if to.identities.is_empty() {
            to.identities = identities;
        }
        to.sids = std::mem::take(&mut user.destination_sids);
    }
    to
}
