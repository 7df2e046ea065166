//! Who speaks.

use std::collections::BTreeMap;

use livekit_protocol as proto;
use livekit_protocol::signal_response::Message;

use super::{Effect, Effects, Who, World};

/// Quieter than this is silence.
const THRESHOLD: f32 = 0.05;
/// A smaller change is no news.
const STEP: f32 = 0.1;

/// Who spoke when it was last told, and how loud.
#[derive(Debug, Default)]
pub struct Speakers(BTreeMap<Who, f32>);

impl World {
    /// How loud everybody has been lately, from 0 to 1; who is left out was silent.
    pub fn heard(&mut self, levels: &BTreeMap<Who, f32>, effects: &mut Effects) {
        for room in self.rooms.values_mut() {
            let told = &mut room.speakers.0;
            let mut news = Vec::new();
            for (who, participant) in &room.people {
                let level = levels.get(who).copied().filter(|level| *level >= THRESHOLD);
                let before = told.get(who).copied();
                let is_news = match (before, level) {
                    (None, None) => false,
                    (Some(before), Some(level)) => (before - level).abs() >= STEP,
                    _ => true,
                };
                if !is_news || participant.is_hidden() {
                    continue;
                }
                match level {
                    Some(level) => told.insert(*who, level),
                    None => told.remove(who),
                };
                news.push(proto::SpeakerInfo {
                    sid: participant.info.sid.clone(),
                    level: level.unwrap_or(0.0),
                    active: level.is_some(),
                });
            }
            told.retain(|who, _| room.people.contains_key(who));
            if news.is_empty() {
                continue;
            }
            let message = Message::SpeakersChanged(proto::SpeakersChanged { speakers: news });
            let listeners = room
                .people
                .iter()
                .filter(|(_, p)| p.permission().can_subscribe);
            effects.extend(listeners.map(|(who, _)| Effect::Tell(*who, message.clone())));
        }
    }

    /// How well everybody is connected, from 0 (all lost) to 1.
    pub fn measured(&mut self, qualities: &BTreeMap<Who, f32>, effects: &mut Effects) {
        for room in self.rooms.values_mut() {
            let mut updates = Vec::new();
            for (who, participant) in &mut room.people {
                let Some(score) = qualities.get(who).copied() else {
                    continue;
                };
                let quality = quality(score);
                if quality != participant.quality {
                    participant.quality = quality;
                    updates.push(proto::ConnectionQualityInfo {
                        participant_sid: participant.info.sid.clone(),
                        quality: quality.into(),
                        score: score * 5.0,
                    });
                }
            }
            if updates.is_empty() {
                continue;
            }
            let message = Message::ConnectionQuality(proto::ConnectionQualityUpdate { updates });
            effects.extend(
                room.people
                    .keys()
                    .map(|who| Effect::Tell(*who, message.clone())),
            );
        }
    }
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
