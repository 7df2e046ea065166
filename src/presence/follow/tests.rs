//! Sequences of news as the SFU sends them, then lost, doubled and shuffled.

use proptest::prelude::*;

use super::*;
use crate::livekit::webhook::Who;
use std::collections::BTreeMap;

fn room_ref(n: i64) -> RoomRef {
    RoomRef {
        name: "daily".into(),
        sid: format!("RM_{n}"),
        began: 1_000 * n,
    }
}

fn stay(identity: &str, since: i64) -> Present {
    Present {
        identity: identity.into(),
        sid: format!("PA_{identity}{since}"),
        since,
    }
}

fn event(kind: Kind, room: i64, who: Option<Present>) -> RoomEvent {
    RoomEvent {
        id: format!("{kind:?}{room}{who:?}"),
        kind,
        at: jiff::Timestamp::UNIX_EPOCH,
        room: room_ref(room),
        participant: who.map(|stay| Who {
            stay,
            name: String::new(),
            attributes: BTreeMap::new(),
        }),
        track: None,
    }
}

fn after(events: &[RoomEvent]) -> Call {
    events.iter().fold(Call::default(), |call, event| {
        apply(&call, event).unwrap_or(call)
    })
}

fn identities(call: &Call) -> Vec<&str> {
    call.present.iter().map(|p| p.identity.as_str()).collect()
}

#[test]
fn people_come_and_go_until_the_room_ends() {
    use Kind::{Joined, Left, RoomFinished, RoomStarted};
    let mut call = after(&[
        event(RoomStarted, 1, None),
        event(Joined, 1, Some(stay("ada", 1))),
        event(Joined, 1, Some(stay("bob", 2))),
    ]);
    assert_eq!(call.status, Status::Active);
    assert_eq!(identities(&call), ["ada", "bob"]);
    call = apply(&call, &event(Left, 1, Some(stay("ada", 1)))).unwrap();
    assert_eq!(identities(&call), ["bob"]);
    call = apply(&call, &event(RoomFinished, 1, None)).unwrap();
    assert_eq!((call.status, call.present.len()), (Status::Ended, 0));
    call = apply(&call, &event(Joined, 2, Some(stay("ada", 9)))).unwrap();
    assert_eq!(
        (call.status, call.sid.as_deref()),
        (Status::Active, Some("RM_2"))
    );
}

#[test]
fn late_news_of_what_is_over_changes_nothing() {
    use Kind::{Joined, Left, RoomFinished, RoomStarted};
    let call = after(&[
        event(RoomStarted, 2, None),
        event(Joined, 2, Some(stay("ada", 5))),
        event(Joined, 2, Some(stay("bob", 6))),
        event(Left, 2, Some(stay("bob", 6))),
    ]);
    for late in [
        event(RoomStarted, 1, None),
        event(RoomStarted, 2, None),
        event(RoomFinished, 1, None),
        event(Joined, 1, Some(stay("carl", 9))),
        event(Left, 2, Some(stay("ada", 4))),
        event(Joined, 2, Some(stay("ada", 4))),
        event(Joined, 2, Some(stay("bob", 6))),
        event(Left, 2, Some(stay("bob", 6))),
        event(Kind::TrackPublished, 2, Some(stay("ada", 5))),
        event(Kind::Other, 3, None),
    ] {
        assert_eq!(apply(&call, &late), None, "{late:?}");
    }
    let ended = apply(&call, &event(RoomFinished, 2, None)).unwrap();
    assert_eq!(
        apply(&ended, &event(Joined, 2, Some(stay("dora", 7)))),
        None
    );
}

