//! Who is there, and what they may do.

use super::*;

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
    assert_ne!(first, second);
    let gone = "`anna` leaves `daily` (the same identity has come again): 0 are left in it";
    assert_eq!(parted(&scene.effects), [(first, gone.to_owned())]);
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
    assert_eq!(scene.world.rooms(&[])[0].num_participants, 2);
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
fn what_was_only_announced_when_the_right_to_it_went_is_not_published() {
    let mut scene = Scene::new(RoomDefaults::default());
    let anna = scene.in_room("anna");
    let effects = scene.asks(anna, Asked::AddTrack(track(TrackSource::Camera)));
    let sid = announced(&effects).unwrap();
    let change = ParticipantChange {
        permission: Some(proto::ParticipantPermission::default()),
        ..ParticipantChange::default()
    };
    let mut effects = Effects::new();
    let changed = scene.world.update("daily", "anna", change, &mut effects);
    changed.unwrap();
    let ended = |effect: &Effect| matches!(effect, Effect::Tell(_, Message::TrackUnpublished(_)));
    assert!(effects.iter().any(ended));
    // Nothing waits for its media any more.
    assert!(effects.contains(&Effect::Unpublish(sid.clone())));
    effects.clear();
    scene.world.track_sent(anna, &sid, "", &mut effects);
    assert_eq!(effects, [Effect::Unpublish(sid)]);

    // Also where nothing was ended.
    let bert = scene.in_room("bert");
    let effects = scene.asks(bert, Asked::AddTrack(track(TrackSource::Camera)));
    let sid = announced(&effects).unwrap();
    let room = scene.world.place(bert).unwrap();
    room.people.get_mut(&bert).unwrap().info.permission = None;
    scene.effects.clear();
    scene.world.track_sent(bert, &sid, "", &mut scene.effects);
    assert_eq!(scene.effects, [Effect::Unpublish(sid)]);
}

#[test]
fn agents_and_recorders_take_nobodys_place_and_keep_no_room_open() {
    let mut scene = Scene::new(RoomDefaults {
        max_participants: 1,
        ..RoomDefaults::default()
    });
    let hidden = Grant {
        hidden: true,
        ..Grant::default()
    };
    let agent = Grant {
        agent: true,
        ..Grant::default()
    };
    let recorder = Grant {
        recorder: true,
        ..Grant::default()
    };
    let kind = |kind: &str| Joining {
        room: "daily".into(),
        identity: kind.into(),
        kind: kind.into(),
        ..Joining::default()
    };
    scene.joins("agent", agent).unwrap();
    let (egress, _, effects) = scene.world.join(kind("egress"), NOW).unwrap();
    let is_told = |effects: &Effects| {
        let told = |effect: &Effect| matches!(effect, Effect::TellAll(_, Message::RoomUpdate(_)));
        effects.iter().any(told)
    };
    assert!(is_told(&effects));
    let recorder = scene.joins("recorder", recorder).unwrap();
    scene.joins("ghost", hidden.clone()).unwrap();
    for refused in [hidden, Grant::default()] {
        assert_eq!(scene.joins("anna", refused), Err(JoinRefused::Full));
    }
    let sip = scene.world.join(kind("sip"), NOW);
    assert_eq!(sip.map(|_| ()), Err(JoinRefused::Full));
    scene.world.join(kind("agent"), NOW).unwrap();
    let room = |scene: &Scene| {
        let room = scene.world.rooms(&[]).remove(0);
        (room.num_participants, room.active_recording)
    };
    assert_eq!(room(&scene), (1, true));
    let mut effects = Effects::new();
    let mut leaves = |scene: &mut Scene, who| {
        let why = DisconnectReason::ClientInitiated;
        scene.world.leave(who, why, NOW, &mut effects);
    };
    leaves(&mut scene, egress);
    assert_eq!(room(&scene), (1, true));
    leaves(&mut scene, recorder);
    assert_eq!(room(&scene), (1, false));
    let ghost = scene.world.find("daily", "ghost").unwrap();
    leaves(&mut scene, ghost);
    effects.clear();
    scene.world.tick(NOW + 20_000, &mut effects);
    assert!(reported(&effects).contains(&"room_finished"));
}

#[test]
fn who_asks_why_they_cannot_come_in_hears_what_they_are_refused_with() {
    let mut scene = Scene::new(RoomDefaults::default());
    let most = Joining {
        room: "daily".into(),
        identity: "anna".into(),
        metadata: "m".repeat(limits::METADATA),
        attributes: [("a".into(), "v".repeat(limits::ATTRIBUTES - 1))].into(),
        ..Joining::default()
    };
    assert_eq!(scene.world.objection(&most), None);
    let more = |change: fn(&mut Joining)| {
        let mut joining = most.clone();
        change(&mut joining);
        joining
    };
    for too_long in [
        more(|joining| joining.metadata.push('m')),
        more(|joining| joining.making.metadata = "m".repeat(limits::METADATA + 1)),
        more(|joining| drop(joining.attributes.insert("b".into(), String::new()))),
    ] {
        let objection = scene.world.objection(&too_long);
        assert_eq!(objection, Some(JoinRefused::TooLong));
        let refused = scene.world.join(too_long, NOW).map(|_| ());
        assert_eq!(refused, Err(JoinRefused::TooLong));
    }
    scene.world.join(most, NOW).unwrap();
}

