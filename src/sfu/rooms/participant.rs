//! One participant of a room.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use livekit_protocol as proto;
use livekit_protocol::participant_info::{Kind, State};

use super::dynacast::Told;
use super::effect::Wanted;
use super::{Effect, Effects, Millis, TrackSid, Who, limits};

/// What somebody may do of whom nothing is said.
static NOTHING: LazyLock<proto::ParticipantPermission> = LazyLock::new(Default::default);

#[derive(Debug)]
pub struct Participant {
    /// As the others see it. Its tracks are those that are sent.
    pub info: proto::ParticipantInfo,
    /// Whether it gets every track that it does not refuse.
    pub auto_subscribe: bool,
    /// Tracks that it has announced and does not send yet.
    pub announced: Vec<proto::TrackInfo>,
    /// What it has said about others' tracks.
    pub choices: BTreeMap<TrackSid, Choice>,
    /// What it gets.
    pub gets: BTreeMap<TrackSid, Who>,
    /// Who may have its tracks.
    pub audience: Audience,
    /// What it was told of those of its tracks whose media comes: until then its client may not know them itself.
    pub told: BTreeMap<TrackSid, Told>,
    /// Tracks that it wants and may not have, as it was told.
    pub denied: BTreeSet<TrackSid>,
    /// How well it is connected, as it was told.
    pub quality: Option<proto::ConnectionQualityInfo>,
    /// When it last got a token.
    pub renewed: Millis,
}

/// What somebody has said about a track.
#[derive(Clone, Copy, Debug, Default)]
pub struct Choice {
    /// Whether they want it; `None`: not said.
    pub subscribe: Option<bool>,
    pub wanted: Wanted,
}

/// Who may have somebody's tracks.
#[derive(Clone, Debug, Default)]
pub enum Audience {
    #[default]
    Everybody,
    Only(Vec<proto::TrackPermission>),
}

impl Participant {
    pub fn permission(&self) -> &proto::ParticipantPermission {
        self.info.permission.as_ref().unwrap_or(&NOTHING)
    }

    pub fn is_hidden(&self) -> bool {
        self.info.permission.as_ref().is_some_and(|p| p.hidden)
    }

    /// Whether it records: a room says so.
    pub fn is_recorder(&self) -> bool {
        records(self.info.kind(), self.permission())
    }

    /// Whether it is there for others' sake.
    pub fn is_dependent(&self) -> bool {
        is_dependent(self.info.kind(), self.permission())
    }

    /// A track that is sent.
    pub fn track(&self, sid: &str) -> Option<&proto::TrackInfo> {
        self.info.tracks.iter().find(|track| track.sid == sid)
    }

    /// Those that are sent and those that are about to be.
    pub fn all_tracks(&self) -> impl Iterator<Item = &proto::TrackInfo> {
        self.info.tracks.iter().chain(&self.announced)
    }

    /// One of these, to be changed.
    pub fn any_track(&mut self, sid: &str) -> Option<&mut proto::TrackInfo> {
        let mut all = self.info.tracks.iter_mut().chain(&mut self.announced);
        all.find(|track| track.sid == sid)
    }

    /// Notes that something about it has changed.
    pub fn touch(&mut self) {
        self.info.version += 1;
        self.info.is_publisher = !self.info.tracks.is_empty();
    }

    /// Gives it a token that says what is so now.
    pub fn renew(&self, who: Who, effects: &mut Effects) {
        effects.push(Effect::Renew(who, Box::new(self.info.clone())));
    }

    pub fn is_active(&self) -> bool {
        self.info.state() == State::Active
    }

    /// What it wants of a track.
    pub fn wanted(&self, track: &str) -> Wanted {
        self.choices
            .get(track)
            .map(|choice| choice.wanted)
            .unwrap_or_default()
    }

    /// Whether it lets `other` have a track of its own.
    pub fn lets_have(&self, other: &proto::ParticipantInfo, track: &str) -> bool {
        match &self.audience {
            Audience::Everybody => true,
            Audience::Only(permissions) => permissions.iter().any(|p| {
                let is_for = if p.participant_identity.is_empty() {
                    p.participant_sid == other.sid
                } else {
                    p.participant_identity == other.identity
                };
                is_for && (p.all_tracks || p.track_sids.iter().any(|sid| sid == track))
            }),
        }
    }
}

#[expect(deprecated, reason = "tokens have it")]
fn records(kind: Kind, permission: &proto::ParticipantPermission) -> bool {
    kind == Kind::Egress || permission.recorder
}

/// Whether somebody is there for others' sake, as agents and recorders are: a room is empty without anybody else, and
/// such a one takes nobody's place.
#[expect(deprecated, reason = "tokens have it")]
pub fn is_dependent(kind: Kind, permission: &proto::ParticipantPermission) -> bool {
    records(kind, permission) || kind == Kind::Agent || permission.agent
}

/// What is said of somebody is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("name, metadata or attributes are too long")]
pub struct TooLong;

impl Participant {
    /// Changes what is said of them; what is empty stays, an attribute without a value goes.
    pub fn describe(
        &mut self,
        name: &str,
        metadata: &str,
        attributes: HashMap<String, String>,
    ) -> Result<(), TooLong> {
        let mut all = self.info.attributes.clone();
        all.extend(attributes);
        all.retain(|_, value| !value.is_empty());
        let fits = limits::attributes_fit(&all)
            && name.len() <= limits::NAME
            && metadata.len() <= limits::METADATA;
        if !fits {
            return Err(TooLong);
        }
        self.info.attributes = all;
        if !name.is_empty() {
            name.clone_into(&mut self.info.name);
        }
        if !metadata.is_empty() {
            metadata.clone_into(&mut self.info.metadata);
        }
        self.touch();
        Ok(())
    }
}
