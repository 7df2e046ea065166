//! What concerns a room as a whole.

use super::*;

#[test]
fn rooms_end_when_nobody_comes_or_comes_back() {
    let mut scene = Scene::new(RoomDefaults::default());
    let request = proto::CreateRoomRequest {
        name: "empty".into(),
        empty_timeout: 5,
        ..Default::default()
    };
    scene
        .world
        .create_room(&request, NOW, &mut scene.effects)
        .unwrap();
    let anna = scene.in_room("anna");
    let mut ended = |after| {
        let mut effects = Effects::new();
        scene.world.tick(NOW + after, &mut effects);
        reported(&effects).len()
    };
    assert_eq!((ended(4_999), ended(5_000), ended(9_000_000)), (0, 1, 0));
    let mut effects = Effects::new();
    scene
        .world
        .leave(anna, DisconnectReason::ClientInitiated, NOW, &mut effects);
    assert_eq!(reported(&effects), ["participant_left"]);
    effects.clear();
    scene.world.tick(NOW + 19_999, &mut effects);
    assert_eq!(reported(&effects), [""; 0]);
    scene.world.tick(NOW + 20_000, &mut effects);
    assert_eq!(reported(&effects), ["room_finished"]);
}

#[test]
fn where_nobody_listens_nothing_is_reported() {
    let mut scene = Scene::new(RoomDefaults::default());
    scene.world = scene.world.with_listeners(false);
    let anna = scene.in_room("anna");
    let sid = scene.publishes(anna, TrackSource::Camera);
    scene.world.track_gone(anna, &sid, &mut scene.effects);
    scene.publishes(anna, TrackSource::Camera);
    let effects = &mut scene.effects;
    scene.world.delete_room("daily", NOW, effects).unwrap();
    assert_eq!(reported(effects), [""; 0]);
}

#[test]
fn where_rooms_are_not_made_by_coming_nobody_comes_to_one_that_is_not_there() {
    let mut scene = Scene::new(RoomDefaults {
        auto_create: false,
        ..RoomDefaults::default()
    });
    assert_eq!(
        scene.joins("anna", Grant::default()),
        Err(JoinRefused::NoRoom)
    );
    let request = proto::CreateRoomRequest {
        name: "daily".into(),
        ..Default::default()
    };
    scene
        .world
        .create_room(&request, NOW, &mut scene.effects)
        .unwrap();
    scene.in_room("anna");
}

#[test]
fn data_says_whose_it_is_and_goes_to_whom_it_is_meant_for() {
    let mut scene = Scene::new(RoomDefaults::default());
    let (anna, bert, carl) = (
        scene.in_room("anna"),
        scene.in_room("bert"),
        scene.in_room("carl"),
    );
    let sends = |scene: &mut Scene, who, to: &[&str]| {
        scene.effects.clear();
        let packet = proto::DataPacket {
            participant_identity: "somebody else".into(),
            destination_identities: to.iter().map(ToString::to_string).collect(),
            value: Some(Value::User(proto::UserPacket::default())),
            ..Default::default()
        };
        scene
            .world
            .data(who, Reliability::Reliable, packet, &mut scene.effects);
        match scene.effects.pop() {
            Some(Effect::Send(_, to, _, packet)) => Some((to, packet.participant_identity)),
            _ => None,
        }
    };
    assert_eq!(
        sends(&mut scene, anna, &[]),
        Some((vec![bert, carl], "anna".into()))
    );
    assert_eq!(
        sends(&mut scene, anna, &["carl"]),
        Some((vec![carl], "anna".into()))
    );
    assert_eq!(sends(&mut scene, anna, &["nobody"]), None);
    let mute = Grant {
        can_publish_data: Some(false),
        ..Grant::default()
    };
    let dora = scene.joins("dora", mute).unwrap();
    assert_eq!(sends(&mut scene, dora, &[]), None);
}

#[test]
fn data_for_some_is_for_them_alone_however_they_are_named() {
    let mut scene = Scene::new(RoomDefaults::default());
    let (anna, bert, carl) = (
        scene.in_room("anna"),
        scene.in_room("bert"),
        scene.in_room("carl"),
    );
    let sid = scene.world.participant("daily", "bert").unwrap().sid;
    let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    let data = |identities: &[&str], sids: &[&str]| DataToSend {
        reliability: Reliability::Lossy,
        packet: proto::UserPacket::default(),
        to: Addressees {
            identities: owned(identities),
            sids: owned(sids),
        },
    };
    for (identities, sids, expected) in [
        (&[][..], &[&*sid][..], vec![bert]),
        (&["carl"], &[&*sid], vec![bert, carl]),
        (&[], &["PA_nobody"], vec![]),
    ] {
        #[expect(deprecated, reason = "older clients write them")]
        let user = proto::UserPacket {
            destination_sids: owned(sids),
            ..Default::default()
        };
        let packet = proto::DataPacket {
            destination_identities: owned(identities),
            value: Some(Value::User(user)),
            ..Default::default()
        };
        scene.effects.clear();
        let effects = &mut scene.effects;
        scene.world.data(anna, Reliability::Lossy, packet, effects);
        let from_outside = data(identities, sids);
        scene.world.send("daily", from_outside, effects).unwrap();
        let sent: Vec<_> = scene.effects.iter().map(addressed).collect();
        let times = if expected.is_empty() { 0 } else { 2 };
        assert_eq!(sent, vec![expected; times]);
    }
    let mut numbered = data(&[], &[]);
    numbered.packet.nonce = vec![0];
    let refused = scene.world.send("daily", numbered, &mut scene.effects);
    assert!(matches!(refused, Err(AdminError::Refused(_))));
}

