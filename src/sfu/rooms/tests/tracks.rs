//! What is sent, and who gets it.

use livekit_protocol::request_response::Reason;

use super::*;

/// Why requests are refused.
fn refused(effects: &Effects) -> Vec<(Reason, &str)> {
    let answers = effects.iter().filter_map(|effect| match effect {
        Effect::Tell(_, Message::RequestResponse(no)) => Some((no.reason(), no.message.as_str())),
        _ => None,
    });
    answers.collect()
}

/// What somebody is told of whether they may have a track.
fn allowed(effects: &Effects, to: Who) -> Option<bool> {
    let told = told(effects, to);
    told.iter().find_map(|message| match message {
        Message::SubscriptionPermissionUpdate(update) => Some(update.allowed),
        _ => None,
    })
}

#[test]
fn who_comes_gets_what_is_sent_and_who_is_there_gets_what_comes() {
    let mut scene = Scene::new(RoomDefaults::default());
    let anna = scene.in_room("anna");
    let sid = scene.publishes(anna, TrackSource::Camera);
    assert!(sid.starts_with("TR_VC"));
    let joining = Joining {
        room: "daily".into(),
        identity: "bert".into(),
        auto_subscribe: true,
        ..Joining::default()
    };
    let (bert, _, effects) = scene.world.join(joining, NOW).unwrap();
    assert!(effects.contains(&Effect::Subscribe(bert, sid.clone())));
    let other = scene.publishes(bert, TrackSource::Microphone);
    assert!(scene.has(&Effect::Subscribe(anna, other)));
    assert!(!scene.has(&Effect::Subscribe(bert, sid)));
}

#[test]
fn a_track_is_told_of_before_it_is_passed_on() {
    let mut scene = Scene::new(RoomDefaults::default());
    let (anna, bert) = (scene.in_room("anna"), scene.in_room("bert"));
    let sid = scene.publishes(anna, TrackSource::Camera);
    let told = scene
        .effects
        .iter()
        .position(|e| matches!(e, Effect::TellAll(to, Message::Update(_)) if to.contains(&bert)));
    let passed = scene
        .effects
        .iter()
        .position(|e| *e == Effect::Subscribe(bert, sid.clone()));
    assert!(told.unwrap() < passed.unwrap());
}

#[test]
fn what_may_not_be_published_is_not() {
    let mut scene = Scene::new(RoomDefaults::default());
    let grant = Grant {
        sources: vec!["microphone".into()],
        ..Grant::default()
    };
    let anna = scene.joins("anna", grant).unwrap();
    let effects = scene.asks(anna, Asked::AddTrack(track(TrackSource::Camera)));
    assert_eq!(announced(&effects), None);
    let no = "does not have permission to publish";
    assert_eq!(refused(&effects), [(Reason::NotAllowed, no)]);
    let effects = scene.asks(anna, Asked::AddTrack(track(TrackSource::Microphone)));
    assert!(announced(&effects).is_some());
}

#[test]
fn a_second_codec_of_a_track_is_no_second_track() {
    let mut scene = Scene::new(RoomDefaults::default());
    let anna = scene.in_room("anna");
    let mut request = track(TrackSource::Camera);
    request.sid = scene.publishes(anna, TrackSource::Camera);
    let effects = scene.asks(anna, Asked::AddTrack(request));
    assert_eq!(announced(&effects), None);
    let no = "the development SFU has no backup codecs";
    assert_eq!(refused(&effects), [(Reason::UnsupportedType, no)]);
}

#[test]
fn nobody_makes_the_others_remember_without_end() {
    let mut scene = Scene::new(RoomDefaults::default());
    let anna = scene.in_room("anna");
    let taken = (0..100).filter(|_| {
        let effects = scene.asks(anna, Asked::AddTrack(track(TrackSource::Camera)));
        announced(&effects).is_some()
    });
    assert_eq!(taken.count(), limits::TRACKS);
    let effects = scene.asks(anna, Asked::AddTrack(track(TrackSource::Camera)));
    let no = "publishes too many tracks";
    assert_eq!(refused(&effects), [(Reason::LimitExceeded, no)]);
    let choices = proto::UpdateSubscription {
        track_sids: (0..5_000).map(|n| n.to_string()).collect(),
        subscribe: true,
        ..Default::default()
    };
    scene.asks(anna, Asked::Subscription(choices));
    let participant = scene.world.place(anna).unwrap().people.get(&anna).unwrap();
    assert_eq!(participant.choices.len(), limits::CHOICES);
}

#[test]
fn a_publisher_says_who_may_have_its_tracks() {
    let mut scene = Scene::new(RoomDefaults::default());
    let (anna, bert, carl) = (
        scene.in_room("anna"),
        scene.in_room("bert"),
        scene.in_room("carl"),
    );
    let sid = scene.publishes(anna, TrackSource::Camera);
    let only_bert = proto::SubscriptionPermission {
        all_participants: false,
        track_permissions: vec![proto::TrackPermission {
            participant_identity: "bert".into(),
            all_tracks: true,
            ..Default::default()
        }],
    };
    scene.asks(anna, Asked::SubscriptionPermission(only_bert));
    assert!(scene.has(&Effect::Unsubscribe(carl, sid.clone())));
    assert!(!scene.has(&Effect::Unsubscribe(bert, sid)));
}

