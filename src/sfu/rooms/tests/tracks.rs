//! What is sent, and who gets it.

use livekit_protocol::request_response::Reason;

use super::*;
use crate::sfu::rooms::participant::Choice;

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
}

fn settings(sids: Vec<String>) -> Asked {
    Asked::TrackSetting(proto::UpdateTrackSettings {
        track_sids: sids,
        disabled: true,
        ..Default::default()
    })
}

fn subscription(sids: Vec<String>) -> Asked {
    Asked::Subscription(proto::UpdateSubscription {
        track_sids: sids,
        subscribe: false,
        ..Default::default()
    })
}

const OFF: Wanted = Wanted {
    enabled: false,
    quality: 0,
};

/// Ids of tracks that are not there.
fn unknown(count: usize) -> Vec<String> {
    (0..count).map(|n| n.to_string()).collect()
}

#[test]
fn what_is_said_of_tracks_that_are_not_there_is_not_remembered() {
    let mut scene = Scene::new(RoomDefaults::default());
    let (anna, bert) = (scene.in_room("anna"), scene.in_room("bert"));
    let mut remembered = |sids: Vec<String>| {
        scene.asks(bert, settings(sids.clone()));
        scene.asks(bert, subscription(sids));
        scene.world.place(bert).unwrap().people[&bert].choices.len()
    };
    for _ in 0..3 {
        assert_eq!(remembered(unknown(limits::CHOICES)), 0);
    }
    let sid = scene.publishes(anna, TrackSource::Camera);
    scene.asks(bert, settings(vec![sid.clone()]));
    assert!(scene.has(&Effect::Want(bert, sid.clone(), OFF)));
    // The client hears of the end a moment after it says this.
    scene.world.track_gone(anna, &sid, &mut scene.effects);
    scene.asks(bert, settings(vec![sid]));
    assert!(
        scene.world.place(bert).unwrap().people[&bert]
            .choices
            .is_empty()
    );
}

#[test]
fn of_a_request_about_too_many_tracks_the_first_ones_count() {
    let mut scene = Scene::new(RoomDefaults::default());
    let (anna, bert) = (scene.in_room("anna"), scene.in_room("bert"));
    let sid = scene.publishes(anna, TrackSource::Camera);
    let behind = |others: usize| {
        let mut sids = unknown(others);
        sids.push(sid.clone());
        sids
    };
    let gets_no_more = Effect::Unsubscribe(bert, sid.clone());
    scene.asks(bert, settings(behind(limits::CHOICES)));
    assert!(!scene.has(&Effect::Want(bert, sid.clone(), OFF)));
    scene.asks(bert, settings(behind(limits::CHOICES - 1)));
    assert!(scene.has(&Effect::Want(bert, sid.clone(), OFF)));
    scene.asks(bert, subscription(behind(limits::CHOICES)));
    assert!(!scene.has(&gets_no_more));
    scene.asks(bert, subscription(behind(limits::CHOICES - 1)));
    assert!(scene.has(&gets_no_more));
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
    let mut unsubscribes = |track_permissions| {
        let permission = proto::SubscriptionPermission {
            all_participants: false,
            track_permissions,
        };
        scene.asks(anna, Asked::SubscriptionPermission(permission));
        scene.has(&Effect::Unsubscribe(bert, sid.clone()))
    };
    let bert_may = |mut track_sids: Vec<String>| {
        track_sids.push(sid.clone());
        vec![proto::TrackPermission {
            participant_identity: "bert".into(),
            track_sids,
            ..Default::default()
        }]
    };
    assert!(!unsubscribes(bert_may(unknown(limits::CHOICES - 1))));
    assert!(unsubscribes(bert_may(unknown(limits::CHOICES))));
    assert!(!unsubscribes(bert_may(Vec::new())));
    let nobody = proto::TrackPermission::default();
    assert!(unsubscribes(vec![nobody; limits::CHOICES + 1]));
}

#[test]
fn settings_of_a_known_track_are_taken_also_where_no_more_are() {
    let mut scene = Scene::new(RoomDefaults::default());
    let (anna, bert) = (scene.in_room("anna"), scene.in_room("bert"));
    let known = scene.publishes(anna, TrackSource::Camera);
    let new = scene.publishes(anna, TrackSource::ScreenShare);
    let room = scene.world.place(bert).unwrap();
    let choices = &mut room.people.get_mut(&bert).unwrap().choices;
    let all = unknown(limits::CHOICES - 1).into_iter();
    choices.extend(
        all.chain([known.clone()])
            .map(|sid| (sid, Choice::default())),
    );
    scene.asks(bert, settings(vec![new.clone(), known.clone()]));
    assert!(!scene.has(&Effect::Want(bert, new, OFF)));
    assert!(scene.has(&Effect::Want(bert, known, OFF)));
}