#[test]
fn data_from_outside_that_no_channel_carries_is_refused_and_not_sent() {
    let mut scene = Scene::new(RoomDefaults::default());
    let anna = scene.in_room("anna");
    let mut sends = |bytes: usize| {
        scene.effects.clear();
        let data = DataToSend {
            reliability: Reliability::Reliable,
            packet: proto::UserPacket {
                payload: vec![0; bytes],
                topic: Some("files".into()),
                ..Default::default()
            },
            to: Addressees::default(),
        };
        let sent = scene.world.send("daily", data, &mut scene.effects);
        let to: Vec<_> = scene.effects.iter().map(addressed).collect();
        (sent.map_err(|e| e.to_string()), to)
    };
    // What says that it is data, and of which topic, takes fifteen bytes.
    assert_eq!(sends(63_985), (Ok(()), vec![vec![anna]]));
    let words = "the message has 64001 bytes: data channels carry 64000 at most";
    assert_eq!(sends(63_986), (Err(words.into()), vec![]));
    assert_eq!(sends(3_000_000).1, [[]; 0]);
}

fn addressed(effect: &Effect) -> Vec<Who> {
    match effect {
        Effect::Send(_, to, ..) => to.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn data_of_who_is_hidden_does_not_say_whose_it_is() {
    let mut scene = Scene::new(RoomDefaults::default());
    scene.in_room("anna");
    let grant = Grant {
        hidden: true,
        ..Grant::default()
    };
    let ghost = scene.joins("ghost", grant).unwrap();
    scene.effects.clear();
    let packet = proto::DataPacket {
        participant_identity: "ghost".into(),
        value: Some(Value::User(proto::UserPacket::default())),
        ..Default::default()
    };
    scene
        .world
        .data(ghost, Reliability::Lossy, packet, &mut scene.effects);
    let [Effect::Send(_, _, _, packet)] = &scene.effects[..] else {
        panic!("{:?}", scene.effects);
    };
    assert_eq!(packet.participant_identity, "");
    let user = Some(Value::User(proto::UserPacket::default()));
    assert_eq!(packet.value, user);
}

#[test]
fn speakers_are_told_when_they_begin_and_when_they_end() {
    let mut scene = Scene::new(RoomDefaults::default());
    let anna = scene.in_room("anna");
    let mut told = |level: Option<f32>| {
        let levels = level.map(|level| (anna, level)).into_iter().collect();
        let mut effects = Effects::new();
        scene.world.heard(&levels, &mut effects);
        effects.len()
    };
    assert_eq!(
        [
            told(Some(0.01)),
            told(Some(0.3)),
            told(Some(0.32)),
            told(None),
            told(None)
        ],
        [0, 1, 0, 1, 0]
    );
}

#[test]
fn qualities_are_told_once_and_whoever_comes_hears_what_is_known() {
    let mut scene = Scene::new(RoomDefaults::default());
    let anna = scene.in_room("anna");
    let mut told = |score: f32| {
        let mut effects = Effects::new();
        let scores = [(anna, score)].into();
        scene.world.measured(&scores, &mut effects);
        qualities(&effects)
    };
    let excellent = (anna, vec![proto::ConnectionQuality::Excellent]);
    let poor = vec![proto::ConnectionQuality::Poor];
    assert_eq!(told(1.0), [excellent]);
    assert_eq!(told(0.99), []);
    assert_eq!(told(0.5), [(anna, poor.clone())]);
    scene.effects.clear();
    let bert = scene.in_room("bert");
    assert_eq!(qualities(&scene.effects), [(bert, poor)]);
}

/// Who is told of which qualities.
fn qualities(effects: &Effects) -> Vec<(Who, Vec<proto::ConnectionQuality>)> {
    let told = effects.iter().filter_map(|effect| match effect {
        Effect::Tell(who, Message::ConnectionQuality(update)) => Some((vec![*who], update)),
        Effect::TellAll(to, Message::ConnectionQuality(update)) => Some((to.clone(), update)),
        _ => None,
    });
    let told = told.flat_map(|(to, update)| {
        let qualities = update.updates.iter();
        let qualities: Vec<_> = qualities
            .map(proto::ConnectionQualityInfo::quality)
            .collect();
        to.into_iter().map(move |who| (who, qualities.clone()))
    });
    told.collect()
}
