//! One stream out of several: what a subscriber gets is continuous, whichever layer it comes from.

use std::time::Instant;

/// A packet as it came.
#[derive(Clone, Copy, Debug)]
pub struct Incoming {
    /// Which layer it is of.
    pub layer: u8,
    /// The encoding of that layer: one that begins anew has another number.
    pub source: u32,
    /// Its number in that layer.
    pub seq: u64,
    /// Its time, in ticks.
    pub time: u32,
    /// When it came.
    pub at: Instant,
    /// Whether decoding can begin with it.
    pub is_key: bool,
    /// VP8's own numbers of pictures.
    pub picture: Picture,
}

/// VP8's own numbers: of the picture, and of the last one of the base layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    pub id: Option<u16>,
    pub base: Option<u8>,
}

/// The same as it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing {
    pub seq: u64,
    pub time: u32,
    pub picture: Picture,
}

/// Numbers of pictures have 15 bits.
const PICTURES: u16 = 0x7fff;

/// The number that a stream begins with. It must be below 2^16: what is above is counted by both sides alone, each
/// for itself.
const FIRST: u64 = 1_000;

/// Continues one stream with packets of several.
#[derive(Debug)]
pub struct Forwarder {
    /// Ticks a second.
    clock: u32,
    layer: Option<u8>,
    source: u32,
    /// Where the layer began: what is older is of no use.
    begin: u64,
    seq: u64,
    time: u32,
    id: u16,
    base: u8,
    last: Option<(Outgoing, Instant)>,
}

impl Forwarder {
    /// Nothing has gone out yet.
    pub fn new(clock: u32) -> Self {
        Self {
            clock,
            layer: None,
            source: 0,
            begin: 0,
            seq: 0,
            time: 0,
            id: 0,
            base: 0,
            last: None,
        }
    }

    /// The layer that goes out.
    pub fn layer(&self) -> Option<u8> {
        self.layer
    }

    /// What goes out for a packet when `target` is the layer to be had; nothing, if it is of another one. A change
    /// waits for a packet that decoding can begin with; until then a lower layer is better than none.
    pub fn pass(&mut self, target: Option<u8>, packet: &Incoming) -> Option<Outgoing> {
        let Some(target) = target else {
            self.layer = None;
            return None;
        };
        if self.layer == Some(packet.layer) && self.source != packet.source {
            // Its numbers and times are others.
            self.layer = None;
        }
        if packet.is_key && self.is_begun_by(packet.layer, target) {
            self.begin_with(packet);
        }
        if self.layer != Some(packet.layer) || packet.seq < self.begin {
            return None;
        }
        let out = Outgoing {
            seq: packet.seq.wrapping_add(self.seq),
            time: packet.time.wrapping_add(self.time),
            picture: Picture {
                id: packet
                    .picture
                    .id
                    .map(|id| id.wrapping_add(self.id) & PICTURES),
                base: packet.picture.base.map(|base| base.wrapping_add(self.base)),
            },
        };
        if self.last.is_none_or(|(last, _)| out.seq > last.seq) {
            self.last = Some((out, packet.at));
        }
        Some(out)
    }

    fn is_begun_by(&self, layer: u8, target: u8) -> bool {
        match self.layer {
            Some(now) => layer == target && now != target,
            None => layer <= target,
        }
    }

