//! Users.

use std::sync::Arc;

use jiff::Timestamp;
use secrecy::ExposeSecret;
use urbania::store::{Store, StoreError, User, new_id};

use super::{ODD, longest};
use crate::support::store::on_both;

fn user(name: &str) -> User {
    User {
        id: new_id(Timestamp::UNIX_EPOCH),
        username: name.into(),
        roles: vec!["admin".into(), "ü \"".into()],
        password_hash: "$argon2id$1".into(),
        created_at: Timestamp::from_millisecond(1_800_000_000_123).unwrap(),
    }
}

/// All that can be seen of a user.
fn seen(user: &User) -> (String, String, Vec<String>, String, Timestamp) {
    (
        user.id.clone(),
        user.username.clone(),
        user.roles.clone(),
        user.password_hash.expose_secret().to_owned(),
        user.created_at,
    )
}

#[tokio::test]
async fn users_are_kept_and_names_are_unique() {
    on_both(async |store| users(&store).await).await;
}

async fn users(store: &Arc<dyn Store>) {
    store.ping().await.unwrap();
    assert_eq!(store.users().await.unwrap().len(), 0);

    // Added and found, letter for letter.
    let ada = user("ada");
    let quoted = user("o'hara \"$ne\" ü");
    for user in [&ada, &quoted] {
        store.add_user(user).await.unwrap();
        let by_name = store.user_by_name(&user.username).await.unwrap().unwrap();
        let by_id = store.user_by_id(&user.id).await.unwrap().unwrap();
        assert_eq!(seen(&by_name), seen(user));
        assert_eq!(seen(&by_id), seen(user));
    }
    for unknown in ["Ada", "ada ", "", "%"] {
        assert!(store.user_by_name(unknown).await.unwrap().is_none());
        assert!(store.user_by_id(unknown).await.unwrap().is_none());
    }
    let names: Vec<_> = store.users().await.unwrap();
    assert_eq!(
        names.iter().map(|user| &user.username).collect::<Vec<_>>(),
        ["ada", "o'hara \"$ne\" ü"]
    );

    // A name belongs to one user, and the loser changes nothing.
    let imposter = store.add_user(&user("ada")).await;
    assert!(matches!(imposter, Err(StoreError::Taken)), "{imposter:?}");
    let kept = store.user_by_name("ada").await.unwrap().unwrap();
    assert_eq!(seen(&kept), seen(&ada));

    // Also when many try at once.
    let race: Vec<_> = (0..8)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.add_user(&user("racer")).await.is_ok() })
        })
        .collect();
    let mut winners = 0;
    for attempt in race {
        winners += usize::from(attempt.await.unwrap());
    }
    assert_eq!(winners, 1);

    let hash = "$argon2id$2".into();
    assert!(store.set_password("ada", &hash).await.unwrap());
    assert!(!store.set_password("nobody", &hash).await.unwrap());
    let changed = store.user_by_name("ada").await.unwrap().unwrap();
    assert_eq!(changed.password_hash.expose_secret(), "$argon2id$2");
    let other = store.user_by_id(&quoted.id).await.unwrap().unwrap();
    assert_eq!(other.password_hash.expose_secret(), "$argon2id$1");

    assert!(store.remove_user("ada").await.unwrap());
    assert!(!store.remove_user("ada").await.unwrap());
    assert!(store.user_by_id(&ada.id).await.unwrap().is_none());
    assert!(store.user_by_name("racer").await.unwrap().is_some());
}

#[tokio::test]
async fn odd_names_are_names() {
    on_both(async |store| {
        let all = || ODD.iter().map(ToString::to_string).chain([longest()]);
        for name in all() {
            store.add_user(&user(&name)).await.unwrap();
        }
        for name in all() {
            let found = store.user_by_name(&name).await.unwrap().unwrap();
            assert_eq!(found.username, name);
            assert!(store.remove_user(&name).await.unwrap());
            assert!(store.user_by_name(&name).await.unwrap().is_none());
        }
    })
    .await;
}
