//! The store goes away under every contract, and comes back by itself.

use std::fmt::Write as _;

use insta::assert_snapshot;
use reqwest::Response;
use serde_json::{Value, json};

use crate::sdk::{CHANNEL, CLUB, everything, id_token};
use crate::support::api::{Api, line};
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
