//! The second floor: who is in which room, what they publish and what they get. Pure: what happens goes in with
//! the time at which it happens, what is to be done comes out as [`Effect`]s ([`mod@effect`]), in their order.
//!
//! A [`mod@room`] has its people, each a [`participant`] with a [`permission`]. They come and go by [`mod@join`]; [`parting`] has
//! the words for that, [`time`] what ends by itself. What a client asks arrives in [`requests`], what the room service asks in
//! [`admin`]; [`limits`] bound both.
//!
//! [`tracks`] are announced, sent, muted and gone. Who gets which is worked out in [`subscriptions`], how they want it said in
//! [`settings`], and [`dynacast`] tells publishers what of it they need not send. [`data`] goes from one to others.
//! [`updates`] tells of people and rooms, also those who listen to webhooks; [`speakers`] of who speaks, [`quality`] of how
//! well everybody is connected. [`simulate`] has mishaps to order.

mod admin;
mod data;
mod dynacast;
mod effect;
mod join;
mod limits;
mod participant;
mod parting;
mod permission;
mod quality;
mod requests;
mod room;
mod settings;
mod simulate;
mod speakers;
mod subscriptions;
#[cfg(test)]
mod tests;
mod time;
mod tracks;
mod updates;

use std::collections::{BTreeMap, HashMap};

use livekit_protocol as proto;
use rand::distr::{Alphanumeric, SampleString as _};
use rand::rngs::StdRng;

use crate::config::Room as RoomDefaults;

pub use admin::{AdminError, DataToSend, ParticipantChange};
pub use data::Addressees;
pub use effect::{Effect, Encoding, Reliability, ToPublish, Wanted};
pub use join::{JoinRefused, Joining};
pub use limits::MESSAGE as LONGEST_MESSAGE;
pub use parting::leave;
pub use permission::Grant;
use room::Room;

/// A participant of this process: another one of the same identity has another number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Who(pub u64);

/// LiveKit's id of a track, `TR_…`.
pub type TrackSid = String;

/// Milliseconds since 1970.
pub type Millis = i64;

/// All rooms.
#[derive(Debug)]
pub struct World {
    defaults: RoomDefaults,
    rooms: BTreeMap<String, Room>,
    /// Which room somebody is in.
    places: HashMap<Who, String>,
    next: u64,
    rng: StdRng,
    /// Whether somebody is told of rooms by webhooks.
    has_listeners: bool,
}

/// What is to be done, as it is gathered.
type Effects = Vec<Effect>;

impl World {
    /// No room yet. Ids come from `rng`.
    pub fn new(defaults: RoomDefaults, rng: StdRng) -> Self {
        Self {
            defaults,
            rooms: BTreeMap::new(),
            places: HashMap::new(),
            next: 1,
            rng,
            has_listeners: false,
        }
    }

    /// The same; whether somebody is told of rooms by webhooks.
    pub fn with_listeners(self, has_listeners: bool) -> Self {
        Self {
            has_listeners,
            ..self
        }
    }

    /// Everybody.
    pub fn everybody(&self) -> Vec<Who> {
        self.places.keys().copied().collect()
    }

    /// How somebody is called in logs: room and identity.
    pub fn called(&self, who: Who) -> Option<(&str, &str)> {
        let room = self.rooms.get(self.places.get(&who)?)?;
        let participant = room.people.get(&who)?;
        Some((&room.info.name, &participant.info.identity))
    }

    fn place(&mut self, who: Who) -> Option<&mut Room> {
        self.rooms.get_mut(self.places.get(&who)?)
    }

    fn fresh_sid(&mut self, prefix: &str) -> String {
        format!("{prefix}_{}", Alphanumeric.sample_string(&mut self.rng, 12))
    }
}

/// What clients may publish.
fn codecs() -> Vec<proto::Codec> {
    [
        "audio/opus",
        "video/VP8",
        "video/H264",
        "video/VP9",
        "video/AV1",
    ]
    .map(|mime| proto::Codec {
        mime: mime.to_owned(),
        fmtp_line: String::new(),
    })
    .into()
}
