//! What was measured of a pair, in figures.

use serde::Serialize;

use super::record::View;
use super::statistics::{Spread, tenths};
use super::told::{Camera, Microphone};

/// The figures of a picture.
#[derive(Clone, Debug, Serialize)]
pub struct Sight {
    /// From when the later of the two began to join until the first picture was seen.
    pub first_frame_ms: Option<f64>,
    /// From painting a picture until it is shown elsewhere.
    pub latency_ms: Option<Spread>,
    /// Frames a second, decoded.
    pub fps: f64,
    /// How often the picture stood still, as WebRTC counts it.
    pub freezes: f64,
    /// How long it did.
    pub frozen_ms: f64,
    /// The longest time between two pictures, and after the last one.
    pub longest_gap_ms: f64,
    /// Its width at the end.
    pub width: u32,
    /// Its height at the end.
    pub height: u32,
    /// The codec.
    pub codec: Option<String>,
    /// Packets of a hundred that did not come.
    pub loss_percent: f64,
    /// How unevenly they came.
    pub jitter_ms: f64,
    /// Kilobits a second.
    pub kbps: f64,
}

/// The figures of a sound.
#[derive(Clone, Debug, Serialize)]
pub struct Sound {
    /// The frequency that was heard last.
    pub hertz: Option<u32>,
    /// The codec.
    pub codec: Option<String>,
    /// Packets of a hundred that did not come.
    pub loss_percent: f64,
    /// How unevenly they came.
    pub jitter_ms: f64,
    /// Kilobits a second.
    pub kbps: f64,
}

impl Sight {
    /// Of what the viewer's page told last, at `end`, and of all that it told. `began`: when the sender first began to join.
    pub fn of(camera: &Camera, view: &View, began: f64, end: f64) -> Self {
        let round = |spread: Spread| Spread {
            p50: tenths(spread.p50),
            p95: tenths(spread.p95),
        };
        Self {
            first_frame_ms: view
                .first
                .map(|(at, joined)| (at - joined.max(began)).max(0.0).round()),
            latency_ms: Spread::of(&view.latencies).map(round),
            fps: if view.video.span_ms > 0.0 {
                tenths(view.decoded * 1000.0 / view.video.span_ms)
            } else {
                0.0
            },
            freezes: view.freezes,
            frozen_ms: view.frozen_ms.round(),
            longest_gap_ms: longest_gap(camera, view, end).round(),
            width: camera.width,
            height: camera.height,
            codec: camera.stream.codec.clone(),
            loss_percent: view.video.loss(),
            jitter_ms: tenths(camera.stream.jitter_ms),
            kbps: view.video.kbps(),
        }
    }
}

/// The longest time between two pictures; one that nothing came after counts until the end.
pub fn longest_gap(camera: &Camera, view: &View, end: f64) -> f64 {
    let open = camera.last_at.map_or(0.0, |last| end - last);
    view.gap_ms.max(camera.gap_ms).max(open)
}

impl Sound {
    /// Of what the listener's page told last, and of all that it told.
    pub fn of(microphone: &Microphone, view: &View) -> Self {
        Self {
            hertz: view.last_tone.map(|(_, hertz)| hertz),
            codec: microphone.stream.codec.clone(),
            loss_percent: view.audio.loss(),
            jitter_ms: tenths(microphone.stream.jitter_ms),
            kbps: view.audio.kbps(),
        }
    }
}
