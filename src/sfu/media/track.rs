//! A track that somebody sends, in one layer or in several.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use str0m::media::Rid;
use str0m::rtp::Ssrc;

use super::Link;
use super::forwarder::Incoming;
use super::holes::Holes;
use crate::sfu::rooms::{Encoding, Who};

/// A layer without packets for so long is not there.
const ALIVE: Duration = Duration::from_secs(1);
/// What a layer takes is measured for so long: less, and one picture that stands alone would be most of it.
const MEASURED: Duration = Duration::from_secs(1);
/// Bits a second of low, medium and high, before they are measured: what browsers make of a camera.
const USUAL: [u64; 3] = [150_000, 500_000, 1_700_000];
/// A keyframe is asked for this often at most: making one is dear.
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
    /// When a keyframe was asked for.
    asked: Option<Instant>,
    /// Bytes since `since`, and the rate that was measured before that.
    bytes: u64,
    since: Option<Instant>,
    rate: Option<u64>,
    holes: Holes,
}

impl Layer {
    fn is_there(&self, now: Instant) -> bool {
        self.last.is_some_and(|last| now < last + ALIVE)
    }
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
        begun.asked = None;
        layer
    }

    /// A packet has come; whether its layer begins with it, at first or after a pause.
    pub fn note(&mut self, packet: &Incoming, bytes: usize, now: Instant) -> bool {
        let layer = &mut self.layers[usize::from(packet.layer)];
        layer.holes.fill(packet.seq, now);
        if bytes == 0 {
            return false;
        }
        let begins = !layer.is_there(now);
        if begins {
            // What it took before a pause says more than a mean with the pause in it.
            (layer.bytes, layer.since) = (0, None);
        }
        layer.last = Some(now);
        layer.bytes += bytes as u64;
        let since = *layer.since.get_or_insert(now);
        let passed = now.saturating_duration_since(since);
        if passed >= MEASURED {
            let millis = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX);
            layer.rate = Some(layer.bytes * 8_000 / millis);
            (layer.bytes, layer.since) = (0, Some(now));
        }
        begins
    }

    /// Bits a second of the layers that are there now.
    pub fn rates(&self, now: Instant) -> [Option<u64>; 3] {
        std::array::from_fn(|at| {
            let layer = &self.layers[at];
            let rate = layer.rate.unwrap_or(USUAL[at]);
            layer.is_there(now).then_some(rate)
        })
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

#[cfg(test)]
mod tests {
    use super::super::Role;
    use super::super::allocation::{Ask, choose};
    use super::super::forwarder::Picture;
    use super::*;

    /// Bits a second of a camera's layers.
    const RATES: [u64; 3] = [120_000, 400_000, 1_600_000];
    /// What a narrow line carries.
    const BUDGET: u64 = 1_000_000;

    fn track() -> Track {
        let link = Link {
            who: Who(1),
            role: Role::Publisher,
        };
        let mut track = Track::new(link, "anna".into(), false);
        for (ssrc, rid) in [(1, "q"), (2, "h"), (3, "f")] {
            track.learn(Ssrc::from(ssrc), Some(rid.into()));
        }
        track
    }

    fn packet(layer: u8) -> Incoming {
        Incoming {
            layer,
            source: u32::from(layer) + 1,
            seq: 0,
            time: 0,
            at: Instant::now(),
            is_key: false,
            picture: Picture::default(),
        }
    }

    #[test]
    fn a_layer_begins_with_its_first_packet_that_says_something_and_after_a_pause() {
        let mut track = track();
        let start = Instant::now();
        let notes = [
            (0, 0, false),
            (1, 900, true),
            (2, 900, false),
            (1_001, 900, false),
            (2_002, 900, true),
        ];
        for (millis, bytes, begins) in notes {
            let now = start + Duration::from_millis(millis);
            assert_eq!(track.note(&packet(1), bytes, now), begins, "{millis}");
        }
    }

    #[test]
    fn a_keyframe_is_asked_for_from_time_to_time_and_of_an_encoding_that_begins_anew_at_once() {
        let mut track = track();
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let is_asked = |track: &mut Track, millis| track.key_to_ask(2, at(millis)).is_some();
        assert!(is_asked(&mut track, 0));
        assert!(!is_asked(&mut track, 399));
        assert!(is_asked(&mut track, 400));
        assert!(!is_asked(&mut track, 799));
        track.learn(Ssrc::from(9), Some("f".into()));
        assert!(is_asked(&mut track, 799));
    }

    /// A camera sends from one moment to another: what was chosen for somebody on a narrow line meanwhile, and the
    /// rates at the end.
    fn sends(track: &mut Track, from: Instant, until: Instant) -> (BTreeSet<u8>, [Option<u64>; 3]) {
        let mut chosen = BTreeSet::new();
        let picture = Duration::from_millis(20);
        let mut now = from;
        while now < until {
            for (layer, rate) in (0..3).zip(RATES) {
                track.note(&packet(layer), usize::try_from(rate / 8 / 50).unwrap(), now);
            }
            let ask = Ask {
                rates: track.rates(now),
                best: 2,
                now: None,
            };
            chosen.extend(choose(BUDGET, &[ask]).into_iter().flatten());
            now += picture;
        }
        (chosen, track.rates(until))
    }

    #[test]
    fn no_layer_is_free_at_its_begin_or_after_a_pause() {
        let mut track = track();
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        // From the first packet on there is a picture.
        let (chosen, rates) = sends(&mut track, start, at(500));
        assert_eq!((chosen, rates), ([1].into(), USUAL.map(Some)));
        let (chosen, rates) = sends(&mut track, at(500), at(2_500));
        assert_eq!(chosen, [1].into());
        for (measured, sent) in rates.iter().zip(RATES) {
            assert!(measured.unwrap().abs_diff(sent) < sent / 20, "{rates:?}");
        }
        assert_eq!(track.rates(at(62_500)), [None; 3]);
        let again = sends(&mut track, at(62_500), at(63_000));
        assert_eq!(again, ([1].into(), rates));
        let (chosen, _) = sends(&mut track, at(63_000), at(65_000));
        assert_eq!(chosen, [1].into());
    }
}
