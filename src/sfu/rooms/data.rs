//! Messages between participants.

use livekit_protocol as proto;
use livekit_protocol::data_packet::Value;

use super::effect::Reliability;
use super::{Effect, Effects, Who, World};

impl World {
    /// Somebody sends data to all others, or to some. It says whose it is, whatever they wrote.
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
        packet
            .participant_identity
            .clone_from(&sender.info.identity);
        packet.participant_sid.clone_from(&sender.info.sid);
        stamp(&mut packet, &sender.info);
        let named = std::mem::take(&mut packet.destination_identities);
        let to: Vec<_> = (room.people.iter())
            .filter(|(other, _)| **other != who)
            .filter(|(_, p)| named.is_empty() || named.contains(&p.info.identity))
            .map(|(other, _)| *other)
            .collect();
        if !to.is_empty() {
            effects.push(Effect::Send(Some(who), to, reliability, Box::new(packet)));
        }
    }
}

#[expect(deprecated, reason = "older clients read them")]
fn stamp(packet: &mut proto::DataPacket, sender: &proto::ParticipantInfo) {
    match &mut packet.value {
        Some(Value::User(user)) => {
            user.participant_sid.clone_from(&sender.sid);
            user.participant_identity.clone_from(&sender.identity);
            if packet.destination_identities.is_empty() {
                packet.destination_identities = std::mem::take(&mut user.destination_identities);
            }
        }
        // Only the SFU says who speaks.
        Some(Value::Speaker(_)) => packet.value = None,
        _ => {}
    }
}
