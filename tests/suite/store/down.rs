//! A store that does not answer, and one that answers again.

use std::time::{Duration, Instant};

use urbania::config::StoreSettings;
use urbania::store::{Meeting, Mongo, Sqlite, Store, StoreError};

use crate::support::docker::docker;
use crate::support::mongo::TestMongo;

/// Whether each kind of call says that the store is unavailable, and soon enough for a 503.
async fn is_down(store: &dyn Store) {
    let began = Instant::now();
    let calls = tokio::join!(
        store.ping(),
        async { store.user_by_name("ada").await.map(drop) },
        async { store.room("r").await.map(drop) },
        async { store.rooms_of("ada").await.map(drop) },
        async { store.remove_room("r").await.map(drop) },
        async { store.channel("c").await.map(drop) },
        async { store.club("c").await.map(drop) },
        async { store.set_meeting("c", &Meeting::default()).await.map(drop) },
    );
    for answer in <[_; 8]>::from(calls) {
        assert!(
            matches!(answer, Err(StoreError::Unavailable(_))),
            "{answer:?}"
        );
    }
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
}

/// Waits until it answers again.
async fn heals(store: &dyn Store) {
    let answers = async {
        while store.ping().await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), answers)
        .await
        .expect("the store answers again");
    assert_eq!(store.room("r").await.unwrap(), None);
}

#[tokio::test]
async fn a_mongodb_that_falls_silent_is_unavailable_until_it_speaks() {
    let mongo = TestMongo::start().await;
    let store = mongo.store();
    store.ping().await.unwrap();
    docker(&["pause", &mongo.container]);
    is_down(&store).await;
    docker(&["unpause", &mongo.container]);
    heals(&store).await;
}

#[tokio::test]
async fn a_mongodb_that_is_not_there_is_unavailable() {
    let nobody = "mongodb://127.0.0.1:1/urbania".to_owned();
    is_down(&Mongo::new(nobody.into(), StoreSettings::default())).await;
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_unavailable_until_it_can() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("urbania.db");
    std::fs::create_dir(&path).unwrap();
    let store = Sqlite::new(path.clone());
    is_down(&store).await;
    std::fs::remove_dir(&path).unwrap();
    heals(&store).await;
}

#[tokio::test]
async fn a_wrong_password_of_mongodb_is_told_without_the_uri() {
    let mongo = TestMongo::start().await;
    let store = Mongo::new(mongo.uri_with("very-secret"), StoreSettings::default());
    let refused = store.users().await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
    assert!(!format!("{refused:?} {refused}").contains("very-secret"));
}
