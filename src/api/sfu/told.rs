//! Events on their way to those who listen.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::broadcast;

use super::audience::Audience;
use crate::livekit::webhook::{Kind, RoomEvent};
use crate::presence::Change;
use crate::store::{Present, new_id};

/// A listener who is further behind than this is told so, and starts afresh.
const BEHIND: usize = 256;

/// Where events are told.
#[derive(Debug)]
pub struct Told(broadcast::Sender<Arc<Happened>>);

/// Something that happened in a room.
#[derive(Debug)]
pub struct Happened {
    /// The room's name.
    pub room: String,
    /// Who may hear of it.
    pub audience: Audience,
    /// To whom it happened.
    pub identity: Option<String>,
    /// Its id.
    pub id: String,
    /// What happened, in LiveKit's words.
    pub event: &'static str,
    /// As listeners get it.
    pub json: String,
}

/// An event as listeners get it. It never has a token, metadata or anything else that is private.
#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    event: &'a str,
    room: &'a str,
    participant: Option<Participant<'a>>,
    track: Option<Track<'a>>,
    at: String,
}

#[derive(Serialize)]
struct Participant<'a> {
    identity: &'a str,
    sid: &'a str,
}

#[derive(Serialize)]
struct Track<'a> {
    sid: &'a str,
    source: &'a str,
}

impl Default for Told {
    fn default() -> Self {
        Self(broadcast::Sender::new(BEHIND))
    }
}

impl Told {
    /// Everything from now on.
    pub fn listen(&self) -> broadcast::Receiver<Arc<Happened>> {
        self.0.subscribe()
    }

    /// Tells of changes of a call.
    pub fn changes(&self, room: &str, changes: &[Change], audience: &Audience, at: Timestamp) {
        for change in changes {
            let (event, who) = match change {
                Change::Started => ("room_started", None),
                Change::Joined(who) => ("participant_joined", Some(who)),
                Change::Left(who) => ("participant_left", Some(who)),
                Change::Finished => ("room_finished", None),
            };
            self.tell(event, room, who, None, audience, at);
        }
    }

    /// Tells of a track, if the event is about one.
    pub fn track(&self, event: &RoomEvent, audience: &Audience) {
        let name = match event.kind {
            Kind::TrackPublished => "track_published",
            Kind::TrackUnpublished => "track_unpublished",
            _ => return,
        };
        let who = event.participant.as_ref().map(|who| &who.stay);
        let track = event.track.as_ref().map(|track| Track {
            sid: &track.sid,
            source: &track.source,
        });
        self.tell(name, &event.room.name, who, track, audience, event.at);
    }

    fn tell(
        &self,
        event: &'static str,
        room: &str,
        who: Option<&Present>,
        track: Option<Track<'_>>,
        audience: &Audience,
        at: Timestamp,
    ) {
        let id = new_id(at);
        let shown = Shown {
            id: &id,
            event,
            room,
            participant: who.map(|who| Participant {
                identity: &who.identity,
                sid: &who.sid,
            }),
            track,
            at: format!("{at:.3}"),
        };
        let Ok(json) = serde_json::to_string(&shown) else {
            return;
        };
        // An error: nobody listens.
        let _ = self.0.send(Arc::new(Happened {
            room: room.to_owned(),
            audience: audience.clone(),
            identity: who.map(|who| who.identity.clone()),
            json,
            event,
            id,
        }));
    }
}
