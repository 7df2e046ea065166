//! Rooms without sockets: what goes in, what comes out.

mod dynacast;
mod people;
mod rooms;
mod tracks;

use livekit_protocol as proto;
use livekit_protocol::DisconnectReason;
use livekit_protocol::data_packet::Value;
use livekit_protocol::signal_request::Message as Asked;
use livekit_protocol::signal_response::Message;
use proto::{TrackSource, TrackType};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::*;

const NOW: Millis = 1_800_000_000_000;

struct Scene {
    world: World,
    effects: Effects,
}

impl Scene {
    fn new(defaults: RoomDefaults) -> Self {
        Self {
            world: World::new(defaults, StdRng::seed_from_u64(1)).with_listeners(true),
            effects: Effects::new(),
        }
    }

    fn joins(&mut self, identity: &str, grant: Grant) -> Result<Who, JoinRefused> {
        let joining = Joining {
            room: "daily".into(),
            identity: identity.into(),
            grant,
            auto_subscribe: true,
            ..Joining::default()
        };
        let (who, _, effects) = self.world.join(joining, NOW)?;
        self.effects.extend(effects);
        self.world.connected(who, &mut self.effects);
        Ok(who)
    }

    fn in_room(&mut self, identity: &str) -> Who {
        self.joins(identity, Grant::default()).unwrap()
    }

    fn asks(&mut self, who: Who, asked: Asked) -> Effects {
        self.effects.clear();
        self.world.request(who, asked, NOW, &mut self.effects);
        self.effects.clone()
    }

    /// A track that is sent.
    fn publishes(&mut self, who: Who, source: TrackSource) -> TrackSid {
        let effects = self.asks(who, Asked::AddTrack(track(source)));
        let sid = announced(&effects).expect("the track is taken");
        self.effects.clear();
        self.world.track_sent(who, &sid, "", &mut self.effects);
        self.world.track_comes(who, &sid, &mut self.effects);
        sid
    }

    fn has(&self, effect: &Effect) -> bool {
        self.effects.contains(effect)
    }
}

fn track(source: TrackSource) -> proto::AddTrackRequest {
    proto::AddTrackRequest {
        cid: "cid".into(),
        r#type: TrackType::Video.into(),
        source: source.into(),
        ..Default::default()
    }
}

fn announced(effects: &Effects) -> Option<TrackSid> {
    effects.iter().find_map(|effect| match effect {
        Effect::Publish(_, track) => Some(track.sid.clone()),
        _ => None,
    })
}

fn reported(effects: &Effects) -> Vec<&str> {
    let events = effects.iter().filter_map(|effect| match effect {
        Effect::Report(event) => Some(event.event.as_str()),
        _ => None,
    });
    events.collect()
}

/// Who has gone, and how the log says it.
fn parted(effects: &Effects) -> Vec<(Who, String)> {
    let gone = effects.iter().filter_map(|effect| match effect {
        Effect::Part(who, parting) => Some((*who, parting.to_string())),
        _ => None,
    });
    gone.collect()
}

/// What somebody is told, but for news of participants.
fn told(effects: &Effects, to: Who) -> Vec<Message> {
    let told = effects.iter().filter_map(|effect| match effect {
        Effect::Tell(_, Message::Update(_)) => None,
        Effect::Tell(who, message) if *who == to => Some(message.clone()),
        _ => None,
    });
    told.collect()
}

/// Who is told what of whom: receiver, identity, state.
fn updates(effects: &Effects) -> Vec<(Who, String, i32)> {
    let mut all = Vec::new();
    for effect in effects {
        let (to, message) = match effect {
            Effect::Tell(who, message) => (std::slice::from_ref(who), message),
            Effect::TellAll(to, message) => (&to[..], message),
            _ => continue,
        };
        let Message::Update(update) = message else {
            continue;
        };
        for (who, info) in to
            .iter()
            .flat_map(|who| update.participants.iter().map(move |info| (who, info)))
        {
            all.push((*who, info.identity.clone(), info.state));
        }
    }
    all
}
