//! Rooms and participants of the SFU as scripts and callers see them. Names are stable; docs/json.md
//! has them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use livekit_protocol as proto;
use serde::Serialize;

use super::webhook::millis;

/// A room of the SFU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = SfuRoom)]
pub struct RoomShown {
    /// Its name.
    pub name: String,
    /// Its id.
    pub sid: String,
    /// How many are in it.
    pub num_participants: u32,
    /// How many of them publish.
    pub num_publishers: u32,
    /// Most participants; 0: no limit.
    pub max_participants: u32,
    /// Seconds that it stays when nobody ever came.
    pub empty_timeout: u32,
    /// Seconds that it stays when the last one has left.
    pub departure_timeout: u32,
    /// When it was made.
    pub created_at: Option<String>,
    /// Free text for all participants.
    pub metadata: String,
    /// Whether it is being recorded.
    pub recording: bool,
}

/// A participant of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = SfuParticipant)]
pub struct ParticipantShown {
    /// Who.
    pub identity: String,
    /// The id of this stay.
    pub sid: String,
    /// How the others see them.
    pub name: String,
    /// `joining`, `joined`, `active` or `disconnected`.
    pub state: &'static str,
    /// `standard`, `ingress`, `egress`, `sip`, `agent` or another word of LiveKit's.
    pub kind: String,
    /// Since when.
    pub joined_at: Option<String>,
    /// Free text.
    pub metadata: String,
    /// Named values.
    pub attributes: BTreeMap<String, String>,
    /// What they may do.
    pub permission: Permission,
    /// What they publish.
    pub tracks: Vec<TrackShown>,
}

/// What a participant may do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = SfuPermission)]
#[expect(clippy::struct_excessive_bools, reason = "LiveKit's own shape")]
pub struct Permission {
    /// Publish tracks.
    pub can_publish: bool,
    /// Subscribe to the others' tracks.
    pub can_subscribe: bool,
    /// Send data.
    pub can_publish_data: bool,
    /// Change the own name, metadata and attributes.
    pub can_update_metadata: bool,
    /// Not shown to the others.
    pub hidden: bool,
    /// The only sources that may be published; empty: all.
    pub can_publish_sources: Vec<String>,
}

/// A published track.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = SfuTrack)]
pub struct TrackShown {
    /// Its id.
    pub sid: String,
    /// Its name, if it was given one.
    pub name: String,
    /// `audio`, `video` or `data`.
    pub kind: String,
    /// `camera`, `microphone`, `screen_share`, `screen_share_audio` or `unknown`.
    pub source: String,
    /// Whether it is muted.
    pub muted: bool,
}

impl RoomShown {
    /// Of LiveKit's own form.
    pub fn of(room: proto::Room) -> Self {
        Self {
            created_at: time(millis(room.creation_time_ms, room.creation_time)),
            name: room.name,
            sid: room.sid,
            num_participants: room.num_participants,
            num_publishers: room.num_publishers,
            max_participants: room.max_participants,
            empty_timeout: room.empty_timeout,
            departure_timeout: room.departure_timeout,
            metadata: room.metadata,
            recording: room.active_recording,
        }
    }
}

impl ParticipantShown {
    /// Of LiveKit's own form.
    pub fn of(participant: proto::ParticipantInfo) -> Self {
        use proto::participant_info::State;
        Self {
            state: match participant.state() {
                State::Joining => "joining",
                State::Joined => "joined",
                State::Active => "active",
                State::Disconnected => "disconnected",
            },
            kind: participant.kind().as_str_name().to_ascii_lowercase(),
            joined_at: time(millis(participant.joined_at_ms, participant.joined_at)),
            permission: participant
                .permission
                .as_ref()
                .map(Permission::of)
                .unwrap_or_default(),
            identity: participant.identity,
            sid: participant.sid,
            name: participant.name,
            metadata: participant.metadata,
            attributes: participant.attributes.into_iter().collect(),
            tracks: participant.tracks.into_iter().map(TrackShown::of).collect(),
        }
    }

    /// What they publish, in short: `camera, microphone (muted)`.
    pub fn publishes(&self) -> String {
        let word = |track: &TrackShown| {
            let muted = if track.muted { " (muted)" } else { "" };
            format!("{}{muted}", track.source)
        };
        self.tracks.iter().map(word).collect::<Vec<_>>().join(", ")
    }
}

impl Permission {
    fn of(permission: &proto::ParticipantPermission) -> Self {
        let source = |source| source_name(proto::TrackSource::as_str_name(&source));
        Self {
            can_publish: permission.can_publish,
            can_subscribe: permission.can_subscribe,
            can_publish_data: permission.can_publish_data,
            can_update_metadata: permission.can_update_metadata,
            hidden: permission.hidden,
            can_publish_sources: permission.can_publish_sources().map(source).collect(),
        }
    }
}

impl TrackShown {
    fn of(track: proto::TrackInfo) -> Self {
        Self {
            kind: track.r#type().as_str_name().to_ascii_lowercase(),
            source: source_name(track.source().as_str_name()),
            sid: track.sid,
            name: track.name,
            muted: track.muted,
        }
    }
}

fn source_name(name: &str) -> String {
    name.to_ascii_lowercase()
}

fn time(millis: i64) -> Option<String> {
    let at = Timestamp::from_millisecond(millis).ok()?;
    (millis != 0).then(|| format!("{at:.3}"))
}
