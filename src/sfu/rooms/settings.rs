//! How subscribers want what they get.

use livekit_protocol as proto;
use proto::{TrackInfo, VideoLayer, VideoQuality};

use super::effect::Wanted;
use super::{Effect, Effects, Who, World, limits};

impl World {
    /// Somebody says how they want tracks.
    pub(super) fn settle(
        &mut self,
        who: Who,
        settings: &proto::UpdateTrackSettings,
        effects: &mut Effects,
    ) {
        let Some(room) = self.place(who) else { return };
        let mut changed = Vec::new();
        for sid in settings.track_sids.iter().take(limits::CHOICES) {
            // Of what has ended, or never was, nothing is remembered.
            let Some(track) = room.track(sid) else {
                continue;
            };
            let wanted = Wanted {
                enabled: !settings.disabled,
                quality: quality(track, settings),
            };
            let Some(participant) = room.people.get_mut(&who) else {
                return;
            };
            let is_known = participant.choices.contains_key(sid);
            if !is_known && participant.choices.len() >= limits::CHOICES {
                continue;
            }
            let choice = participant.choices.entry(sid.clone()).or_default();
            if choice.wanted != wanted {
                choice.wanted = wanted;
                if let Some(of) = participant.gets.get(sid) {
                    changed.push((*of, sid.clone()));
                    effects.push(Effect::Want(who, sid.clone(), wanted));
                }
            }
        }
        room.tell_publishers(&changed, effects);
    }
}

/// The smallest layer that fills what it is shown in; without a size, what is asked for.
fn quality(track: &TrackInfo, settings: &proto::UpdateTrackSettings) -> u8 {
    if settings.width == 0 {
        return settings.quality.clamp(0, 2).try_into().unwrap_or(2);
    }
    let layers = track.codecs.first().map_or(&[][..], |codec| &codec.layers);
    let mut layers: Vec<&VideoLayer> = layers.iter().collect();
    layers.sort_by_key(|layer| layer.width.saturating_mul(layer.height));
    let fits =
        |layer: &&&VideoLayer| layer.width >= settings.width && layer.height >= settings.height;
    let best = layers
        .iter()
        .find(fits)
        .map_or(VideoQuality::High, |layer| layer.quality());
    u8::try_from(i32::from(best)).unwrap_or(2).min(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_layer_that_fills_the_picture_is_wanted() {
        let layer = |quality: VideoQuality, width| VideoLayer {
            quality: quality.into(),
            width,
            height: width / 2,
            ..Default::default()
        };
        let codec = proto::SimulcastCodecInfo {
            layers: vec![
                layer(VideoQuality::High, 1280),
                layer(VideoQuality::Low, 320),
                layer(VideoQuality::Medium, 640),
            ],
            ..Default::default()
        };
        let track = TrackInfo {
            codecs: vec![codec],
            ..Default::default()
        };
        let of = |width, asked: VideoQuality| {
            let settings = proto::UpdateTrackSettings {
                width,
                height: width / 2,
                quality: asked.into(),
                ..Default::default()
            };
            quality(&track, &settings)
        };
        let high = VideoQuality::High;
        assert_eq!([of(100, high), of(320, high), of(321, high)], [0, 0, 1]);
        assert_eq!([of(641, high), of(5000, high)], [2, 2]);
        assert_eq!(of(0, VideoQuality::Medium), 1);
    }
}
