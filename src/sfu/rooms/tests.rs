//! Rooms without sockets: what goes in, what comes out.

use livekit_protocol as proto;
use livekit_protocol::DisconnectReason;
use livekit_protocol::data_packet::Value;
use livekit_protocol::signal_request::Message as Asked;
use livekit_protocol::signal_response::Message;
use proto::{TrackSource, TrackType};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::*;

const NOW: Millis = 1_800_000_000_000;

struct Scene {
    world: World,
    effects: Effects,
}

impl Scene {
    fn new(defaults: RoomDefaults) -> Self {
        Self {
            world: World::new(defaults, StdRng::seed_from_u64(1)),
            effects: Effects::new(),
        }
    }

    fn joins(&mut self, identity: &str, grant: Grant) -> Result<Who, JoinRefused> {
        let joining = Joining {
            room: "daily".into(),
            identity: identity.into(),
            grant,
            auto_subscribe: true,
            ..Joining::default()
        };
        let (who, _, effects) = self.world.join(joining, NOW)?;
        self.effects.extend(effects);
        self.world.connected(who, &mut self.effects);
        Ok(who)
    }

    fn in_room(&mut self, identity: &str) -> Who {
        self.joins(identity, Grant::default()).unwrap()
    }

    fn asks(&mut self, who: Who, asked: Asked) -> Effects {
        self.effects.clear();
        self.world.request(who, asked, NOW, &mut self.effects);
        self.effects.clone()
    }

    /// A track that is sent.
    fn publishes(&mut self, who: Who, source: TrackSource) -> TrackSid {
        let effects = self.asks(who, Asked::AddTrack(track(source)));
        let sid = announced(&effects).expect("the track is taken");
        self.effects.clear();
        self.world.track_sent(who, &sid, "", &mut self.effects);
        sid
    }

    fn has(&self, effect: &Effect) -> bool {
        self.effects.contains(effect)
    }
}

fn track(source: TrackSource) -> proto::AddTrackRequest {
    proto::AddTrackRequest {
        cid: "cid".into(),
        r#type: TrackType::Video.into(),
        source: source.into(),
        ..Default::default()
    }
}

fn announced(effects: &Effects) -> Option<TrackSid> {
    effects.iter().find_map(|effect| match effect {
        Effect::Publish(_, track) => Some(track.sid.clone()),
        _ => None,
    })
}

fn reported(effects: &Effects) -> Vec<&str> {
    let events = effects.iter().filter_map(|effect| match effect {
        Effect::Report(event) => Some(event.event.as_str()),
        _ => None,
    });
    events.collect()
}

/// Who is told what of whom: receiver, identity, state.
fn updates(effects: &Effects) -> Vec<(Who, String, i32)> {
    let mut all = Vec::new();
    for effect in effects {
        if let Effect::Tell(who, Message::Update(update)) = effect {
            let infos = update.participants.iter();
            all.extend(infos.map(|info| (*who, info.identity.clone(), info.state)));
        }
    }
    all
}

