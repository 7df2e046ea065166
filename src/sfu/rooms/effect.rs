//! What is to be done.

use livekit_protocol as proto;
use livekit_protocol::signal_response::Message;

use super::parting::Parting;
use super::{TrackSid, Who};

/// Something to be done, by the floor above or the one below.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Say this to them.
    Tell(Who, Message),
    /// Say this to all of them.
    TellAll(Vec<Who>, Message),
    /// Give them a new token: the old one ends, or says what is not so any more.
    Renew(Who, Box<proto::ParticipantInfo>),
    /// They are no more in a room: end what connects them.
    Part(Who, Box<Parting>),
    /// Take media of theirs for this track.
    Publish(Who, ToPublish),
    /// Take no more media for this track.
    Unpublish(TrackSid),
    /// Nothing of the track is to be passed on for now, or it is again.
    Mute(TrackSid, bool),
    /// Pass the track on to them.
    Subscribe(Who, TrackSid),
    /// Pass it on no more.
    Unsubscribe(Who, TrackSid),
    /// How they want it.
    Want(Who, TrackSid, Wanted),
    /// Send this to them; from whom it is waits for those who are slow.
    Send(Option<Who>, Vec<Who>, Reliability, Box<proto::DataPacket>),
    /// Tell those who listen to webhooks.
    Report(Box<proto::WebhookEvent>),
}

/// A track that somebody is about to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToPublish {
    /// Its id.
    pub sid: TrackSid,
    /// What the client calls it in its SDP: any of these.
    pub cids: Vec<String>,
    /// Whose it is, as others see it in their SDP.
    pub of: String,
    /// Whether it is sound.
    pub is_audio: bool,
    /// How it is to be encoded.
    pub encoding: Encoding,
}

/// How the client wants to encode a track; SDP has to say so too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoding {
    /// The codec of pictures, such as `vp9`; empty: any.
    pub codec: String,
    /// Whether sound has two channels.
    pub stereo: bool,
    /// Whether silence is not sent.
    pub dtx: bool,
}

/// How a subscriber wants a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Whether at all.
    pub enabled: bool,
    /// Not better than this: 0 low, 1 medium, 2 high.
    pub quality: u8,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            enabled: true,
            quality: 2,
        }
    }
}

/// Whether data must arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reliability {
    /// It must, in order.
    Reliable,
    /// It may be lost.
    Lossy,
}
