//! What LiveKit tells of its rooms.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::store::Present;

/// Something that happened in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomEvent {
    /// LiveKit's own id of it: the same when it is repeated.
    pub id: String,
    /// What happened.
    pub kind: Kind,
    /// When.
    pub at: Timestamp,
    /// Where.
    pub room: RoomRef,
    /// To whom; always there for [`Kind::Joined`], [`Kind::Left`] and tracks.
    pub participant: Option<Who>,
    /// With what.
    pub track: Option<Track>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The room was made.
    RoomStarted,
    /// The room is no more.
    RoomFinished,
    /// Somebody is connected.
    Joined,
    /// Somebody went, or never was connected in full.
    Left,
    /// A track can be subscribed to.
    TrackPublished,
    /// It no longer can.
    TrackUnpublished,
    /// Something that does not concern us, or that we do not know.
    Other,
}

/// A room of the SFU: another one of the same name has another id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomRef {
    /// Its name.
    pub name: String,
    /// Its id.
    pub sid: String,
    /// When it was made, in milliseconds since 1970; 0 in news of tracks.
    pub began: i64,
}

/// A participant as events tell of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// Identity, id and begin of the stay.
    pub stay: Present,
    /// How the others see them.
    pub name: String,
    /// Named values that came with their token, or were set since.
    pub attributes: BTreeMap<String, String>,
}

/// A track as events tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// Its id.
    pub sid: String,
    /// LiveKit's word: `camera`, `microphone`, `screen_share`, `screen_share_audio`, `unknown`.
    pub source: String,
}

impl RoomEvent {
    /// Whether it says what its kind must say.
    pub(super) fn is_whole(&self) -> bool {
        let room = !self.room.sid.is_empty() && !self.room.name.is_empty();
        let who = (self.participant.as_ref())
            .is_some_and(|who| !who.stay.sid.is_empty() && !who.stay.identity.is_empty());
        match self.kind {
            Kind::Other => true,
            Kind::RoomStarted | Kind::RoomFinished => room,
            Kind::Joined | Kind::Left => room && who,
            Kind::TrackPublished | Kind::TrackUnpublished => room && who && self.track.is_some(),
        }
    }
}