#[test]
fn whoever_wants_a_track_is_told_whether_they_may_have_it() {
    let mut scene = Scene::new(RoomDefaults::default());
    let (anna, bert, carl) = (
        scene.in_room("anna"),
        scene.in_room("bert"),
        scene.in_room("carl"),
    );
    let sid = scene.publishes(anna, TrackSource::Camera);
    let wants = |scene: &mut Scene, who, subscribe| {
        let update = proto::UpdateSubscription {
            track_sids: vec![sid.clone()],
            subscribe,
            ..Default::default()
        };
        let effects = scene.asks(who, Asked::Subscription(update));
        allowed(&effects, who)
    };
    assert_eq!(wants(&mut scene, carl, false), None);
    let lets = |scene: &mut Scene, all_participants| {
        let permission = proto::SubscriptionPermission {
            all_participants,
            track_permissions: Vec::new(),
        };
        let effects = scene.asks(anna, Asked::SubscriptionPermission(permission));
        (allowed(&effects, bert), allowed(&effects, carl))
    };
    assert_eq!(lets(&mut scene, false), (Some(false), None));
    assert_eq!(lets(&mut scene, false), (None, None));
    // Carl has not wanted it until now.
    assert_eq!(wants(&mut scene, carl, true), Some(false));
    assert_eq!(wants(&mut scene, carl, false), None);
    assert_eq!(lets(&mut scene, true), (Some(true), None));
    assert!(scene.has(&Effect::Subscribe(bert, sid.clone())));
    assert_eq!(wants(&mut scene, carl, true), Some(true));
}

#[test]
fn a_publisher_hears_once_that_somebody_has_its_track() {
    let mut scene = Scene::new(RoomDefaults::default());
    let anna = scene.in_room("anna");
    let sid = scene.publishes(anna, TrackSource::Microphone);
    let had = Message::TrackSubscribed(proto::TrackSubscribed {
        track_sid: sid.clone(),
    });
    assert_eq!(told(&scene.effects, anna), []);
    let ghost = Grant {
        hidden: true,
        ..Grant::default()
    };
    scene.effects.clear();
    scene.joins("ghost", ghost).unwrap();
    assert_eq!(told(&scene.effects, anna), []);
    scene.in_room("bert");
    assert_eq!(told(&scene.effects, anna), [had]);
    scene.effects.clear();
    scene.in_room("carl");
    assert_eq!(told(&scene.effects, anna), []);
}

#[test]
fn of_the_owner_of_a_track_only_is_said_who_that_is() {
    let mut scene = Scene::new(RoomDefaults::default());
    let anna = scene.in_room("anna");
    scene.publishes(anna, TrackSource::Camera);
    let info = scene.world.participant("daily", "anna").unwrap();
    let event = scene.effects.iter().find_map(|effect| match effect {
        Effect::Report(event) if event.event == "track_published" => event.participant.clone(),
        _ => None,
    });
    let expected = proto::ParticipantInfo {
        sid: info.sid,
        identity: info.identity,
        ..Default::default()
    };
    assert_eq!(event, Some(expected));
}

#[test]
fn whoever_names_too_many_who_may_have_its_tracks_means_not_everybody() {
    let mut scene = Scene::new(RoomDefaults::default());
    let (anna, bert) = (scene.in_room("anna"), scene.in_room("bert"));
    let sid = scene.publishes(anna, TrackSource::Camera);
    let many = proto::SubscriptionPermission {
        all_participants: false,
        track_permissions: vec![proto::TrackPermission::default(); limits::CHOICES + 1],
    };
    scene.asks(anna, Asked::SubscriptionPermission(many));
    assert!(scene.has(&Effect::Unsubscribe(bert, sid)));
}

#[test]
fn settings_of_a_known_track_are_taken_whatever_comes_with_them() {
    let mut scene = Scene::new(RoomDefaults::default());
    let (anna, bert) = (scene.in_room("anna"), scene.in_room("bert"));
    let sid = scene.publishes(anna, TrackSource::Camera);
    let settings = |sids: Vec<String>| {
        Asked::TrackSetting(proto::UpdateTrackSettings {
            track_sids: sids,
            disabled: true,
            ..Default::default()
        })
    };
    scene.asks(
        bert,
        settings((0..limits::CHOICES - 1).map(|n| n.to_string()).collect()),
    );
    scene.asks(
        bert,
        Asked::Subscription(proto::UpdateSubscription {
            track_sids: vec![sid.clone()],
            subscribe: true,
            ..Default::default()
        }),
    );
    scene.asks(bert, settings(vec!["one too many".into(), sid.clone()]));
    let off = Wanted {
        enabled: false,
        quality: 0,
    };
    assert!(scene.has(&Effect::Want(bert, sid, off)));
}
