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
    assert_eq!(scene.world.rooms(&[])[0].num_participants, 1);
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
fn who_is_muted_by_an_admin_hears_it_before_the_news_of_it() {
    let mut scene = Scene::new(RoomDefaults::default());
    let anna = scene.in_room("anna");
    let sid = scene.publishes(anna, TrackSource::Camera);
    scene.effects.clear();
    let mute = |scene: &mut Scene, sid: &str| {
        let effects = &mut scene.effects;
        scene.world.mute("daily", "anna", sid, true, effects)
    };
    assert_eq!(mute(&mut scene, "TR_lost"), Err(AdminError::NoTrack));
    assert!(scene.effects.is_empty());
    assert!(mute(&mut scene, &sid).unwrap().muted);
    let place = |is_it: fn(&Message) -> bool| {
        let mut all = scene.effects.iter();
        all.position(|effect| matches!(effect, Effect::Tell(_, message) if is_it(message)))
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
