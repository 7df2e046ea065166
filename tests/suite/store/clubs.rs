//! Clubs and their meetings.

use jiff::Timestamp;
use urbania::store::{Club, Meeting};

use super::{ODD, longest};
use crate::support::store::on_both;

fn club(id: &str) -> Club {
    Club {
        id: id.into(),
        name: "Slow readers".into(),
        moderator_id: "ada".into(),
        members: ODD.iter().map(ToString::to_string).collect(),
        meeting: Meeting::default(),
    }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(1_800_000_000_123 + millis).unwrap()
}

#[tokio::test]
async fn clubs_are_kept_under_their_id() {
    on_both(async |store| {
        for id in ODD.iter().map(ToString::to_string).chain([longest()]) {
            assert_eq!(store.club(&id).await.unwrap(), None);
            let mut club = club(&id);
            store.put_club(&club).await.unwrap();
            assert_eq!(store.club(&id).await.unwrap().as_ref(), Some(&club));
            club.members.clear();
            club.moderator_id = "65f0c1a2b3d4e5f601234567".into();
            store.put_club(&club).await.unwrap();
            assert_eq!(store.club(&id).await.unwrap(), Some(club));
        }
    })
    .await;
}

#[tokio::test]
async fn a_meeting_is_stored_whole_and_outlives_a_change_of_the_club() {
    on_both(async |store| {
        let none = Meeting::default();
        assert!(!store.set_meeting("c", &none).await.unwrap());
        assert_eq!(store.club("c").await.unwrap(), None);
        store.put_club(&club("c")).await.unwrap();
        let going = Meeting {
            active: true,
            started_at: Some(at(0)),
            ..none.clone()
        };
        let over = Meeting {
            active: false,
            started_at: Some(at(0)),
            ended_at: Some(at(61_000)),
            last_duration: Some(5_000_000_000),
        };
        for meeting in [&going, &over, &none, &over, &going] {
            assert!(store.set_meeting("c", meeting).await.unwrap());
            let stored = store.club("c").await.unwrap().unwrap();
            assert_eq!(&stored.meeting, meeting);
            assert_eq!(stored.members, club("c").members);
        }
        let renamed = Club {
            name: "Quick readers".into(),
            ..club("c")
        };
        store.put_club(&renamed).await.unwrap();
        let stored = store.club("c").await.unwrap().unwrap();
        assert_eq!(stored.name, "Quick readers");
        assert_eq!(stored.meeting, going);
        // A new club has the meeting that it comes with.
        let new = Club {
            meeting: over,
            ..club("new")
        };
        store.put_club(&new).await.unwrap();
        assert_eq!(store.club("new").await.unwrap(), Some(new));
    })
    .await;
}
