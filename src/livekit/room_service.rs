//! LiveKit's room service, asked with the project's own keys.

use std::collections::HashMap;
use std::time::Duration;

use livekit_protocol as proto;
use prost::Message;
use secrecy::SecretString;

use super::current::Current;
use super::grants::VideoGrant;
use super::keys::KeyPair;
use super::token::{JoinToken, Signer};
use super::twirp::Twirp;
use crate::context::Clock;

pub use super::twirp::SfuError;

/// A token serves for one call, and for the difference of two clocks.
const TOKEN_TTL: Duration = Duration::from_mins(1);

/// Who the calls come from, in the SFU's log.
const IDENTITY: &str = "urbania";

/// The room service of one SFU.
#[derive(Debug)]
pub struct RoomService {
    twirp: Twirp,
    signer: Current<Option<Signer>>,
    clock: Clock,
}

/// A room to be made; zero and empty stand for the SFU's defaults.
#[derive(Clone, Debug, Default)]
pub struct NewRoom {
    /// Its name.
    pub name: String,
    /// Seconds that it stays when nobody comes.
    pub empty_timeout: u32,
    /// Most participants.
    pub max_participants: u32,
    /// Free text for all participants.
    pub metadata: String,
}

/// What is to change about a participant; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct ParticipantChange {
    /// How the others see them.
    pub name: Option<String>,
    /// Free text.
    pub metadata: Option<String>,
    /// Named values that are set; an empty one is removed.
    pub attributes: HashMap<String, String>,
    /// All that they may do.
    pub permission: Option<proto::ParticipantPermission>,
}

/// Data for the participants of a room.
#[derive(Clone, Debug, Default)]
pub struct Data {
    /// The data.
    pub payload: Vec<u8>,
    /// Whether it must arrive.
    pub reliable: bool,
    /// Who gets it; empty: all.
    pub to: Vec<String>,
    /// What it is about.
    pub topic: Option<String>,
}

type Answer<T> = Result<T, SfuError>;

impl RoomService {
    /// The service at `http://…` or `https://…`. Connects when it is first asked; without a key pair
    /// every call fails with [`SfuError::NoKeys`].
    pub fn new(base: &str, pair: Option<&KeyPair>, clock: Clock) -> Self {
        Self {
            twirp: Twirp::new(base),
            signer: Current::new(pair.map(Signer::new)),
            clock,
        }
    }

    /// From now on it asks with this pair.
    pub fn sign_with(&self, pair: Option<&KeyPair>) {
        self.signer.set(pair.map(Signer::new));
    }

    /// Makes a room, or returns the one that there is.
    pub async fn create(&self, room: NewRoom) -> Answer<proto::Room> {
        let request = proto::CreateRoomRequest {
            name: room.name,
            empty_timeout: room.empty_timeout,
            max_participants: room.max_participants,
            metadata: room.metadata,
            ..Default::default()
        };
        self.call("CreateRoom", rooms(), &request).await
    }

    /// The rooms that the SFU has: all of them, or those of `names`.
    pub async fn list(&self, names: Vec<String>) -> Answer<Vec<proto::Room>> {
        let request = proto::ListRoomsRequest { names };
        let grant = VideoGrant {
            room_list: true,
            ..VideoGrant::default()
        };
        let answer: proto::ListRoomsResponse = self.call("ListRooms", grant, &request).await?;
        Ok(answer.rooms)
    }

    /// One room.
    pub async fn get(&self, name: &str) -> Answer<Option<proto::Room>> {
        Ok(self.list(vec![name.to_owned()]).await?.pop())
    }

    /// Ends a room; `false` when there is none.
    pub async fn delete(&self, name: &str) -> Answer<bool> {
        let request = proto::DeleteRoomRequest {
            room: name.to_owned(),
        };
        let answer: Answer<proto::DeleteRoomResponse> =
            self.call("DeleteRoom", rooms(), &request).await;
        found(answer)
    }

    /// Who is in a room; nobody when there is none.
    pub async fn participants(&self, room: &str) -> Answer<Vec<proto::ParticipantInfo>> {
        let request = proto::ListParticipantsRequest {
            room: room.to_owned(),
        };
        let answer: Answer<proto::ListParticipantsResponse> =
            self.call("ListParticipants", admin(room), &request).await;
        match answer {
            Err(SfuError::NotFound(_)) => Ok(Vec::new()),
            answer => Ok(answer?.participants),
        }
    }

