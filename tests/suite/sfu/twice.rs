//! One identity that asks for a second token while it is in the room.

use jiff::Timestamp;
use serde_json::json;
use urbania::auth::password::Passwords;
use urbania::config::DuplicateIdentity;
use urbania::store::User;

use super::signed::{event, tell};
use crate::support::api::{Api, PASSWORD, line, livekit_claims};

/// An API with this setting, where Ada is in the room `daily`.
async fn api(setting: DuplicateIdentity) -> (Api, String) {
    let api = Api::start_with(|config| config.duplicate_identity = setting).await;
    let joined = event("1", "participant_joined", "daily", 1, Some((&api.ada, 1)));
    tell(&api, &joined).await;
    let session = api.session().await;
    (api, session)
}

async fn ask(api: &Api, session: &str, room: &str) -> reqwest::Response {
    let body = json!({"room_name": room, "user_id": api.ada, "username": "Ada"});
    api.token(session, &body).await
}

async fn identity(api: &Api, session: &str, room: &str) -> String {
    let answer: serde_json::Value = ask(api, session, room).await.json().await.unwrap();
    let claims = livekit_claims(answer["token"].as_str().expect("a token"));
    claims["sub"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn warn_gives_the_token_and_marks_the_audit() {
    let (api, session) = api(DuplicateIdentity::Warn).await;
    assert_eq!(identity(&api, &session, "daily").await, api.ada);
    assert_eq!(identity(&api, &session, "weekly").await, api.ada);
    let log = api.end().await;
    let marked = |room: &str| {
        let room = format!("room=\"{room}\"");
        log.lines()
            .any(|line| line.contains(&room) && line.ends_with("repeated=replaces"))
    };
    assert!(marked("daily") && !marked("weekly"), "{log}");
}

#[tokio::test]
async fn refuse_answers_409_for_that_room_until_the_first_one_has_left() {
    let (api, session) = api(DuplicateIdentity::Refuse).await;
    assert_eq!(
        line(ask(&api, &session, "daily").await).await,
        r#"409 {"detail":"You are in this room already"}"#
    );
    assert_eq!(identity(&api, &session, "weekly").await, api.ada);
    tell(
        &api,
        &event("2", "participant_left", "daily", 1, Some((&api.ada, 1))),
    )
    .await;
    assert_eq!(identity(&api, &session, "daily").await, api.ada);
}

#[tokio::test]
async fn suffix_gives_nobody_an_identity_that_is_somebody_elses_second_one() {
    for (setting, status) in [
        (DuplicateIdentity::Suffix, 403),
        (DuplicateIdentity::Warn, 200),
    ] {
        let (api, _) = api(setting).await;
        let user = User {
            id: format!("{}~2", api.ada),
            username: "eve".into(),
            roles: Vec::new(),
            password_hash: Passwords::default().hash(PASSWORD.into()).await.unwrap(),
            created_at: Timestamp::UNIX_EPOCH,
        };
        api.store.add_user(&user).await.unwrap();
        let body = json!({"room_name": "daily", "user_id": user.id, "username": "Eve"});
        let answer = api.token(&api.session_of("eve").await, &body).await;
        assert_eq!(answer.status(), status);
    }
}

#[tokio::test]
async fn suffix_lets_the_same_caller_in_beside() {
    let (api, session) = api(DuplicateIdentity::Suffix).await;
    let second = format!("{}~2", api.ada);
    assert_eq!(identity(&api, &session, "daily").await, second);
    tell(
        &api,
        &event("2", "participant_joined", "daily", 1, Some((&second, 2))),
    )
    .await;
    assert_eq!(
        identity(&api, &session, "daily").await,
        format!("{}~3", api.ada)
    );
    // Nobody can ask for such an identity by name.
    let body = json!({"room_name": "daily", "user_id": second, "username": "Ada"});
    assert_eq!(api.token(&session, &body).await.status(), 403);
    let log = api.end().await;
    assert!(
        log.contains(&format!("who=\"{second}\"")) && log.contains("repeated=beside"),
        "{log}"
    );
}