#[test]
fn the_list_of_the_sfu_has_the_last_word() {
    let call = after(&[
        event(Kind::Joined, 1, Some(stay("ada", 1))),
        event(Kind::Joined, 1, Some(stay("bob", 2))),
    ]);
    let list = |room, stays: &[(Present, bool)]| Seen {
        room: room_ref(room),
        stays: stays.to_vec(),
        made: Vec::new(),
    };
    let same = list(1, &[(stay("ada", 1), true), (stay("bob", 2), true)]);
    assert_eq!(reconcile(&call, Some(&same)), None);

    let others = list(
        1,
        &[
            (stay("bob", 2), true),
            (stay("carl", 3), true),
            (stay("dora", 4), false),
        ],
    );
    let next = reconcile(&call, Some(&others)).unwrap();
    assert_eq!(identities(&next), ["bob", "carl"]);
    let late = event(Kind::Joined, 1, Some(stay("ada", 1)));
    assert_eq!(apply(&next, &late), None);
    let dora = event(Kind::Joined, 1, Some(stay("dora", 4)));
    assert_eq!(
        identities(&apply(&next, &dora).unwrap()),
        ["bob", "carl", "dora"]
    );

    let another = list(2, &[(stay("ada", 8), true)]);
    let next = reconcile(&call, Some(&another)).unwrap();
    assert_eq!(
        (next.sid.as_deref(), identities(&next)),
        (Some("RM_2"), vec!["ada"])
    );

    let ended = reconcile(&call, None).unwrap();
    assert_eq!((ended.status, ended.present.len()), (Status::Ended, 0));
    assert_eq!(reconcile(&ended, None), None);
    assert_eq!(reconcile(&Call::default(), None), None);
    assert_eq!(
        reconcile(&ended, Some(&same)).unwrap().present,
        call.present
    );
}

#[test]
fn stays_that_are_over_are_not_remembered_for_ever() {
    let events: Vec<_> = (0..1_000)
        .map(|n| event(Kind::Left, 1, Some(stay(&format!("user{n}"), n))))
        .collect();
    let call = after(&events);
    assert_eq!(call.gone.len(), MOST_GONE);
    assert_eq!(call.gone[MOST_GONE - 1], stay("user999", 999));
}

/// What happened, as the SFU tells it in order: some rooms one after the other, in each people who
/// come, are replaced by themselves, and leave; the last room may go on.
fn histories() -> impl Strategy<Value = Vec<RoomEvent>> {
    let steps = prop::collection::vec((0..5_usize, 0..4_u8), 0..24);
    (prop::collection::vec(steps, 1..4), any::<bool>()).prop_map(|(rooms, goes_on)| {
        let mut events = Vec::new();
        let mut time = 0;
        let last = rooms.len();
        for (room, steps) in (1..).zip(&rooms) {
            events.push(event(Kind::RoomStarted, room, None));
            let mut inside: [Option<Present>; 5] = Default::default();
            for (who, act) in steps {
                time += 1;
                let new = stay(["ada", "bob", "carl", "dora", "eve"][*who], time);
                let old = if *act == 0 {
                    inside[*who].take()
                } else {
                    events.push(event(Kind::Joined, room, Some(new.clone())));
                    inside[*who].replace(new)
                };
                if let Some(old) = old {
                    events.push(event(Kind::Left, room, Some(old)));
                }
            }
            if !goes_on || room < i64::try_from(last).unwrap() {
                for left in inside.into_iter().flatten() {
                    events.push(event(Kind::Left, room, Some(left)));
                }
                events.push(event(Kind::RoomFinished, room, None));
            }
        }
        events
    })
}

proptest! {
    #[test]
    fn any_order_and_any_repetition_end_in_the_same_call(
        (events, shuffled) in histories().prop_flat_map(|events| {
            let doubled: Vec<_> = events.iter().chain(events.iter().step_by(3)).cloned().collect();
            (Just(events), Just(doubled).prop_shuffle())
        })
    ) {
        prop_assert_eq!(after(&events), after(&shuffled));
    }

    #[test]
    fn lost_news_are_made_good_by_the_list(
        (events, heard) in histories().prop_flat_map(|events| {
            let all = events.len();
            (Just(events.clone()), prop::sample::subsequence(events, 0..=all))
        })
    ) {
        let truth = after(&events);
        let seen = (truth.status == Status::Active).then(|| Seen {
            room: RoomRef {
                name: "daily".into(),
                sid: truth.sid.clone().unwrap(),
                began: truth.began,
            },
            stays: truth.present.iter().map(|stay| (stay.clone(), true)).collect(),
            made: Vec::new(),
        });
        let heard = after(&heard);
        let healed = reconcile(&heard, seen.as_ref()).unwrap_or(heard);
        if truth.status == Status::Active {
            prop_assert_eq!(&healed.sid, &truth.sid);
            prop_assert_eq!(&healed.present, &truth.present);
        }
        prop_assert_ne!(healed.status == Status::Active, truth.status != Status::Active);
    }
}
