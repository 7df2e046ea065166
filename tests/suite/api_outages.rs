//! The store goes away under every contract, and comes back by itself.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use insta::assert_snapshot;
use reqwest::Response;
use serde_json::{Value, json};

use crate::sdk::{CHANNEL, CLUB, everything, id_token};
use crate::support::api::{Api, add_user, line};
use crate::support::docker::docker;
use crate::support::mongo::TestMongo;
use crate::support::sfu::TestSfu;
use crate::support::store::StoreKind;
use crate::support::until::until;

const OTHER: &str = "65b8f0c2a1d4e5f607182939";

/// A request, and what is answered when all is well.
#[derive(Clone)]
struct Ask {
    what: &'static str,
    /// Whether it is sent before the store goes, so that its answer is known for a moment.
    before: bool,
    method: &'static str,
    path: String,
    bearer: String,
    body: Value,
    well: u16,
}

impl Ask {
    fn new(what: &'static str, path: &str, bearer: &str, body: Value) -> Self {
        Self {
            what,
            before: false,
            method: if body.is_null() { "GET" } else { "POST" },
            path: path.into(),
            bearer: bearer.into(),
            body,
            well: 200,
        }
    }

    fn before(self) -> Self {
        Self {
            before: true,
            ..self
        }
    }

    fn well(self, well: u16) -> Self {
        Self { well, ..self }
    }

    async fn send(&self, api: &Api) -> Response {
        let request = api.request(self.method, &self.path);
        let request = request.bearer_auth(&self.bearer);
        let request = request.header("accept-language", "sw");
        let request = if self.body.is_null() {
            request
        } else {
            request.json(&self.body)
        };
        request.send().await.unwrap()
    }
}

/// Something of every contract.
struct Asks<'a> {
    api: &'a Api,
    session: String,
    phone: String,
}

const TOKEN: &str = "/api/livekit/token";
const SOURCE: &str = "/api/livekit/token-source";
const CALLS: &str = "/api/calls/livekit-token";
const CLUBS: &str = "/api/reading-clubs/meeting";
const SAMPLE: &str = "/api/connection-details";

impl Asks<'_> {
    fn urbania(&self, what: &'static str, room: &str) -> Ask {
        let body = json!({"room_name": room, "user_id": self.api.ada, "username": "Ada"});
        Ask::new(what, TOKEN, &self.session, body)
    }

    fn kraken(&self, what: &'static str, channel: &str) -> Ask {
        Ask::new(what, TOKEN, &self.session, json!({"roomId": channel}))
    }

    fn calls(&self, what: &'static str, room: &str) -> Ask {
        let body = json!({"roomName": room, "participantIdentity": "uid-of-ada"});
        Ask::new(what, CALLS, &self.phone, body)
    }

    fn club(&self, what: &'static str, club: &str) -> Ask {
        let body = json!({"readingClubId": club, "participantName": "Ada"});
        Ask::new(what, &format!("{CLUBS}/token"), &self.session, body)
    }

    fn meeting(&self, what: &'static str, action: &str, body: Value) -> Ask {
        Ask::new(
            what,
            &format!("{CLUBS}/{CLUB}/{action}"),
            &self.session,
            body,
        )
    }

    fn source(&self, what: &'static str, body: Value) -> Ask {
        Ask::new(what, SOURCE, &self.session, body).well(201)
    }

    /// What needs no lookup, or none again for a moment: that comes first.
    fn served(&self) -> Vec<Ask> {
        vec![
            self.urbania("urbania, a known room", "daily").before(),
            self.kraken("kraken, a known channel", CHANNEL).before(),
            self.calls("calls, a known room", "family").before(),
            self.club("meetings, a known club", CLUB).before(),
            self.source("source, a known room", json!({"room_name": "daily"}))
                .before(),
            self.source("source, a fresh room", json!({})),
            Ask::new(
                "source, a fresh room for a phone",
                SOURCE,
                &self.phone,
                json!({}),
            )
            .well(201),
            Ask::new("a sample app, a fresh room", SAMPLE, "", json!({})),
            Ask::new(
                "kraken, where the SFU is",
                "/api/livekit/connection-info",
                &self.session,
                Value::Null,
            ),
            Ask::new("kraken, its health", "/api/livekit/health", "", Value::Null),
        ]
    }

    fn others(&self) -> Vec<Ask> {
        vec![
            self.urbania("urbania, another room", "weekly"),
            self.kraken("kraken, another channel", OTHER).well(404),
            self.calls("calls, another room", "friends"),
            self.club("meetings, another club", OTHER).well(404),
            self.meeting("meetings, start", "start", json!({})),
            self.meeting("meetings, status", "status", Value::Null),
            self.meeting("meetings, end", "end", json!({})),
            self.source("source, another room", json!({"room_name": "monthly"})),
            Ask::new(
                "a sample app, another room",
                SAMPLE,
                "",
                json!({"roomName": "yearly"}),
            ),
            Ask::new(
                "urbania, its rooms",
                "/api/livekit/rooms",
                &self.session,
                Value::Null,
            ),
        ]
    }
}

