//! Rooms.

use std::sync::Arc;

use futures_util::future::join_all;
use jiff::Timestamp;
use urbania::store::{
    Call, CallType, Change, Lobby, MOST_ROOMS, Mode, Present, Room, Status, Store, StoreError,
};

use super::{ODD, longest};
use crate::support::store::{StoreKind, on_both};

fn room(name: &str) -> Room {
    Room {
        name: name.into(),
        created_by: "ada".into(),
        created_at: Timestamp::from_millisecond(1_800_000_000_123).unwrap(),
        call_type: CallType::default(),
        mode: Mode::default(),
        participants: Vec::new(),
        max_participants: 100,
        lobby: None,
        call: Call::default(),
        revision: 0,
    }
}

fn present(n: usize) -> Present {
    Present {
        identity: format!("user {n}"),
        sid: format!("PA_{n}"),
        since: i64::try_from(n).unwrap(),
    }
}

fn names(rooms: &[Room]) -> Vec<&str> {
    rooms.iter().map(|room| room.name.as_str()).collect()
}

#[tokio::test]
async fn rooms_are_kept_field_by_field_until_they_are_removed() {
    on_both(async |store| {
        let plain = room("plain");
        let full = Room {
            created_by: "$who".into(),
            call_type: CallType::Audio,
            mode: Mode::Webinar,
            participants: vec!["grace".into(), "o'hara \"ü\"".into(), "grace".into()],
            max_participants: u32::MAX,
            lobby: Some(Lobby {
                admitted: vec!["grace".into(), "o'hara \"ü\"".into()],
            }),
            call: Call {
                status: Status::Active,
                sid: Some("RM_1".into()),
                began: 1_700_000_000_123,
                gone: vec![present(99)],
                present: vec![present(2), present(1)],
            },
            ..room("full")
        };
        for room in [&plain, &full] {
            assert_eq!(store.room(&room.name).await.unwrap(), None);
            store.add_room(room).await.unwrap();
            assert_eq!(store.room(&room.name).await.unwrap().as_ref(), Some(room));
        }
        for unknown in ["Plain", "plain ", "", "%"] {
            assert_eq!(store.room(unknown).await.unwrap(), None, "{unknown:?}");
            assert!(!store.remove_room(unknown).await.unwrap(), "{unknown:?}");
        }
        assert!(store.remove_room("full").await.unwrap());
        assert!(!store.remove_room("full").await.unwrap());
        assert_eq!(store.room("full").await.unwrap(), None);
        assert_eq!(store.room("plain").await.unwrap(), Some(plain));
        assert!(store.rooms_of("grace").await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn one_process_goes_on_where_another_ended() {
    for kind in StoreKind::ALL {
        let opened = kind.open().await;
        opened.store.add_room(&room("first")).await.unwrap();
        for n in 0..3 {
            let other = opened.again();
            other.add_room(&room(&format!("next {n}"))).await.unwrap();
            assert!(other.room("first").await.unwrap().is_some(), "{kind:?}");
        }
        let list = opened.store.rooms_of("ada").await.unwrap();
        assert_eq!(names(&list), ["first", "next 0", "next 1", "next 2"]);
    }
}

#[tokio::test]
async fn odd_names_are_names_of_rooms_and_of_their_users() {
    on_both(async |store| {
        let all = || ODD.iter().map(ToString::to_string).chain([longest()]);
        for name in all() {
            let room = Room {
                participants: vec![name.clone()],
                ..room(&name)
            };
            store.add_room(&room).await.unwrap();
        }
        for name in all() {
            let found = store.room(&name).await.unwrap().unwrap();
            assert_eq!(found.name, name);
            assert_eq!(names(&store.rooms_of(&name).await.unwrap()), [&name]);
            assert!(store.replace_room(&found).await.unwrap());
            assert!(store.remove_room(&name).await.unwrap());
        }
    })
    .await;
}

#[tokio::test]
async fn of_many_creates_of_one_name_one_wins_and_the_others_change_nothing() {
    on_both(async |store| {
        let race = (0..8).map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                let room = Room {
                    created_by: format!("user {n}"),
                    ..room("race")
                };
                match store.add_room(&room).await {
                    Ok(()) => Some(room),
                    Err(StoreError::Taken) => None,
                    Err(e) => panic!("{e:?}"),
                }
            })
        });
        let ended = join_all(race).await;
        let winners: Vec<Room> = ended.into_iter().filter_map(Result::unwrap).collect();
        assert_eq!(winners.len(), 1, "{winners:?}");
        assert_eq!(store.room("race").await.unwrap().as_ref(), winners.first());
        for n in 0..8 {
            let user = format!("user {n}");
            let listed = store.rooms_of(&user).await.unwrap().len();
            assert_eq!(listed, usize::from(winners[0].created_by == user));
        }
    })
    .await;
}

#[tokio::test]
async fn a_room_is_replaced_only_at_the_revision_that_was_read() {
    on_both(async |store| {
        store.add_room(&room("r")).await.unwrap();
        let read = store.room("r").await.unwrap().unwrap();
        assert_eq!(read.revision, 0);
        let changed = Room {
            mode: Mode::Webinar,
            ..read.clone()
        };
        assert!(store.replace_room(&changed).await.unwrap());
        let stored = Some(Room {
            revision: 1,
            ..changed
        });
        assert_eq!(store.room("r").await.unwrap(), stored);
        assert!(!store.replace_room(&read).await.unwrap());
        assert!(!store.replace_room(&room("gone")).await.unwrap());
        assert_eq!(store.room("r").await.unwrap(), stored);
        assert_eq!(store.room("gone").await.unwrap(), None);
    })
    .await;
}

