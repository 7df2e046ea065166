//! What the pages told, over time.

use std::collections::BTreeMap;

use serde::Serialize;

use super::statistics::{Spread, percent, tenths};
use super::told::{Received, Told};

/// More latencies of one pair are not kept: an hour of 25 a second.
const MOST_LATENCIES: usize = 90_000;

/// How joining went: milliseconds, or why not.
pub type Joined = Result<f64, String>;

/// All that is known of a call.
#[derive(Debug, Default)]
pub struct Record {
    /// When all had tried to join, in milliseconds of this machine's clock.
    pub started: f64,
    /// How joining went, by identity.
    pub joined: BTreeMap<String, Joined>,
    /// When somebody first began to join.
    pub began: BTreeMap<String, f64>,
    /// What each page told last.
    pub told: BTreeMap<String, Told>,
    /// What each viewer got of each sender, by sender and viewer.
    pub views: BTreeMap<(String, String), View>,
}

/// What a viewer got of a sender.
#[derive(Debug, Default)]
pub struct View {
    /// One for each time that the viewer's page told something.
    pub samples: Vec<Sample>,
    /// How old pictures were when they were shown.
    pub latencies: Vec<f64>,
    /// Totals of the picture.
    pub video: Totals,
    /// Totals of the sound.
    pub audio: Totals,
    /// Frames that were decoded.
    pub decoded: f64,
    /// How often the picture stood still.
    pub freezes: f64,
    /// How long it did.
    pub frozen_ms: f64,
    /// When the first picture was read, and when the viewer had begun to join then.
    pub first: Option<(f64, f64)>,
    /// The longest time between two pictures, on whichever page of the viewer.
    pub gap_ms: f64,
    /// What has come since the last picture.
    pub waiting: Waiting,
    /// How often each tone was heard.
    pub tones: BTreeMap<u32, u32>,
    /// When a tone was heard last, and which.
    pub last_tone: Option<(f64, u32)>,
    before: Option<(f64, Received)>,
}

/// What comes and does not become a picture.
#[derive(Clone, Copy, Debug, Default)]
pub struct Waiting {
    /// When a picture was decoded last, as far as the viewer's page has told.
    pub decoded_at: f64,
    /// When packets came last.
    pub packets_at: f64,
    /// How often a keyframe was asked for since a picture was decoded.
    pub plis: f64,
}

/// Totals of a stream while it was watched.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    /// Packets that came.
    pub packets: f64,
    /// Packets that did not.
    pub lost: f64,
    /// Bytes that came.
    pub bytes: f64,
    /// For how long.
    pub span_ms: f64,
}

/// A short time of a pair.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Sample {
    /// Seconds since all had joined.
    pub at: f64,
    /// Frames a second.
    pub fps: f64,
    /// Kilobits a second, picture and sound.
    pub kbps: f64,
    /// The middle latency, where pictures came.
    pub latency_ms: Option<f64>,
    /// Packets of a hundred that did not come.
    pub loss: f64,
    /// Whether a tone was heard.
    pub hears: bool,
}

impl Record {
    /// Takes in what `viewer`'s page tells.
    pub fn hear(&mut self, viewer: &str, mut told: Told) {
        self.began.entry(viewer.to_owned()).or_insert(told.began);
        for (sender, received) in &mut told.others {
            let key = (sender.clone(), viewer.to_owned());
            let view = self.views.entry(key).or_default();
            view.hear(told.at, (told.at - self.started) / 1000.0, received);
            view.look(told.began, received);
        }
        self.told.insert(viewer.to_owned(), told);
    }

    /// How many views there are, in how many the picture moves and the tone is heard, and how late pictures are.
    pub fn now(&self) -> Now {
        let last = || self.views.values().filter_map(|view| view.samples.last());
        let latencies: Vec<f64> = last().filter_map(|sample| sample.latency_ms).collect();
        Now {
            moving: last().filter(|sample| sample.fps > 0.0).count(),
            sounding: last().filter(|sample| sample.hears).count(),
            latency_ms: Spread::of(&latencies).map(|spread| spread.p50),
        }
    }
}

/// What is well at the moment.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Views with a picture that moves.
    pub moving: usize,
    /// Views with a tone.
    pub sounding: usize,
    /// The middle latency of all.
    pub latency_ms: Option<f64>,
}

impl View {
    fn hear(&mut self, at: f64, seconds: f64, received: &mut Received) {
        let latencies = received
            .camera
            .as_mut()
            .map(|c| std::mem::take(&mut c.latencies));
        let latencies = latencies.unwrap_or_default();
        let mut sample = Sample {
            at: tenths(seconds),
            latency_ms: Spread::of(&latencies).map(|spread| tenths(spread.p50)),
            ..Sample::default()
        };
        if let Some(hertz) = received.microphone.as_ref().and_then(|m| m.hertz) {
            sample.hears = true;
            *self.tones.entry(hertz).or_default() += 1;
            self.last_tone = Some((at, hertz));
        }
        let before = self.before.take();
        self.waiting
            .hear(at, before.as_ref().map(|(_, b)| b), received);
        if let Some((then, before)) = before {
            self.compare(at - then, &before, received, &mut sample);
        }
        let room = MOST_LATENCIES.saturating_sub(self.latencies.len());
        self.latencies.extend(latencies.into_iter().take(room));
        self.samples.push(sample);
        self.before = Some((at, received.clone()));
    }

    /// Keeps what a page forgets when its viewer leaves and comes back.
    fn look(&mut self, began: f64, received: &Received) {
        let Some(camera) = &received.camera else {
            return;
        };
        self.first = self.first.or(camera.first_at.map(|at| (at, began)));
        self.gap_ms = self.gap_ms.max(camera.gap_ms);
    }