    fn begin_with(&mut self, packet: &Incoming) {
        (self.layer, self.source) = (Some(packet.layer), packet.source);
        self.begin = packet.seq;
        let Some((last, at)) = self.last else {
            self.seq = FIRST.wrapping_sub(packet.seq);
            return;
        };
        let passed = packet.at.saturating_duration_since(at).as_millis();
        let ticks = u64::from(self.clock) * u64::try_from(passed).unwrap_or(0) / 1_000;
        let ticks = u32::try_from(ticks).unwrap_or(u32::MAX).max(1);
        self.seq = last.seq.wrapping_add(1).wrapping_sub(packet.seq);
        self.time = last.time.wrapping_add(ticks).wrapping_sub(packet.time);
        if let (Some(last), Some(id)) = (last.picture.id, packet.picture.id) {
            self.id = last.wrapping_add(1).wrapping_sub(id) & PICTURES;
        }
        if let (Some(last), Some(base)) = (last.picture.base, packet.picture.base) {
            self.base = last.wrapping_add(1).wrapping_sub(base);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn packet(layer: u8, seq: u64, time: u32, is_key: bool) -> Incoming {
        Incoming {
            layer,
            source: 7,
            seq,
            time,
            at: Instant::now(),
            is_key,
            picture: Picture {
                id: u16::try_from(seq & u64::from(PICTURES)).ok(),
                base: Some(9),
            },
        }
    }

    #[test]
    fn nothing_goes_out_before_a_picture_that_stands_alone() {
        let mut forwarder = Forwarder::new(90_000);
        assert_eq!(forwarder.pass(Some(0), &packet(0, 5, 100, false)), None);
        let out = forwarder.pass(Some(0), &packet(0, 6, 200, true)).unwrap();
        assert_eq!((out.seq, out.time), (FIRST, 200));
        // What was sent before it comes too late.
        assert_eq!(forwarder.pass(Some(0), &packet(0, 5, 100, false)), None);
    }

    #[test]
    fn a_lower_layer_is_taken_until_the_right_one_begins() {
        let mut forwarder = Forwarder::new(90_000);
        assert_eq!(forwarder.pass(Some(1), &packet(2, 5, 100, true)), None);
        assert!(forwarder.pass(Some(1), &packet(0, 6, 200, true)).is_some());
        assert!(forwarder.pass(Some(1), &packet(0, 7, 300, false)).is_some());
        assert!(forwarder.pass(Some(1), &packet(1, 9, 400, true)).is_some());
        // It is not gone back to.
        assert_eq!(forwarder.pass(Some(1), &packet(0, 8, 500, true)), None);
    }

    #[test]
    fn another_layer_continues_where_the_first_ended() {
        let mut forwarder = Forwarder::new(90_000);
        let start = Instant::now();
        let at = |after, mut packet: Incoming| {
            packet.at = start + Duration::from_millis(after);
            packet
        };
        let _ = forwarder.pass(Some(0), &at(0, packet(0, 10, 1_000, true)));
        let low = forwarder
            .pass(Some(2), &at(10, packet(0, 11, 1_900, false)))
            .unwrap();
        assert_eq!(
            forwarder.pass(Some(2), &at(20, packet(2, 700, 50, false))),
            None
        );
        let high = forwarder
            .pass(Some(2), &at(30, packet(2, 701, 60, true)))
            .unwrap();
        assert_eq!(high.seq, low.seq + 1);
        assert_eq!(high.time, low.time + 90 * 20);
        assert_eq!(high.picture.id, low.picture.id.map(|id| id + 1));
        assert_eq!(high.picture.base, Some(10));
        // The layer before is over, and what goes on goes on.
        assert_eq!(
            forwarder.pass(Some(2), &at(31, packet(0, 12, 2_800, true))),
            None
        );
        let next = forwarder
            .pass(Some(2), &at(40, packet(2, 703, 960, false)))
            .unwrap();
        assert_eq!((next.seq, next.time), (high.seq + 2, high.time + 900));
    }

    #[test]
    fn a_pause_leaves_no_gap() {
        let mut forwarder = Forwarder::new(90_000);
        let first = forwarder
            .pass(Some(1), &packet(1, 65_000, u32::MAX, true))
            .unwrap();
        assert_eq!(forwarder.pass(None, &packet(1, 65_001, 5, false)), None);
        assert_eq!(forwarder.layer(), None);
        assert_eq!(forwarder.pass(Some(1), &packet(1, 65_900, 10, false)), None);
        let again = forwarder
            .pass(Some(1), &packet(1, 65_901, 20, true))
            .unwrap();
        assert_eq!(again.seq, first.seq + 1);
    }

    #[test]
    fn an_encoding_that_begins_anew_goes_on_wherever_its_numbers_begin() {
        let mut forwarder = Forwarder::new(90_000);
        let first = forwarder
            .pass(Some(0), &packet(0, 40_000, 100, true))
            .unwrap();
        for (source, seq) in [(8, 700), (9, 60_000)] {
            let anew = |seq, is_key| Incoming {
                source,
                ..packet(0, seq, 5, is_key)
            };
            assert_eq!(forwarder.pass(Some(0), &anew(seq - 1, false)), None);
            // So that a picture that stands alone is asked for.
            assert_eq!(forwarder.layer(), None);
            assert!(forwarder.pass(Some(0), &anew(seq, true)).is_some());
            assert!(forwarder.pass(Some(0), &anew(seq + 1, false)).is_some());
        }
        let last = forwarder.last.unwrap().0;
        assert_eq!(last.seq, first.seq + 4);
    }
}
