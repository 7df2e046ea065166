//! What publishers hear of those who have their tracks: once that somebody does, and which layers nobody wants. They need
//! not send those; clients that do not do without ignore it.

use livekit_protocol as proto;
use livekit_protocol::signal_response::Message;
use proto::{SubscribedCodec, SubscribedQuality, VideoQuality};

use super::room::Room;
use super::{Effect, Effects, Millis, TrackSid, Who, World};

/// So long nobody wants a layer before its publisher hears of it, as LiveKit has it: who looks away for a moment, or loads
/// their page again, finds it still there.
const DELAY: Millis = 5_000;

/// What a publisher was told of a track.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    /// That somebody has it, or had it.
    is_had: bool,
    /// How many of its layers somebody wants, from the smallest on.
    layers: Option<u8>,
    /// How many that is now.
    wanted: u8,
    /// Since when that is fewer.
    fewer_since: Option<Millis>,
}

/// What those who have a track want of it.
#[derive(Clone, Copy, Debug, Default)]
struct Demand {
    /// Whether somebody has it who is seen.
    is_had: bool,
    layers: u8,
}

impl World {
    /// Tells of layers that nobody has wanted for a while.
    pub(super) fn tell_of_fewer_layers(&mut self, now: Millis, effects: &mut Effects) {
        let people = self.rooms.values_mut().flat_map(|room| &mut room.people);
        for (who, participant) in people {
            let layered = participant.info.tracks.iter().filter(|t| has_layers(t));
            for track in layered {
                if let Some(told) = participant.told.get_mut(&track.sid)
                    && told.is_fewer_for_long(now)
                {
                    effects.push(told.tell(*who, track));
                }
            }
        }
    }
}

impl Room {
    /// Tells the owners of these tracks what is new: at once, but for layers that nobody wants any more.
    pub fn tell_publishers(&mut self, tracks: &[(Who, TrackSid)], effects: &mut Effects) {
        for (who, sid) in tracks {
            let demand = self.demand(sid);
            let Some(owner) = self.people.get_mut(who) else {
                continue;
            };
            let track = owner.info.tracks.iter().find(|track| track.sid == *sid);
            let (Some(track), Some(told)) = (track, owner.told.get_mut(sid)) else {
                continue;
            };
            if demand.is_had && !told.is_had {
                told.is_had = true;
                effects.push(Effect::Tell(*who, subscribed(track)));
            }
            told.wanted = demand.layers;
            let known = told.layers.unwrap_or(0);
            if told.wanted > known && has_layers(track) {
                effects.push(told.tell(*who, track));
            } else if told.wanted == known {
                told.fewer_since = None;
            }
        }
    }

    /// The same of all tracks.
    pub fn tell_all_publishers(&mut self, effects: &mut Effects) {
        let people = self.people.iter();
        let all: Vec<_> = people
            .flat_map(|(who, p)| p.told.keys().map(|sid| (*who, sid.clone())))
            .collect();
        self.tell_publishers(&all, effects);
    }

    fn demand(&self, sid: &str) -> Demand {
        let mut demand = Demand::default();
        let people = self.people.values();
        for participant in people.filter(|p| p.gets.contains_key(sid)) {
            demand.is_had |= !participant.is_hidden();
            let wanted = participant.wanted(sid);
            if wanted.enabled {
                demand.layers = demand.layers.max(wanted.quality + 1);
            }
        }
        demand
    }
}

impl Told {
    /// Whether fewer layers are wanted than was told, and have been for a while. To be asked from time to time.
    fn is_fewer_for_long(&mut self, now: Millis) -> bool {
        self.layers != Some(self.wanted) && now - *self.fewer_since.get_or_insert(now) >= DELAY
    }

    fn tell(&mut self, who: Who, track: &proto::TrackInfo) -> Effect {
        self.layers = Some(self.wanted);
        self.fewer_since = None;
        Effect::Tell(who, quality(track, self.wanted))
    }
}

/// Whether there is a choice.
fn has_layers(track: &proto::TrackInfo) -> bool {
    track.codecs.first().is_some_and(|c| c.layers.len() > 1)
}

fn subscribed(track: &proto::TrackInfo) -> Message {
    Message::TrackSubscribed(proto::TrackSubscribed {
        track_sid: track.sid.clone(),
    })
}

/// The smallest of its layers are wanted, so many.
fn quality(track: &proto::TrackInfo, layers: u8) -> Message {
    let qualities: Vec<_> = [VideoQuality::Low, VideoQuality::Medium, VideoQuality::High]
        .into_iter()
        .map(|quality| SubscribedQuality {
            quality: quality.into(),
            enabled: i32::from(quality) < i32::from(layers),
        })
        .collect();
    let codec = track.mime_type.trim_start_matches("video/").to_lowercase();
    #[expect(deprecated, reason = "older clients read them")]
    Message::SubscribedQualityUpdate(proto::SubscribedQualityUpdate {
        track_sid: track.sid.clone(),
        subscribed_qualities: qualities.clone(),
        subscribed_codecs: vec![SubscribedCodec { codec, qualities }],
    })
}
