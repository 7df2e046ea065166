//! Waiting rooms, and what only whoever made a room may do.

use serde_json::{Value, json};

use crate::sfu::listen::Listening;
use crate::sfu::signed::{event, tell};
use crate::support::api::{Api, add_user, line};
use crate::support::store::StoreKind;

const ROOM: &str = "/api/livekit/rooms/the%20talk";

struct People {
    api: Api,
    ada: String,
    bob: String,
    eve: String,
    bob_id: String,
}

impl People {
    /// Ada has made a room with a lobby, to which Bob is invited.
    async fn start(kind: StoreKind) -> Self {
        let api = Api::start_on(kind).await;
        let bob_id = add_user(api.store.as_ref(), "bob", &[]).await;
        add_user(api.store.as_ref(), "eve", &["admin"]).await;
        let people = Self {
            ada: api.session().await,
            bob: api.session_of("bob").await,
            eve: api.session_of("eve").await,
            api,
            bob_id,
        };
        let room = json!({
            "room_name": "the talk", "participants": [people.bob_id], "call_type": "video",
            "lobby": true,
        });
        let made = people.api.request("POST", "/api/livekit/rooms");
        let made = made.bearer_auth(&people.ada).json(&room).send().await;
        let made = made.unwrap();
        assert_eq!(made.status(), 201);
        assert_eq!(made.json::<Value>().await.unwrap()["lobby"], true);
        people
    }

    async fn ask(&self, session: &str, method: &str, path: &str) -> String {
        let request = self.api.request(method, &format!("{ROOM}{path}"));
        line(request.bearer_auth(session).send().await.unwrap()).await
    }

    /// What Bob is answered.
    async fn bob_asks(&self, method: &str, path: &str) -> String {
        let request = self.api.request(method, path).bearer_auth(&self.bob);
        line(request.send().await.unwrap()).await
    }

    fn waiting(&self) -> String {
        format!("/waiting/{}", self.bob_id)
    }
}

