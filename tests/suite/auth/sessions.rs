//! Another secret for sessions, while people stay logged in.

use insta::assert_snapshot;

use super::table;
use crate::support::api::{Api, SESSION_SECRET};

const NEW: &str = "the new session secret of the tests, long enough";
const STRANGE: &str = "a secret of somebody else's, long enough";

#[tokio::test]
async fn sessions_outlive_the_secret_until_it_is_no_longer_a_previous_one() {
    let api = Api::start_with(|config| {
        config.session_secret = NEW.into();
        config.auth.previous_sessions = vec![STRANGE.into(), SESSION_SECRET.into()];
    })
    .await;
    let user = api.store.user_by_id(&api.ada).await.unwrap().unwrap();
    let session = |secret: &str| {
        let sessions = urbania::auth::Sessions::new(&secret.into(), &[]);
        let session = sessions.issue(&user, super::now()).unwrap();
        secrecy::ExposeSecret::expose_secret(&session).to_owned()
    };
    let tokens = [
        ("new", session(NEW)),
        ("previous", session(SESSION_SECRET)),
        ("of nobody", session("another secret, which was never ours")),
    ];
    assert_snapshot!(table(&api, &tokens).await.replace(&api.ada, "[id]"), @r#"
    new: 200 {"id":"[id]","username":"ada","roles":["admin"]}
    previous: 200 {"id":"[id]","username":"ada","roles":["admin"]}
    of nobody: 401 {"detail":"Could not validate credentials"}
    "#);
    let issued = api.session().await;
    let done = urbania::auth::Sessions::new(&NEW.into(), &[]);
    assert!(
        done.verify(&issued, super::now()).is_ok(),
        "new sessions are of the new secret"
    );
    assert!(done.verify(&tokens[1].1, super::now()).is_err());
}