#[test]
fn who_comes_gets_what_is_sent_and_who_is_there_gets_what_comes() {
    let mut scene = Scene::new(RoomDefaults::default());
    let anna = scene.in_room("anna");
    let sid = scene.publishes(anna, TrackSource::Camera);
    assert!(sid.starts_with("TR_VC"));
    scene.effects.clear();
    let bert = scene.in_room("bert");
    assert!(scene.has(&Effect::Subscribe(bert, sid.clone())));
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
        .position(|e| matches!(e, Effect::Tell(who, Message::Update(_)) if *who == bert));
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
    assert!(matches!(
        &effects[..],
        [Effect::Tell(_, Message::RequestResponse(_))]
    ));
    let effects = scene.asks(anna, Asked::AddTrack(track(TrackSource::Microphone)));
    assert!(announced(&effects).is_some());
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
fn the_same_identity_takes_the_place_of_the_first() {
    let mut scene = Scene::new(RoomDefaults {
        max_participants: 1,
        ..RoomDefaults::default()
    });
    let first = scene.in_room("anna");
    assert_eq!(
        scene.joins("bert", Grant::default()),
        Err(JoinRefused::Full)
    );
    scene.effects.clear();
    let second = scene.in_room("anna");
    assert!(first != second && scene.has(&Effect::Part(first)));
    let leave = scene.effects.iter().find_map(|effect| match effect {
        Effect::Tell(who, Message::Leave(leave)) if *who == first => Some(leave.reason()),
        _ => None,
    });
    assert_eq!(leave, Some(DisconnectReason::DuplicateIdentity));
    assert_eq!(
        reported(&scene.effects),
        ["participant_left", "participant_joined"]
    );
}

#[test]
fn who_is_hidden_sees_and_is_not_seen() {
    let mut scene = Scene::new(RoomDefaults::default());
    let anna = scene.in_room("anna");
    let sid = scene.publishes(anna, TrackSource::Camera);
    scene.effects.clear();
    let grant = Grant {
        hidden: true,
        ..Grant::default()
    };
    let ghost = scene.joins("ghost", grant).unwrap();
    assert!(scene.has(&Effect::Subscribe(ghost, sid)));
    assert!(
        updates(&scene.effects)
            .iter()
            .all(|(who, ..)| *who == ghost)
    );
    assert_eq!(scene.world.rooms(&[])[0].num_participants, 1);
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
fn what_is_taken_away_is_unpublished() {
    let mut scene = Scene::new(RoomDefaults::default());
    let (anna, bert) = (scene.in_room("anna"), scene.in_room("bert"));
    let sid = scene.publishes(anna, TrackSource::Camera);
    scene.effects.clear();
    let change = ParticipantChange {
        permission: Some(proto::ParticipantPermission {
            can_subscribe: true,
            ..Default::default()
        }),
        ..ParticipantChange::default()
    };
    let info = scene
        .world
        .update("daily", "anna", change, &mut scene.effects)
        .unwrap();
    assert!(info.tracks.is_empty() && !info.is_publisher);
    assert!(scene.has(&Effect::Unpublish(sid.clone())));
    assert!(scene.has(&Effect::Unsubscribe(bert, sid)));
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
            Some(Effect::Send(to, _, packet)) => Some((to, packet.participant_identity)),
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
fn a_version_never_falls() {
    let mut scene = Scene::new(RoomDefaults::default());
    let anna = scene.in_room("anna");
    scene.in_room("bert");
    let sid = scene.publishes(anna, TrackSource::Camera);
    let mute = proto::MuteTrackRequest {
        sid: sid.clone(),
        muted: true,
    };
    scene.asks(anna, Asked::Mute(mute));
    let before = scene.world.participant("daily", "anna").unwrap().version;
    scene.world.track_gone(anna, &sid, &mut scene.effects);
    assert!(scene.world.participant("daily", "anna").unwrap().version > before);
}

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
fn publishers_are_told_what_nobody_wants() {
    let mut scene = Scene::new(RoomDefaults::default());
    let (anna, bert) = (scene.in_room("anna"), scene.in_room("bert"));
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
    scene.world.track_sent(anna, &sid, "", &mut scene.effects);
    let settings = |quality, disabled| {
        Asked::TrackSetting(proto::UpdateTrackSettings {
            track_sids: vec![sid.clone()],
            quality,
            disabled,
            ..Default::default()
        })
    };
    let mut enabled = |settings| {
        let effects = scene.asks(bert, settings);
        effects.iter().find_map(|effect| match effect {
            Effect::Tell(who, Message::SubscribedQualityUpdate(update)) if *who == anna => {
                let codec = update.subscribed_codecs.first()?;
                Some(codec.qualities.iter().filter(|q| q.enabled).count())
            }
            _ => None,
        })
    };
    assert_eq!(enabled(settings(0, false)), Some(1));
    assert_eq!(enabled(settings(0, false)), None);
    assert_eq!(enabled(settings(2, false)), Some(3));
    assert_eq!(enabled(settings(2, true)), Some(0));
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