    /// One participant.
    pub async fn participant(&self, room: &str, identity: &str) -> Answer<proto::ParticipantInfo> {
        self.call("GetParticipant", admin(room), &who(room, identity))
            .await
    }

    /// Puts somebody out of a room; `false` when nobody of that identity is there.
    pub async fn remove(&self, room: &str, identity: &str) -> Answer<bool> {
        let answer: Answer<proto::RemoveParticipantResponse> = self
            .call("RemoveParticipant", admin(room), &who(room, identity))
            .await;
        found(answer)
    }

    /// Mutes a track, or unmutes it where the SFU's config allows that.
    pub async fn mute(&self, room: &str, identity: &str, track: &str, muted: bool) -> Answer<()> {
        let request = proto::MuteRoomTrackRequest {
            room: room.to_owned(),
            identity: identity.to_owned(),
            track_sid: track.to_owned(),
            muted,
        };
        let _: proto::MuteRoomTrackResponse = self
            .call("MutePublishedTrack", admin(room), &request)
            .await?;
        Ok(())
    }

    /// Replaces a room's metadata.
    pub async fn set_metadata(&self, room: &str, metadata: &str) -> Answer<proto::Room> {
        let request = proto::UpdateRoomMetadataRequest {
            room: room.to_owned(),
            metadata: metadata.to_owned(),
        };
        self.call("UpdateRoomMetadata", admin(room), &request).await
    }

    /// Changes what is said of somebody or what they may do.
    pub async fn update(
        &self,
        room: &str,
        identity: &str,
        change: ParticipantChange,
    ) -> Answer<proto::ParticipantInfo> {
        let request = proto::UpdateParticipantRequest {
            room: room.to_owned(),
            identity: identity.to_owned(),
            name: change.name.unwrap_or_default(),
            metadata: change.metadata.unwrap_or_default(),
            attributes: change.attributes,
            permission: change.permission,
        };
        self.call("UpdateParticipant", admin(room), &request).await
    }

    /// Sends data to all in a room, or to some.
    pub async fn send(&self, room: &str, data: Data) -> Answer<()> {
        use proto::data_packet::Kind;
        let kind = if data.reliable {
            Kind::Reliable
        } else {
            Kind::Lossy
        };
        let request = proto::SendDataRequest {
            room: room.to_owned(),
            data: data.payload,
            kind: kind.into(),
            destination_identities: data.to,
            topic: data.topic,
            nonce: rand::random::<[u8; 16]>().to_vec(),
            ..Default::default()
        };
        let _: proto::SendDataResponse = self.call("SendData", admin(room), &request).await?;
        Ok(())
    }

    async fn call<A: Message + Default>(
        &self,
        method: &str,
        grant: VideoGrant<'_>,
        request: &impl Message,
    ) -> Answer<A> {
        let token = JoinToken {
            grant,
            ..JoinToken::new("", IDENTITY, TOKEN_TTL)
        };
        let signer = self.signer.get();
        let signer = Option::as_ref(&signer).ok_or(SfuError::NoKeys)?;
        let minted = signer
            .mint(&token, self.clock.unix())
            .map_err(|e| SfuError::Refused(e.to_string()))?;
        let token = SecretString::from(minted.token);
        let method = format!("livekit.RoomService/{method}");
        self.twirp.call(&method, &token, request).await
    }
}

/// May make and end rooms.
fn rooms() -> VideoGrant<'static> {
    VideoGrant {
        room_create: true,
        ..VideoGrant::default()
    }
}

/// May do everything in one room.
fn admin(room: &str) -> VideoGrant<'_> {
    VideoGrant {
        room: Some(room),
        room_admin: true,
        ..VideoGrant::default()
    }
}

fn who(room: &str, identity: &str) -> proto::RoomParticipantIdentity {
    proto::RoomParticipantIdentity {
        room: room.to_owned(),
        identity: identity.to_owned(),
        ..Default::default()
    }
}

/// Whether there was something to do it to.
fn found<A>(answer: Answer<A>) -> Answer<bool> {
    match answer {
        Ok(_) => Ok(true),
        Err(SfuError::NotFound(_)) => Ok(false),
        Err(e) => Err(e),
    }
}