    fn compare(&mut self, span: f64, before: &Received, now: &Received, sample: &mut Sample) {
        if span <= 0.0 {
            return;
        }
        let (mut bytes, mut packets, mut lost) = (0.0, 0.0, 0.0);
        if let Some(camera) = &now.camera {
            let old = before.camera.clone().unwrap_or_default();
            let grown = self.video.grow(span, &old.stream, &camera.stream);
            (bytes, packets, lost) = grown;
            let decoded = growth(old.decoded, camera.decoded);
            self.decoded += decoded;
            self.freezes += growth(old.freezes, camera.freezes);
            self.frozen_ms += growth(old.frozen_ms, camera.frozen_ms);
            sample.fps = tenths(decoded * 1000.0 / span);
        }
        if let Some(microphone) = &now.microphone {
            let old = before.microphone.clone().unwrap_or_default();
            let grown = self.audio.grow(span, &old.stream, &microphone.stream);
            bytes += grown.0;
            packets += grown.1;
            lost += grown.2;
        }
        sample.kbps = tenths(bytes * 8.0 / span);
        sample.loss = tenths(percent(lost, packets + lost));
    }
}

impl Waiting {
    fn hear(&mut self, at: f64, before: Option<&Received>, now: &Received) {
        let Some(camera) = &now.camera else { return };
        let old = before.and_then(|before| before.camera.clone());
        let old = old.unwrap_or_default();
        if growth(old.stream.packets, camera.stream.packets) > 0.0 {
            self.packets_at = at;
        }
        self.plis += growth(old.plis, camera.plis);
        if growth(old.decoded, camera.decoded) > 0.0 {
            self.decoded_at = at;
            self.plis = 0.0;
        }
    }
}

impl Totals {
    fn grow(
        &mut self,
        span: f64,
        old: &super::told::Stream,
        now: &super::told::Stream,
    ) -> (f64, f64, f64) {
        let bytes = growth(old.bytes, now.bytes);
        let packets = growth(old.packets, now.packets);
        let lost = growth(old.lost, now.lost);
        self.span_ms += span;
        self.bytes += bytes;
        self.packets += packets;
        self.lost += lost;
        (bytes, packets, lost)
    }

    /// Kilobits a second.
    pub fn kbps(&self) -> f64 {
        if self.span_ms > 0.0 {
            tenths(self.bytes * 8.0 / self.span_ms)
        } else {
            0.0
        }
    }

    /// Packets of a hundred that did not come.
    pub fn loss(&self) -> f64 {
        tenths(percent(self.lost, self.packets + self.lost))
    }
}

/// How much a counter has grown; one that fell began anew, with a new connection.
fn growth(before: f64, now: f64) -> f64 {
    if now >= before { now - before } else { now }.max(0.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(at: f64, decoded: u32, bytes: u32, lost: i32) -> Told {
        serde_json::from_value(json!({
            "at": at, "began": 500.0, "state": "connected", "events": [],
            "may": {"subscribe": true, "camera": true, "microphone": true},
            "connections": [], "own": {},
            "others": {"ada": {
                "camera": {
                    "muted": false, "subscribed": true, "packets": decoded, "lost": lost, "bytes": bytes,
                    "jitter_ms": 1.0, "codec": "VP8", "decoded": decoded, "keyframes": 1, "freezes": 0,
                    "frozen_ms": 0, "width": 640, "height": 360, "read": {"1": decoded}, "unread": 0,
                    "first_at": 900.0, "last_at": at, "gap_ms": 50.0, "latencies": [40.0, 60.0, 50.0],
                },
                "microphone": null,
            }},
        }))
        .unwrap()
    }

    #[test]
    fn a_counter_that_begins_anew_counts_on() {
        let mut record = Record {
            started: 1000.0,
            ..Record::default()
        };
        record.hear("bela", told(1000.0, 100, 10_000, 0));
        record.hear("bela", told(1500.0, 110, 20_000, 10));
        record.hear("bela", told(2000.0, 5, 5_000, 0));
        let view = &record.views[&("ada".to_owned(), "bela".to_owned())];
        assert!((view.decoded - 15.0).abs() < 1e-9);
        assert!((view.video.kbps() - 120.0).abs() < 1e-9);
        assert!((view.video.loss() - 40.0).abs() < 1e-9);
        assert_eq!(view.latencies.len(), 9);
        let sample = view.samples[1];
        assert!((sample.at - 0.5).abs() < 1e-9 && (sample.fps - 20.0).abs() < 1e-9);
        assert_eq!(sample.latency_ms, Some(50.0));
        assert_eq!(record.now().moving, 1);
        assert_eq!(record.now().sounding, 0);
    }

    #[test]
    fn a_viewer_who_comes_back_has_seen_the_first_picture_already_and_its_gap_before() {
        let mut record = Record::default();
        record.hear("bela", told(1500.0, 10, 1000, 0));
        let mut back = told(13_500.0, 10, 1000, 0);
        back.began = 12_000.0;
        let camera = back.others.get_mut("ada").unwrap().camera.as_mut().unwrap();
        (camera.first_at, camera.gap_ms) = (Some(12_563.0), 20.0);
        record.hear("bela", back);
        let view = &record.views[&("ada".to_owned(), "bela".to_owned())];
        assert_eq!(view.first, Some((900.0, 500.0)));
        assert!((view.gap_ms - 50.0).abs() < 1e-9);

        let camera = record.told["bela"].others["ada"].camera.as_ref().unwrap();
        let sight = |began| crate::lab::measure::Sight::of(camera, view, began, 13_500.0);
        assert_eq!(sight(0.0).first_frame_ms, Some(400.0));
        assert_eq!(sight(800.0).first_frame_ms, Some(100.0));
    }
}
