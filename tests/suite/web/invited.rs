//! Who is invited by name.

use serde_json::{Value, json};

use crate::support::api::{Api, add_user, line};
use crate::support::store::StoreKind;

async fn make(api: &Api, session: &str, invite: Value) -> String {
    let room = json!({
        "room_name": "daily", "participants": [], "invite": invite, "call_type": "video",
    });
    let asked = api.request("POST", "/api/livekit/rooms");
    let asked = asked.bearer_auth(session).json(&room).send().await;
    line(asked.unwrap()).await
}

#[tokio::test]
async fn people_are_invited_by_the_names_that_they_sign_in_with() {
    for kind in StoreKind::ALL {
        let api = Api::start_on(kind).await;
        let bob = add_user(api.store.as_ref(), "bob@example.org", &[]).await;
        let session = api.session().await;
        let strangers = json!(["eve", "bob@example.org", "zoe"]);
        assert_eq!(
            make(&api, &session, strangers).await,
            r#"400 {"detail":"Nobody is called eve, zoe"}"#
        );
        let twice = json!(["bob@example.org", "bob@example.org"]);
        let made = make(&api, &session, twice).await;
        assert!(made.starts_with("201 "), "{made}");
        assert!(
            made.contains(&format!(r#""participants":["{bob}"]"#)),
            "{made}"
        );
        let again = make(&api, &session, json!(["bob@example.org"])).await;
        assert!(again.starts_with("200 "), "{again}");
        let many = vec!["bob@example.org"; 101];
        assert_eq!(
            make(&api, &session, json!(many)).await,
            r#"400 {"detail":"invite has more than 100 entries"}"#
        );
    }
}
