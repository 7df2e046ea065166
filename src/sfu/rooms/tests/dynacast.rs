//! What publishers hear of those who have their tracks.

use super::*;

/// Anna sends a picture in three layers.
struct Call {
    scene: Scene,
    anna: Who,
    sid: TrackSid,
}

impl Call {
    fn new() -> Self {
        let mut scene = Scene::new(RoomDefaults::default());
        let anna = scene.in_room("anna");
        let layer = |quality: i32| proto::VideoLayer {
            quality,
            width: 100 << quality,
            height: 100,
            ..Default::default()
        };
        let mut request = track(TrackSource::Camera);
        request.layers = vec![layer(0), layer(1), layer(2)];
        let effects = scene.asks(anna, Asked::AddTrack(request));
        let sid = announced(&effects).unwrap();
        scene.effects.clear();
        scene.world.track_sent(anna, &sid, "", &mut scene.effects);
        Self { scene, anna, sid }
    }

    fn comes(&mut self) {
        let effects = &mut self.scene.effects;
        self.scene.world.track_comes(self.anna, &self.sid, effects);
    }

    fn wants(&mut self, who: Who, quality: i32, disabled: bool) {
        let settings = proto::UpdateTrackSettings {
            track_sids: vec![self.sid.clone()],
            quality,
            disabled,
            ..Default::default()
        };
        self.scene.asks(who, Asked::TrackSetting(settings));
    }

    /// What anna has been told since this was asked last: so many layers are wanted.
    fn told(&mut self) -> Vec<usize> {
        let told = told(&self.scene.effects, self.anna);
        self.scene.effects.clear();
        let layers = told.iter().filter_map(|message| match message {
            Message::SubscribedQualityUpdate(update) => {
                let codec = update.subscribed_codecs.first()?;
                Some(codec.qualities.iter().filter(|q| q.enabled).count())
            }
            _ => None,
        });
        layers.collect()
    }

    /// The same once it is so late, in milliseconds.
    fn told_after(&mut self, late: Millis) -> Vec<usize> {
        self.scene.world.tick(NOW + late, &mut self.scene.effects);
        self.told()
    }

    fn leaves(&mut self, who: Who) {
        let why = DisconnectReason::ClientInitiated;
        let effects = &mut self.scene.effects;
        self.scene.world.leave(who, why, NOW, effects);
    }
}

#[test]
fn what_somebody_wants_is_told_at_once_and_what_nobody_wants_after_a_while() {
    let mut call = Call::new();
    let bert = call.scene.in_room("bert");
    // Its client knows the track only when it has our answer.
    assert_eq!(call.told(), [0; 0]);
    call.comes();
    assert_eq!(call.told(), [3]);
    call.wants(bert, 0, false);
    assert_eq!(call.told(), [0; 0]);
    assert_eq!(call.told_after(1_000), [0; 0]);
    assert_eq!(call.told_after(5_999), [0; 0]);
    assert_eq!(call.told_after(6_000), [1]);
    assert_eq!(call.told_after(20_000), [0; 0]);
    call.wants(bert, 2, false);
    assert_eq!(call.told(), [3]);
    call.wants(bert, 2, true);
    assert_eq!(call.told_after(30_000), [0; 0]);
    assert_eq!(call.told_after(35_000), [0]);
}

#[test]
fn who_looks_away_for_a_moment_costs_no_encoder_its_work() {
    let mut call = Call::new();
    let bert = call.scene.in_room("bert");
    call.comes();
    call.told();
    call.wants(bert, 2, true);
    assert_eq!(call.told_after(0), [0; 0]);
    call.wants(bert, 2, false);
    assert_eq!(call.told_after(5_000), [0; 0]);
    // Looking away again counts anew; some of it wanted again meanwhile does not.
    call.wants(bert, 2, true);
    assert_eq!(call.told_after(6_000), [0; 0]);
    call.wants(bert, 0, false);
    assert_eq!(call.told_after(10_999), [0; 0]);
    assert_eq!(call.told_after(11_000), [1]);
}

#[test]
fn when_the_last_one_leaves_nothing_is_wanted_unless_they_come_back_soon() {
    let mut call = Call::new();
    let (bert, dora) = (call.scene.in_room("bert"), call.scene.in_room("dora"));
    call.comes();
    call.told();
    call.wants(dora, 0, false);
    call.leaves(bert);
    call.told_after(0);
    assert_eq!(call.told_after(5_000), [1]);
    call.leaves(dora);
    call.told_after(6_000);
    let dora = call.scene.in_room("dora");
    assert_eq!(call.told_after(10_000), [3]);
    call.leaves(dora);
    call.told_after(11_000);
    assert_eq!(call.told_after(16_000), [0]);
}

#[test]
fn a_picture_that_nobody_has_is_sent_for_a_while_only() {
    let mut call = Call::new();
    call.comes();
    assert_eq!(call.told_after(0), [0; 0]);
    assert_eq!(call.told_after(4_999), [0; 0]);
    assert_eq!(call.told_after(5_000), [0]);
    call.scene.in_room("bert");
    assert_eq!(call.told(), [3]);
}