/// Adds somebody to a room, however often others are faster.
async fn enter(store: &dyn Store, n: usize) {
    loop {
        let mut room = store.room("busy").await.unwrap().unwrap();
        room.call.present.push(present(n));
        if store.replace_room(&room).await.unwrap() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_change_of_many_at_once_is_lost() {
    on_both(async |store| {
        store.add_room(&room("busy")).await.unwrap();
        let race = (0..8).map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                for n in 0..5 {
                    enter(store.as_ref(), task * 5 + n).await;
                }
            })
        });
        for ended in join_all(race).await {
            ended.unwrap();
        }
        let room = store.room("busy").await.unwrap().unwrap();
        assert_eq!(room.revision, 40);
        let mut there = room.call.present;
        there.sort_by_key(|p| p.sid[3..].parse::<usize>().unwrap());
        assert_eq!(there, (0..40).map(present).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn a_list_has_the_rooms_made_and_those_invited_to_the_newest_first() {
    on_both(async |store| {
        let add = async |name: &str, minute: i64, by: &str, participants: &[&str]| {
            let room = Room {
                created_by: by.into(),
                created_at: Timestamp::from_second(1_800_000_000 + 60 * minute).unwrap(),
                participants: participants.iter().map(ToString::to_string).collect(),
                ..room(name)
            };
            store.add_room(&room).await.unwrap();
        };
        add("made", 2, "grace", &[]).await;
        add("both", 3, "grace", &["grace", "ada", "grace"]).await;
        add("invited", 1, "ada", &["linus", "grace"]).await;
        add("open", 4, "ada", &[]).await;
        add("tie b", 5, "grace", &[]).await;
        add("tie a", 5, "grace", &[]).await;
        let list = async |user: &str| store.rooms_of(user).await.unwrap();
        let graces = list("grace").await;
        assert_eq!(
            names(&graces),
            ["tie a", "tie b", "both", "made", "invited"]
        );
        assert_eq!(names(&list("linus").await), ["invited"]);
        for nobody in ["", "Grace", "grac", "nobody", "$ne", "[]"] {
            assert_eq!(names(&list(nobody).await), [""; 0], "{nobody}");
        }
        // Who is no longer invited does not have it on the list, who is now does.
        let invited = store.room("invited").await.unwrap().unwrap();
        let changed = Room {
            participants: vec!["mary".into()],
            ..invited
        };
        assert!(store.replace_room(&changed).await.unwrap());
        assert_eq!(names(&list("linus").await), [""; 0]);
        assert_eq!(names(&list("mary").await), ["invited"]);
        assert_eq!(names(&list("ada").await), ["open", "both", "invited"]);
    })
    .await;
}

#[tokio::test]
async fn active_rooms_are_those_whose_call_is_active() {
    on_both(async |store| {
        for (name, status) in [
            ("b", Status::Active),
            ("created", Status::Created),
            ("ended", Status::Ended),
            ("a", Status::Active),
        ] {
            let mut room = room(name);
            room.call.status = status;
            store.add_room(&room).await.unwrap();
        }
        let active = store.active_rooms().await.unwrap();
        assert_eq!(names(&active), ["a", "b"]);
        let mut ended = active[0].clone();
        ended.call.status = Status::Ended;
        assert!(store.replace_room(&ended).await.unwrap());
        assert_eq!(names(&store.active_rooms().await.unwrap()), ["b"]);
    })
    .await;
}

#[tokio::test]
async fn a_list_is_never_longer_than_its_bound() {
    on_both(async |store: Arc<dyn Store>| {
        let all: Vec<Change> = (0..i64::try_from(MOST_ROOMS).unwrap() + 5)
            .map(|n| {
                Change::NewRoom(Room {
                    created_at: Timestamp::from_second(1_800_000_000 + n).unwrap(),
                    ..room(&format!("room {n}"))
                })
            })
            .collect();
        store.apply(&all).await.unwrap();
        let list = store.rooms_of("ada").await.unwrap();
        assert_eq!(list.len(), MOST_ROOMS);
        assert_eq!(list[0].name, format!("room {}", MOST_ROOMS + 4));
    })
    .await;
}

#[tokio::test]
async fn changes_are_made_in_order_up_to_one_that_is_overtaken() {
    on_both(async |store| {
        let moved = Room {
            mode: Mode::Webinar,
            ..room("one")
        };
        store
            .apply(&[Change::NewRoom(room("one")), Change::Room(moved.clone())])
            .await
            .unwrap();
        let one = store.room("one").await.unwrap().unwrap();
        assert_eq!((one.mode, one.revision), (Mode::Webinar, 1));
        for overtaken in [Change::Room(moved), Change::NewRoom(room("one"))] {
            let changes = [overtaken, Change::NewRoom(room("two"))];
            let refused = store.apply(&changes).await;
            assert!(matches!(refused, Err(StoreError::Taken)), "{refused:?}");
            assert_eq!(store.room("two").await.unwrap(), None);
            assert_eq!(store.room("one").await.unwrap().as_ref(), Some(&one));
        }
    })
    .await;
}