#[tokio::test]
async fn without_the_store_each_contract_serves_what_needs_no_lookup_until_it_is_back() {
    let sfu = TestSfu::start(None).await;
    for kind in StoreKind::ALL {
        let api = everything(kind.open_to_go().await, |config| config.reach = sfu.reach()).await;
        let asks = Asks {
            session: api.session().await,
            phone: id_token(),
            api: &api,
        };
        let asks = [asks.served(), asks.others()].concat();
        for ask in asks.iter().filter(|ask| ask.before) {
            assert_eq!(ask.send(&api).await.status(), ask.well, "{}", ask.what);
        }
        api.opened.goes();
        let mut table = String::new();
        for ask in &asks {
            let answer = ask.send(&api).await;
            let told = if answer.status().is_success() {
                answer.status().to_string()
            } else {
                assert_eq!(answer.headers()["retry-after"], "2", "{}", ask.what);
                line(answer).await
            };
            writeln!(table, "{}: {told}", ask.what).unwrap();
        }
        assert_snapshot!("store_down", table);
        api.opened.comes_back();
        for ask in &asks {
            until(ask.what, async || {
                ask.send(&api).await.status().as_u16() == ask.well
            })
            .await;
        }
    }
}

#[tokio::test]
async fn a_store_that_falls_silent_is_waited_for_once_and_heals_by_itself() {
    const PATIENCE: Duration = Duration::from_secs(3);
    const A_MOMENT: Duration = Duration::from_secs(1);
    let mongo = TestMongo::start().await;
    let api = Api::start_with(|config| config.store = Arc::new(mongo.store())).await;
    add_user(&mongo.store(), "ada", &[]).await;
    let session = api.session().await;
    let asks = async |n: usize| {
        let began = Instant::now();
        let ask = || {
            api.request("GET", "/api/livekit/rooms")
                .bearer_auth(&session)
        };
        let answers = join_all((0..n).map(|_| ask().send())).await;
        for answer in answers {
            let answer = answer.unwrap();
            assert_eq!(answer.status(), 503);
            assert_eq!(answer.headers()["retry-after"], "2");
        }
        began.elapsed()
    };
    docker(&["pause", &mongo.container]);
    let first = asks(20).await;
    assert!(
        first >= PATIENCE && first < PATIENCE + A_MOMENT,
        "{first:?}"
    );
    let later = asks(100).await;
    assert!(later < A_MOMENT, "{later:?}");
    // Probes that find nobody change nothing.
    let began = Instant::now();
    until("the second probe is under way", async || {
        let again = asks(1).await;
        assert!(again < A_MOMENT, "{again:?}");
        began.elapsed() > PATIENCE + A_MOMENT
    })
    .await;
    docker(&["unpause", &mongo.container]);
    let back = Instant::now();
    until("the store is asked again", async || {
        let request = api.request("GET", "/api/livekit/rooms");
        request.bearer_auth(&session).send().await.unwrap().status() == 200
    })
    .await;
    assert!(back.elapsed() < A_MOMENT * 2, "{:?}", back.elapsed());
}
