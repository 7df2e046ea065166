//! A track that somebody sends, in one layer or in several.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use str0m::media::Rid;
use str0m::rtp::Ssrc;

use super::Link;
use super::holes::Holes;
use crate::sfu::rooms::{Encoding, Who};

/// A layer without packets for so long is not there.
const ALIVE: Duration = Duration::from_secs(1);
/// A picture of its own is asked for this often at most: making one is dear.
const KEY_PAUSE: Duration = Duration::from_millis(400);

/// A track.
pub struct Track {
    /// Where it comes from.
    pub link: Link,
    /// Whose it is, as others see it in their SDP.
    pub of: String,
    pub is_audio: bool,
    pub is_muted: bool,
    pub encoding: Encoding,
    /// Who gets it.
    pub subscribers: BTreeSet<Link>,
    layers: [Layer; 3],
    ssrcs: HashMap<Ssrc, u8>,
    /// How loud it was since this was last asked: sum and number of packets.
    loudness: (f32, u16),
}

#[derive(Default)]
struct Layer {
    ssrc: Option<Ssrc>,
    last: Option<Instant>,
    asked: Option<Instant>,
    /// Bytes since `since`, and the rate before that.
    bytes: u64,
    since: Option<Instant>,
    rate: u64,
    holes: Holes,
}

impl Track {
    pub fn new(link: Link, of: String, is_audio: bool) -> Self {
        Self {
            link,
            of,
            is_audio,
            is_muted: false,
            encoding: Encoding::default(),
            subscribers: BTreeSet::new(),
            layers: Default::default(),
            ssrcs: HashMap::new(),
            loudness: (0.0, 0),
        }
    }

    pub fn owner(&self) -> Who {
        self.link.who
    }

    /// Which layer an encoding is of, if that is known.
    pub fn layer_of(&self, ssrc: Ssrc) -> Option<u8> {
        self.ssrcs.get(&ssrc).copied()
    }

    /// From now on it is known. An encoding that begins anew has another number.
    pub fn learn(&mut self, ssrc: Ssrc, rid: Option<Rid>) -> u8 {
        let layer: u8 = match rid.as_deref() {
            Some("h") => 1,
            Some("f") => 2,
            _ => 0,
        };
        self.ssrcs.retain(|_, of| *of != layer);
        self.ssrcs.insert(ssrc, layer);
        let begun = &mut self.layers[usize::from(layer)];
        (begun.ssrc, begun.holes) = (Some(ssrc), Holes::default());
        layer
    }

    /// A packet has come.
    pub fn note(&mut self, layer: u8, seq: u64, bytes: usize, now: Instant) {
        let layer = &mut self.layers[usize::from(layer)];
        layer.holes.fill(seq, now);
        if bytes == 0 {
            return;
        }
        layer.last = Some(now);
        layer.bytes += bytes as u64;
        let since = *layer.since.get_or_insert(now);
        let passed = now.saturating_duration_since(since);
        if passed >= Duration::from_secs(1) {
            let millis = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX);
            layer.rate = layer.bytes * 8_000 / millis;
            (layer.bytes, layer.since) = (0, Some(now));
        }
    }

    /// Bits a second of the layers that are there now.
    pub fn rates(&self, now: Instant) -> [Option<u64>; 3] {
        let rate = |layer: &Layer| {
            let is_there = layer.last.is_some_and(|last| now < last + ALIVE);
            is_there.then_some(layer.rate)
        };
        self.layers.each_ref().map(rate)
    }

    /// The layers that have just lost something for good.
    pub fn broken(&mut self, now: Instant) -> [bool; 3] {
        self.layers
            .each_mut()
            .map(|layer| layer.holes.take_lost(now))
    }

    /// The encoding to be asked for a picture that stands alone, unless that was done just now.
    pub fn key_to_ask(&mut self, layer: u8, now: Instant) -> Option<Ssrc> {
        let layer = &mut self.layers[usize::from(layer)];
        let ssrc = layer.ssrc?;
        if layer.asked.is_some_and(|asked| now < asked + KEY_PAUSE) {
            return None;
        }
        layer.asked = Some(now);
        Some(ssrc)
    }

    /// Notes how loud a packet is, in decibels below the loudest.
    pub fn hear(&mut self, level: i8) {
        let linear = 10f32.powf(f32::from(level.min(0)) / 20.0);
        self.loudness.0 += linear;
        self.loudness.1 = self.loudness.1.saturating_add(1);
    }

    /// How loud it was since this was last asked, from 0 to 1.
    pub fn take_loudness(&mut self) -> f32 {
        let (sum, packets) = std::mem::take(&mut self.loudness);
        if packets == 0 {
            0.0
        } else {
            sum / f32::from(packets)
        }
    }
}