#[test]
fn what_is_too_long_of_oneself_changes_nothing_and_nobody_hears_of_it() {
    let mut scene = Scene::new(RoomDefaults::default());
    let grant = Grant {
        can_update_metadata: true,
        ..Grant::default()
    };
    let anna = scene.joins("anna", grant).unwrap();
    let update = proto::UpdateParticipantMetadata {
        name: "Anna".into(),
        metadata: "m".repeat(limits::METADATA + 1),
        request_id: 7,
        ..Default::default()
    };
    let effects = scene.asks(anna, Asked::UpdateMetadata(update));
    let [Effect::Tell(_, Message::RequestResponse(answer))] = &effects[..] else {
        panic!("{} effects", effects.len());
    };
    let limit = proto::request_response::Reason::LimitExceeded;
    assert_eq!((answer.request_id, answer.reason()), (7, limit));
}

#[test]
fn who_is_muted_by_an_admin_hears_it_before_the_news_of_it() {
    let mut scene = Scene::new(RoomDefaults::default());
    let anna = scene.in_room("anna");
    let sid = scene.publishes(anna, TrackSource::Camera);
    scene.effects.clear();
    let mute = |scene: &mut Scene, sid: &str| {
        let effects = &mut scene.effects;
        scene.world.mute("daily", "anna", sid, true, effects)
    };
    assert_eq!(mute(&mut scene, "TR_lost"), Ok(None));
    assert!(scene.effects.is_empty());
    assert!(mute(&mut scene, &sid).unwrap().unwrap().muted);
    let place = |is_it: fn(&Message) -> bool| {
        let mut all = scene.effects.iter();
        all.position(|effect| {
            matches!(effect, Effect::Tell(_, message) | Effect::TellAll(_, message) if is_it(message))
        })
    };
    let heard = place(|message| matches!(message, Message::Mute(_)));
    let news = place(|message| matches!(message, Message::Update(_)));
    assert!(heard.unwrap() < news.unwrap());
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
fn a_token_is_renewed_at_first_when_something_changes_and_from_time_to_time() {
    let mut scene = Scene::new(RoomDefaults::default());
    let anna = scene.in_room("anna");
    let renewed = |effects: &Effects| {
        let tokens = effects.iter().filter_map(|effect| match effect {
            Effect::Renew(who, info) => Some((*who, info.name.clone())),
            _ => None,
        });
        tokens.collect::<Vec<_>>()
    };
    assert_eq!(renewed(&scene.effects), [(anna, String::new())]);
    let change = ParticipantChange {
        name: "Anna".into(),
        ..ParticipantChange::default()
    };
    let mut effects = Effects::new();
    let changed = scene.world.update("daily", "anna", change, &mut effects);
    assert_eq!(changed.unwrap().name, "Anna");
    assert_eq!(renewed(&effects), [(anna, "Anna".into())]);
    let mut after = |seconds: i64| {
        let mut effects = Effects::new();
        scene.world.tick(NOW + seconds * 1_000, &mut effects);
        renewed(&effects).len()
    };
    assert_eq!(
        [after(299), after(300), after(301), after(600)],
        [0, 1, 0, 1]
    );
}

#[test]
fn who_asks_for_a_mishap_has_it() {
    use livekit_protocol::leave_request::Action;
    use livekit_protocol::simulate_scenario::Scenario;
    let mut scene = Scene::new(RoomDefaults::default());
    scene.in_room("bert");
    let mut ends = |scenario| {
        let anna = scene.in_room("anna");
        let simulate = proto::SimulateScenario {
            scenario: Some(scenario),
        };
        let effects = scene.asks(anna, Asked::Simulate(simulate));
        let gone = parted(&effects).into_iter().map(|(_, text)| text);
        let farewell = effects.iter().find_map(|effect| match effect {
            Effect::Tell(_, Message::Leave(leave)) => Some((leave.reason(), leave.action())),
            _ => None,
        });
        (gone.collect::<String>(), farewell)
    };
    let text = |why| format!("`anna` leaves `daily` ({why}): 1 is left in it");
    let ended = (DisconnectReason::ServerShutdown, Action::Disconnect);
    let anew = (DisconnectReason::StateMismatch, Action::Reconnect);
    for (scenario, expected) in [
        (
            Scenario::ServerLeave(true),
            (text("the SFU ends"), Some(ended)),
        ),
        (Scenario::NodeFailure(true), (text("the SFU ends"), None)),
        (
            Scenario::Migration(true),
            (text("a migration is simulated"), None),
        ),
        (
            Scenario::LeaveRequestFullReconnect(true),
            (text("to come back anew"), Some(anew)),
        ),
        (
            Scenario::DisconnectSignalOnResume(true),
            (String::new(), None),
        ),
    ] {
        assert_eq!(ends(scenario), expected, "{scenario:?}");
    }
}

#[test]
fn what_somebody_may_not_say_of_themselves_is_refused_with_a_reason() {
    let mut scene = Scene::new(RoomDefaults::default());
    let anna = scene.in_room("anna");
    let update = proto::UpdateParticipantMetadata {
        metadata: "m".into(),
        request_id: 7,
        ..Default::default()
    };
    let effects = scene.asks(anna, Asked::UpdateMetadata(update));
    let [Effect::Tell(_, Message::RequestResponse(no))] = &effects[..] else {
        panic!("{effects:?}");
    };
    let no = (no.request_id, no.message.as_str());
    assert_eq!(no, (7, "does not have permission to update own metadata"));
}
