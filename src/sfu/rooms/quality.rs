//! How well everybody is connected.

use std::collections::BTreeMap;

use livekit_protocol as proto;
use livekit_protocol::signal_response::Message;

use super::room::Room;
use super::{Effect, Effects, Who, World};

impl World {
    /// How well everybody is connected, from 0 (all lost) to 1.
    pub fn measured(&mut self, qualities: &BTreeMap<Who, f32>, effects: &mut Effects) {
        for room in self.rooms.values_mut() {
            let mut updates = Vec::new();
            let shown = room.people.iter_mut().filter(|(_, p)| !p.is_hidden());
            for (who, participant) in shown {
                let Some(score) = qualities.get(who).copied() else {
                    continue;
                };
                let quality = quality(score);
                let known = participant.quality.as_ref();
                if known.is_some_and(|known| known.quality() == quality) {
                    continue;
                }
                let now = proto::ConnectionQualityInfo {
                    participant_sid: participant.info.sid.clone(),
                    quality: quality.into(),
                    score: score * 5.0,
                };
                participant.quality = Some(now.clone());
                updates.push(now);
            }
            if updates.is_empty() {
                continue;
            }
            let everybody = room.people.keys().copied().collect();
            effects.push(Effect::TellAll(everybody, told(updates)));
        }
    }
}

impl Room {
    /// Whoever has come hears how well the others are connected; later on they hear what changes.
    pub(super) fn tell_qualities(&self, who: Who, effects: &mut Effects) {
        let shown = self.people.values().filter(|p| !p.is_hidden());
        let known: Vec<_> = shown.filter_map(|p| p.quality.clone()).collect();
        if !known.is_empty() {
            effects.push(Effect::Tell(who, told(known)));
        }
    }
}

fn told(updates: Vec<proto::ConnectionQualityInfo>) -> Message {
    Message::ConnectionQuality(proto::ConnectionQualityUpdate { updates })
}

/// From the share of packets that arrive.
fn quality(arrived: f32) -> proto::ConnectionQuality {
    match arrived {
        _ if arrived >= 0.98 => proto::ConnectionQuality::Excellent,
        _ if arrived >= 0.92 => proto::ConnectionQuality::Good,
        _ if arrived > 0.0 => proto::ConnectionQuality::Poor,
        _ => proto::ConnectionQuality::Lost,
    }
}
