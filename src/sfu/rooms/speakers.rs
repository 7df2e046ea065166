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
            let listeners = listeners.map(|(who, _)| *who).collect();
            effects.push(Effect::TellAll(listeners, message));
        }
    }
}