#[tokio::test]
async fn who_is_invited_waits_until_whoever_made_the_room_lets_them_in() {
    for kind in StoreKind::ALL {
        let people = People::start(kind).await;
        let (ada, bob) = (&people.ada, &people.bob);
        let nobody = r"200 []";
        assert_eq!(people.ask(ada, "GET", "/waiting").await, nobody);
        let waits = r#"202 {"status":"waiting"}"#;
        assert_eq!(people.ask(bob, "POST", "/join").await, waits);
        assert_eq!(people.ask(bob, "POST", "/join").await, waits);
        let shown = format!(r#"200 [{{"id":"{}","username":"bob"}}]"#, people.bob_id);
        assert_eq!(people.ask(ada, "GET", "/waiting").await, shown);
        let no_way_round = json!({
            "room_name": "the talk", "user_id": people.bob_id, "username": "bob",
        });
        assert_eq!(
            line(people.api.token(bob, &no_way_round).await).await,
            r#"403 {"detail":"Not let into this room yet"}"#
        );

        assert_eq!(people.ask(ada, "PUT", &people.waiting()).await, "204 ");
        assert_eq!(people.ask(ada, "PUT", &people.waiting()).await, "204 ");
        assert_eq!(people.ask(ada, "GET", "/waiting").await, nobody);
        let joined = people.ask(bob, "POST", "/join").await;
        assert!(joined.starts_with(r#"200 {"token":""#), "{joined}");
        let again = people.api.token(bob, &no_way_round).await;
        assert_eq!(again.status(), 200);
        let hers = people.ask(ada, "POST", "/join").await;
        assert!(hers.starts_with(r#"200 {"token":""#), "{hers}");
        let stored = people.api.opened.again().room("the talk").await;
        let lobby = stored.unwrap().unwrap().lobby.unwrap();
        assert_eq!(lobby.admitted, [people.bob_id]);
    }
}

#[tokio::test]
async fn who_is_turned_away_is_told_so() {
    let people = People::start(StoreKind::Sqlite).await;
    let (ada, bob) = (&people.ada, &people.bob);
    assert_eq!(
        people.ask(ada, "DELETE", &people.waiting()).await,
        r#"404 {"detail":"Nobody of that name waits"}"#
    );
    people.ask(bob, "POST", "/join").await;
    assert_eq!(people.ask(ada, "DELETE", &people.waiting()).await, "204 ");
    assert_eq!(
        people.ask(bob, "POST", "/join").await,
        r#"403 {"detail":"Not let into this room"}"#
    );
    assert_eq!(people.ask(ada, "GET", "/waiting").await, "200 []");
}

#[tokio::test]
async fn who_waits_hears_nothing_of_the_room_and_sees_nobody_in_it() {
    let people = People::start(StoreKind::Sqlite).await;
    let (api, bob) = (&people.api, &people.bob);
    let joined = |id, who| event(id, "participant_joined", "the talk", 1, Some((who, 1)));
    tell(api, &event("1", "room_started", "the talk", 1, None)).await;
    tell(api, &joined("2", &api.ada)).await;
    assert_eq!(
        people
            .bob_asks("GET", "/api/livekit/events?room=the%20talk")
            .await,
        r#"403 {"detail":"Not let into this room yet"}"#
    );
    let mut mine = Listening::to(api, bob, "").await;
    assert_eq!(mine.heard().await.rooms(), [""; 0]);
    let nobody = r#""active_participants":[]"#;
    for path in [ROOM, "/api/livekit/rooms"] {
        let shown = people.bob_asks("GET", path).await;
        assert!(shown.contains(nobody), "{shown}");
    }
    tell(api, &joined("3", "zoe")).await;

    assert_eq!(
        people.ask(&people.ada, "PUT", &people.waiting()).await,
        "204 "
    );
    let shown = people.bob_asks("GET", ROOM).await;
    assert!(shown.contains(&*api.ada), "{shown}");
    tell(api, &joined("4", "yan")).await;
    // That Zoe came was not for Bob.
    assert_eq!(mine.heard().await.short(), ("participant_joined", "yan"));
    let mut again = Listening::to(api, bob, "").await;
    assert_eq!(again.heard().await.rooms(), ["the talk"]);
}

#[tokio::test]
async fn only_who_made_the_room_is_its_host_and_strangers_are_told_of_no_room() {
    let people = People::start(StoreKind::Sqlite).await;
    for (method, path) in [
        ("GET", "/waiting"),
        ("PUT", "/waiting/x"),
        ("DELETE", "/waiting/x"),
        ("DELETE", "/participants/x"),
        ("POST", "/participants/x/mute"),
        ("PUT", "/participants/x/speaker"),
        ("DELETE", "/participants/x/speaker"),
    ] {
        assert_eq!(
            people.ask(&people.bob, method, path).await,
            r#"403 {"detail":"Only who made the room may do this"}"#,
            "{method} {path}"
        );
        assert_eq!(
            people.ask(&people.eve, method, path).await,
            r#"404 {"detail":"Room not found"}"#,
            "{method} {path}"
        );
        let stranger = people.ask("nonsense", method, path).await;
        assert!(stranger.starts_with("401 "), "{method} {path}: {stranger}");
    }
    for (method, answer) in [
        ("PUT", r#"403 {"detail":"Only the own hand can be raised"}"#),
        (
            "DELETE",
            r#"403 {"detail":"Only the own hand can be lowered"}"#,
        ),
    ] {
        let hand = people
            .ask(&people.bob, method, "/participants/x/hand")
            .await;
        assert_eq!(hand, answer);
    }
    assert_eq!(
        people.ask(&people.bob, "GET", "/participants").await,
        r#"404 {"detail":"Room not found"}"#,
        "who waits does not look in"
    );
    let long = "x".repeat(257);
    let answer = people
        .ask(&people.ada, "PUT", &format!("/waiting/{long}"))
        .await;
    assert_eq!(
        answer,
        r#"400 {"detail":"a name in the path is not 1 to 256 bytes long"}"#
    );
}

#[tokio::test]
async fn a_lobby_is_yes_or_no() {
    let api = Api::start().await;
    let session = api.session().await;
    let room = json!({"room_name": "r", "participants": [], "call_type": "video", "lobby": "yes"});
    let asked = api.request("POST", "/api/livekit/rooms");
    let asked = asked.bearer_auth(session).json(&room).send().await;
    assert_eq!(
        line(asked.unwrap()).await,
        r#"422 {"detail":[{"loc":["body","lobby"],"msg":"Input should be true or false","type":"literal_error"}]}"#
    );
}
