//! What the page of a participant tells: totals since the beginning, and latencies since the last time.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::scenario::Media;

/// All that one page tells.
#[derive(Clone, Debug, Deserialize)]
pub struct Told {
    /// When, in milliseconds of this machine's clock.
    pub at: f64,
    /// When it began to join.
    pub began: f64,
    /// The state of the connection in livekit-client's words.
    pub state: String,
    /// Breaks of the connection, and their ends.
    pub events: Vec<Event>,
    /// What the SFU says that it may do.
    pub may: May,
    /// Its peer connections.
    pub connections: Vec<Connection>,
    /// What it sends.
    pub own: BTreeMap<Media, Sent>,
    /// What it gets, by identity.
    pub others: BTreeMap<String, Received>,
}

/// Something that happened to the connection.
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    /// livekit-client's name of it.
    pub event: String,
    /// When.
    pub at: f64,
}

/// What the SFU allows.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct May {
    /// To see and hear others.
    pub subscribe: bool,
    /// To publish a camera.
    pub camera: bool,
    /// To publish a microphone.
    pub microphone: bool,
}

/// A peer connection.
#[derive(Clone, Debug, Deserialize)]
pub struct Connection {
    /// WebRTC's word.
    pub state: String,
    /// The SFU's addresses: `udp 192.0.2.1:50000`.
    pub offered: Vec<String>,
    /// The way that media takes.
    pub path: Option<Path>,
}

/// The way that media takes.
#[derive(Clone, Debug, Deserialize, serde::Serialize)]
pub struct Path {
    /// `udp` or `tcp`; of a relay, how it is reached.
    pub protocol: String,
    /// ICE's word for our candidate: `host`, `srflx`, `prflx` or `relay`.
    pub local: String,
    /// The same for the SFU's.
    pub remote: String,
    /// The SFU's address.
    pub address: String,
    /// How long an answer takes.
    pub round_trip_ms: Option<f64>,
}

/// What is sent of one source.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Sent {
    /// Why it is not published.
    pub error: Option<String>,
    /// Whether the SFU has taken it.
    pub published: bool,
    /// Whether it is muted.
    pub muted: bool,
    /// How many packets were sent.
    pub packets: f64,
    /// The codec.
    pub codec: Option<String>,
}

/// What is received of one participant.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Received {
    /// The picture, where one is announced.
    pub camera: Option<Camera>,
    /// The sound, where one is announced.
    pub microphone: Option<Microphone>,
}

/// What every stream has.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Stream {
    /// Whether the SFU says that it is muted.
    pub muted: bool,
    /// Whether the SFU has given it to us.
    pub subscribed: bool,
    /// Packets that came.
    pub packets: f64,
    /// Packets that did not.
    pub lost: f64,
    /// Bytes that came.
    pub bytes: f64,
    /// How unevenly they came.
    pub jitter_ms: f64,
    /// The codec.
    pub codec: Option<String>,
}

/// A picture that is received.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Camera {
    /// Its stream.
    #[serde(flatten)]
    pub stream: Stream,
    /// Frames that the decoder made.
    pub decoded: f64,
    /// Keyframes among them.
    pub keyframes: f64,
    /// How often a keyframe was asked for.
    #[serde(default)]
    pub plis: f64,
    /// How often the picture stood still, as WebRTC counts it.
    pub freezes: f64,
    /// How long it did.
    pub frozen_ms: f64,
    /// Its width now.
    pub width: u32,
    /// Its height now.
    pub height: u32,
    /// Pictures that were read, by the number of who painted them.
    pub read: BTreeMap<u32, f64>,
    /// Pictures that could not be read.
    pub unread: f64,
    /// When the first one was read.
    pub first_at: Option<f64>,
    /// When the last one was.
    pub last_at: Option<f64>,
    /// The longest time between two.
    pub gap_ms: f64,
    /// How old pictures were when they were shown.
    #[serde(default)]
    pub latencies: Vec<f64>,
}

/// A sound that is received.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Microphone {
    /// Its stream.
    #[serde(flatten)]
    pub stream: Stream,
    /// How loud it is.
    pub power: f64,
    /// The tone that stands out, of those that are sent in the call.
    pub hertz: Option<u32>,
}

impl Told {
    /// The way that media takes: the first that is known.
    pub fn path(&self) -> Option<&Path> {
        self.connections.iter().find_map(|c| c.path.as_ref())
    }

    /// Whether a source may be published.
    pub fn may_publish(&self, media: Media) -> bool {
        match media {
            Media::Camera => self.may.camera,
            Media::Microphone => self.may.microphone,
        }
    }
}
