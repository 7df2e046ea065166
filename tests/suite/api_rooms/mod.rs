//! Rooms in Urbania's contract: every row and rule, on both stores.

mod calls;
mod making;
mod outages;
mod reading;
mod reported;
mod tokens;

use std::fmt::Write as _;

use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use urbania::api::ApiConfig;
use urbania::context::Clock;
use urbania::store::{Present, Room};

use crate::support::api::{Api, add_user, line, livekit_claims, no_limits, show};
use crate::support::store::{StoreKind, TestStore};

/// Somebody with a session.
struct Person {
    id: String,
    session: String,
}

/// A running API with three users: Ada makes rooms, Bob is invited, Eve is not.
struct Party {
    api: Api,
    ada: Person,
    bob: Person,
    eve: Person,
}

impl Party {
    async fn on(kind: StoreKind) -> Self {
        Self::on_with(kind, |_| {}).await
    }

    async fn on_with(kind: StoreKind, change: impl FnOnce(&mut ApiConfig)) -> Self {
        Self::in_with(kind.open().await, change).await
    }

    /// In a store that can go away.
    async fn to_go(kind: StoreKind) -> Self {
        Self::in_with(kind.open_to_go().await, |config| {
            config.limits = no_limits();
        })
        .await
    }

    async fn in_with(opened: TestStore, change: impl FnOnce(&mut ApiConfig)) -> Self {
        let api = Api::start_in(opened, change).await;
        for name in ["bob", "eve"] {
            add_user(api.store.as_ref(), name, &[]).await;
        }
        Self {
            ada: person(&api, "ada").await,
            bob: person(&api, "bob").await,
            eve: person(&api, "eve").await,
            api,
        }
    }

    fn request(&self, who: &Person, method: &str, path: &str) -> RequestBuilder {
        self.api.request(method, path).bearer_auth(&who.session)
    }

    async fn get(&self, who: &Person, path: &str) -> Response {
        self.request(who, "GET", path).send().await.unwrap()
    }

    async fn post(&self, who: &Person, path: &str) -> Response {
        self.request(who, "POST", path).send().await.unwrap()
    }

    async fn delete(&self, who: &Person, path: &str) -> Response {
        self.request(who, "DELETE", path).send().await.unwrap()
    }

    /// `POST /api/livekit/rooms`.
    async fn make(&self, who: &Person, body: &Value) -> Response {
        let request = self.request(who, "POST", "/api/livekit/rooms");
        request.json(body).send().await.unwrap()
    }

    /// Makes a room of Ada's that must not be there yet.
    async fn made(&self, name: &str, participants: &[&str], call_type: &str, mode: &str) {
        let body = json!({
            "room_name": name, "participants": participants, "call_type": call_type, "mode": mode,
        });
        assert_eq!(self.make(&self.ada, &body).await.status(), 201);
    }

    /// `POST /api/livekit/token` for the own identity.
    async fn token(&self, who: &Person, room: &str) -> Response {
        let body = json!({"room_name": room, "user_id": who.id, "username": "somebody"});
        self.api.token(&who.session, &body).await
    }

    /// The `video` grant of a token that is answered.
    async fn grant(&self, answer: Response) -> Value {
        assert_eq!(answer.status(), 200);
        let body: Value = answer.json().await.unwrap();
        livekit_claims(body["token"].as_str().unwrap())["video"].clone()
    }

    /// Names for what differs from run to run.
    fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (person, name) in [
            (&self.ada, "[ada]"),
            (&self.bob, "[bob]"),
            (&self.eve, "[eve]"),
        ] {
            text = text.replace(&person.id, name);
        }
        text = with_values(&text, r#""created_at":""#, |time| {
            assert_is_time(time);
            "[time]"
        });
        with_values(&text, r#""token":""#, |_| "[token]")
    }

    async fn show(&self, answer: Response) -> String {
        self.redact(&show(answer).await)
    }

    async fn line(&self, answer: Response) -> String {
        self.redact(&line(answer).await)
    }

    /// Puts people into the call, as the SFU's reports would.
    async fn enter(&self, room: &str, people: &[&str]) {
        let mut room = self.stored(room).await.unwrap();
        room.call.status = urbania::store::Status::Active;
        room.call.present = people
            .iter()
            .map(|&identity| Present {
                identity: identity.into(),
                sid: format!("PA_{identity}"),
                ..Present::default()
            })
            .collect();
        assert!(self.api.store.replace_room(&room).await.unwrap());
    }

    async fn stored(&self, room: &str) -> Option<Room> {
        self.api.store.room(room).await.unwrap()
    }
}

async fn person(api: &Api, name: &str) -> Person {
    let session = api.session_of(name).await;
    let me = api.request("GET", "/api/auth/me").bearer_auth(&session);
    let me: Value = me.send().await.unwrap().json().await.unwrap();
    Person {
        id: me["id"].as_str().unwrap().to_owned(),
        session,
    }
}

/// Replaces what stands between `before` and the next quotation mark.
fn with_values(text: &str, before: &str, replace: impl Fn(&str) -> &'static str) -> String {
    let mut parts = text.split(before);
    let mut shown = parts.next().unwrap().to_owned();
    for part in parts {
        let (value, rest) = part.split_once('"').unwrap();
        write!(shown, "{before}{}\"{rest}", replace(value)).unwrap();
    }
    shown
}

/// `2026-01-31T12:00:00.000Z`, of this minute.
fn assert_is_time(text: &str) {
    let at: jiff::Timestamp = text.parse().unwrap();
    assert_eq!(format!("{at:.3}"), text);
    let age = Clock::system().now().as_second() - at.as_second();
    assert!((0..120).contains(&age), "{text}");
}
