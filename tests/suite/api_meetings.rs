//! Booky's contract, on both stores, with the real SFU.

use std::fmt::Write as _;
use std::time::Duration;

use futures_util::future::join_all;
use insta::assert_snapshot;
use jiff::Timestamp;
use reqwest::Response;
use serde_json::{Value, json};
use urbania::api::ApiConfig;
use urbania::context::Clock;
use urbania::livekit::room_service::NewRoom;
use urbania::store::{Club, Meeting};

use crate::support::api::{Api, add_user, line, livekit_claims, show};
use crate::support::browser::Participant;
use crate::support::page_server::PageServer;
use crate::support::ports::Ports;
use crate::support::sfu::TestSfu;
use crate::support::sfu_kind::{Kind, on_every_sfu};
use crate::support::store::StoreKind;
use crate::support::until::until;

const CLUB: &str = "65b8f0c2a1d4e5f607182930";
const ROOM: &str = "reading-club-65b8f0c2a1d4e5f607182930";
const FOREIGN: &str = "65b8f0c2a1d4e5f607182931";
const UNKNOWN: &str = "65b8f0c2a1d4e5f607182932";
const BASE: &str = "/api/reading-clubs/meeting";

on_every_sfu!(
    every_route_answers_as_the_contract_says,
    start_makes_the_room_once,
    what_a_crash_left_undone_is_done_by_asking_again,
    a_member_who_is_early_waits_in_the_room_that_start_takes,
    who_is_early_has_a_room_also_when_the_sfu_makes_none_by_itself,
    whoever_is_there_is_counted_by_the_sfu_and_sent_away_at_the_end,
    without_the_sfu_nothing_begins_or_ends_and_the_club_stays_as_it_was,
);

/// A running API with a club that Ada moderates and Bob is a member of, and one that knows neither.
struct Clubs {
    api: Api,
    bob: String,
    /// Ada's and Bob's.
    sessions: [String; 2],
}

impl Clubs {
    async fn start(kind: StoreKind, change: impl FnOnce(&mut ApiConfig)) -> Self {
        let api = Api::start_on_with(kind, change).await;
        let bob = add_user(api.store.as_ref(), "bob", &[]).await;
        for (id, moderator, member) in [(CLUB, &*api.ada, &*bob), (FOREIGN, "eve", "mallory")] {
            let club = Club {
                id: id.into(),
                name: "Novels of 1900".into(),
                moderator_id: moderator.into(),
                members: vec![member.into()],
                meeting: Meeting::default(),
            };
            api.store.put_club(&club).await.unwrap();
        }
        let sessions = [api.session().await, api.session_of("bob").await];
        Self { api, bob, sessions }
    }

    async fn with(kind: StoreKind, sfu: &TestSfu) -> Self {
        let reach = sfu.reach();
        Self::start(kind, |config| config.reach = reach).await
    }

    fn session(&self, user: &str) -> &str {
        &self.sessions[usize::from(user == "bob")]
    }

    async fn ask(&self, user: &str, method: &str, path: &str) -> Response {
        let request = self.api.request(method, &format!("{BASE}/{path}"));
        request
            .bearer_auth(self.session(user))
            .send()
            .await
            .unwrap()
    }

    async fn told(&self, user: &str, method: &str, path: &str) -> String {
        self.shown(self.ask(user, method, path).await).await
    }

    /// A good answer.
    async fn done(&self, user: &str, method: &str, path: &str) -> Value {
        let answer = self.ask(user, method, path).await;
        assert_eq!(answer.status(), 200, "{user} {method} {path}");
        answer.json().await.unwrap()
    }

    async fn start_meeting(&self) -> Value {
        self.done("ada", "POST", &format!("{CLUB}/start")).await
    }

    async fn end_meeting(&self) -> Value {
        self.done("ada", "POST", &format!("{CLUB}/end")).await
    }

    async fn status(&self) -> Value {
        self.done("bob", "GET", &format!("{CLUB}/status")).await
    }

    async fn token(&self, user: &str, body: &Value) -> Response {
        let request = self.api.request("POST", &format!("{BASE}/token"));
        let request = request.bearer_auth(self.session(user)).json(body);
        request.send().await.unwrap()
    }

    async fn club(&self) -> Club {
        self.api.store.club(CLUB).await.unwrap().unwrap()
    }

    /// In one line, without what is another one in every run.
    async fn shown(&self, answer: Response) -> String {
        let text = line(answer).await;
        let Some((status, Ok(mut body))) = text
            .split_once(' ')
            .map(|(status, body)| (status, serde_json::from_str::<Value>(body)))
        else {
            return text;
        };
        for key in ["token", "startedAt", "endedAt", "duration"] {
            if body[key].is_string() || body[key].is_number() {
                body[key] = format!("[{key}]").into();
            }
        }
        format!("{status} {body}")
    }
}

fn time(answer: &Value, key: &str) -> Timestamp {
    let text = answer[key].as_str().unwrap();
    assert_eq!(text.len(), "2026-01-31T12:00:00.000Z".len(), "{text}");
    text.parse().unwrap()
}

async fn every_route_answers_as_the_contract_says(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let clubs = Clubs::with(kind.store(), &sfu).await;
    let mut table = String::new();
    for (user, method, path) in [
        ("bob", "GET", format!("{CLUB}/status")),
        ("bob", "POST", format!("{CLUB}/start")),
        ("ada", "POST", format!("{FOREIGN}/start")),
        ("ada", "POST", format!("{UNKNOWN}/start")),
        ("ada", "POST", format!("{CLUB}/start")),
        ("ada", "POST", format!("{CLUB}/start")),
        ("bob", "GET", format!("{CLUB}/status")),
        ("ada", "GET", format!("{FOREIGN}/status")),
        ("ada", "GET", format!("{UNKNOWN}/status")),
        ("bob", "POST", format!("{CLUB}/end")),
        ("ada", "POST", format!("{FOREIGN}/end")),
        ("ada", "POST", format!("{UNKNOWN}/end")),
        ("ada", "POST", format!("{CLUB}/end")),
        ("ada", "POST", format!("{CLUB}/end")),
        ("bob", "GET", format!("{CLUB}/status")),
        (
            "ada",
            "POST",
            format!("{}/start", &CLUB.replace('6', "%36")),
        ),
        ("ada", "POST", format!("{CLUB}/end")),
    ] {
        let told = clubs.told(user, method, &path).await;
        writeln!(table, "{user} {method} {path}: {told}").unwrap();
    }
    for (user, body) in [
        (
            "ada",
            json!({"readingClubId": CLUB, "participantName": "Ada L."}),
        ),
        (
            "bob",
            json!({"readingClubId": CLUB, "participantName": "Bob"}),
        ),
        (
            "ada",
            json!({"readingClubId": FOREIGN, "participantName": "Ada"}),
        ),
        (
            "ada",
            json!({"readingClubId": UNKNOWN, "participantName": "Ada"}),
        ),
        (
            "ada",
            json!({"readingClubId": "none", "participantName": "Ada"}),
        ),
        ("ada", json!({"readingClubId": "", "participantName": null})),
        ("ada", json!({"participantName": 7})),
        ("ada", json!([])),
        (
            "ada",
            json!({"readingClubId": "x".repeat(244), "participantName": "Ada"}),
        ),
        (
            "ada",
            json!({"readingClubId": CLUB, "participantName": "x".repeat(257)}),
        ),
    ] {
        let told = clubs.shown(clubs.token(user, &body).await).await;
        let body = body.to_string();
        writeln!(table, "{user} token {body:.60}: {told}").unwrap();
    }
    assert_snapshot!("meetings", table);
}

#[tokio::test]
async fn refusals_are_one_text() {
    for kind in StoreKind::ALL {
        let clubs = Clubs::start(kind, |_| {}).await;
        let mut said = String::new();
        for (method, path) in [
            ("GET", "token"),
            ("GET", &*format!("{CLUB}/start")),
            ("POST", &*format!("{CLUB}/status")),
            ("GET", "nowhere"),
            ("GET", "a/b/c"),
            ("GET", "%FF/status"),
            ("GET", &*format!("{}/status", "x".repeat(244))),
        ] {
            let answer = show(clubs.ask("ada", method, path).await).await;
            writeln!(said, "{method} {path:.40}\n{answer}\n").unwrap();
        }
        for (method, path) in [
            ("POST", "token"),
            ("POST", &*format!("{CLUB}/start")),
            ("POST", &*format!("{CLUB}/end")),
            ("GET", &*format!("{CLUB}/status")),
        ] {
            let request = clubs.api.request(method, &format!("{BASE}/{path}"));
            let answer = show(request.send().await.unwrap()).await;
            writeln!(said, "{method} {path}, nobody\n{answer}\n").unwrap();
        }
        for (what, media_type, body) in [
            ("no JSON", "application/json", "{".to_owned()),
            ("another type", "text/plain", "{}".to_owned()),
            ("too large", "application/json", " ".repeat(65 * 1024)),
            ("nothing", "application/json", String::new()),
        ] {
            let request = clubs.api.request("POST", &format!("{BASE}/token"));
            let request = request.bearer_auth(clubs.session("ada")).body(body);
            let request = request.header("content-type", media_type);
            let answer = show(request.send().await.unwrap()).await;
            writeln!(said, "{what}\n{answer}\n").unwrap();
        }
        assert_snapshot!("refusals_are_one_text", said);
    }
}

#[tokio::test]
async fn a_token_lasts_six_hours_and_makes_the_moderator_an_admin() {
    for kind in StoreKind::ALL {
        // Whatever tokens of others last.
        let clubs = Clubs::start(kind, |config| config.token_ttl = Duration::from_hours(1)).await;
        for (user, id, moderates) in [("ada", &clubs.api.ada, true), ("bob", &clubs.bob, false)] {
            let body = json!({"readingClubId": CLUB, "participantName": "Somebody"});
            let answer: Value = clubs.token(user, &body).await.json().await.unwrap();
            let mut claims = livekit_claims(answer["token"].as_str().unwrap());
            let lasts = claims["exp"].as_u64().unwrap() - claims["nbf"].as_u64().unwrap();
            assert_eq!(lasts, 6 * 60 * 60);
            for name in ["jti", "exp", "nbf"] {
                claims.as_object_mut().unwrap().remove(name);
            }
            let mut video = json!({
                "room": ROOM, "roomJoin": true, "canPublish": true, "canSubscribe": true,
                "canPublishData": true, "canUpdateOwnMetadata": true,
            });
            if moderates {
                video["roomAdmin"] = true.into();
                video["roomRecord"] = true.into();
            }
            assert_eq!(
                claims,
                json!({
                    "iss": "APItest", "sub": id, "name": "Somebody", "video": video,
                    "roomConfig": {"emptyTimeout": 600, "maxParticipants": 50},
                })
            );
        }
    }
}

async fn start_makes_the_room_once(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let clubs = Clubs::with(kind.store(), &sfu).await;
    let starts = (0..8).map(|_| clubs.start_meeting());
    let answers = join_all(starts).await;
    let started = time(&answers[0], "startedAt");
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );

    let room = sfu.rooms().get(ROOM).await.unwrap().unwrap();
    assert_eq!((room.empty_timeout, room.max_participants), (600, 50));
    let metadata: Value = serde_json::from_str(&room.metadata).unwrap();
    assert_eq!(
        metadata,
        json!({
            "clubId": CLUB, "clubName": "Novels of 1900", "moderatorId": clubs.api.ada,
            "startedAt": answers[0]["startedAt"],
        })
    );
    let stored = Meeting {
        active: true,
        started_at: Some(started),
        ..Meeting::default()
    };
    assert_eq!(clubs.club().await.meeting, stored);

    let ended = clubs.end_meeting().await;
    let stored = Meeting {
        active: false,
        ended_at: Some(time(&ended, "endedAt")),
        last_duration: ended["duration"].as_u64(),
        ..stored
    };
    assert_eq!(clubs.club().await.meeting, stored);
    assert_eq!(clubs.end_meeting().await, ended);
    assert_eq!(sfu.rooms().get(ROOM).await.unwrap(), None);
}

async fn what_a_crash_left_undone_is_done_by_asking_again(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let clubs = Clubs::with(kind.store(), &sfu).await;
    let store = &clubs.api.store;
    // The room was made, the club was not written.
    let started = clubs.start_meeting().await;
    let active = clubs.club().await.meeting;
    assert!(store.set_meeting(CLUB, &Meeting::default()).await.unwrap());
    assert_eq!(clubs.status().await["isActive"], true);
    assert_eq!(clubs.start_meeting().await, started);
    assert_eq!(clubs.club().await.meeting, active);
    // The same, and the meeting is ended next.
    assert!(store.set_meeting(CLUB, &Meeting::default()).await.unwrap());
    clubs.end_meeting().await;
    let over = clubs.club().await.meeting;
    assert_eq!((over.active, over.started_at), (false, active.started_at));
    // The room was closed, the club was not written.
    let hour_ago = Clock::system().now() - jiff::SignedDuration::from_hours(1);
    let hour_ago = Timestamp::from_millisecond(hour_ago.as_millisecond()).unwrap();
    let began = Meeting {
        active: true,
        started_at: Some(hour_ago),
        ..over
    };
    assert!(store.set_meeting(CLUB, &began).await.unwrap());
    assert_eq!(clubs.status().await["isActive"], false);
    let duration = clubs.end_meeting().await["duration"].as_u64().unwrap();
    assert!((3600..3660).contains(&duration), "{duration}");
    assert!(!clubs.club().await.meeting.active);
}

async fn a_member_who_is_early_waits_in_the_room_that_start_takes(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let clubs = Clubs::with(kind.store(), &sfu).await;
    let early = NewRoom {
        name: ROOM.into(),
        ..NewRoom::default()
    };
    sfu.rooms().create(early).await.unwrap();
    let told = clubs.told("bob", "GET", &format!("{CLUB}/status")).await;
    assert_eq!(
        told,
        r#"200 {"isActive":false,"participantCount":0,"startedAt":null,"roomName":null}"#
    );
    let started = clubs.start_meeting().await;
    let room = sfu.rooms().get(ROOM).await.unwrap().unwrap();
    assert!(
        room.metadata
            .contains(started["startedAt"].as_str().unwrap())
    );
    assert_eq!(clubs.start_meeting().await, started);
    assert_eq!(clubs.status().await["startedAt"], started["startedAt"]);
    clubs.end_meeting().await;
}

async fn who_is_early_has_a_room_also_when_the_sfu_makes_none_by_itself(kind: Kind) {
    let none = "room: {auto_create: false}\n";
    let sfu = TestSfu::of_kind_on(kind, Ports::take(), None, none).await;
    let reach = sfu.reach();
    let clubs = Clubs::start(kind.store(), |config| {
        config.reach = reach;
        config.rooms.auto_create = false;
    })
    .await;
    let ask = json!({"readingClubId": CLUB, "participantName": "Bob"});
    assert_eq!(clubs.token("bob", &ask).await.status(), 200);
    let room = sfu.rooms().get(ROOM).await.unwrap().unwrap();
    assert_eq!((room.empty_timeout, room.max_participants), (600, 50));
    assert_eq!(clubs.status().await["isActive"], false);
    clubs.start_meeting().await;
    assert_eq!(clubs.token("bob", &ask).await.status(), 200);
    let begun = sfu.rooms().get(ROOM).await.unwrap().unwrap();
    assert_eq!(begun.sid, room.sid);
    assert!(begun.metadata.contains(CLUB), "{}", begun.metadata);
}

async fn whoever_is_there_is_counted_by_the_sfu_and_sent_away_at_the_end(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let pages = PageServer::start().await;
    let clubs = Clubs::with(kind.store(), &sfu).await;
    let body = json!({"readingClubId": CLUB, "participantName": "Bob"});
    let token: Value = clubs.token("bob", &body).await.json().await.unwrap();
    let bob = Participant::open(&pages).await;
    // Before the meeting begins: the room has its limits all the same.
    let identity = bob
        .join(&sfu.ws, token["token"].as_str().unwrap(), 1, 440)
        .await;
    assert_eq!(identity, clubs.bob);
    let room = sfu.rooms().get(ROOM).await.unwrap().unwrap();
    assert_eq!((room.empty_timeout, room.max_participants), (600, 50));
    clubs.start_meeting().await;
    until("Bob is counted", async || {
        let status = clubs.status().await;
        status["participantCount"] == 1 && status["isActive"] == true
    })
    .await;

    assert_eq!(clubs.end_meeting().await["success"], true);
    until("Bob is sent away", async || {
        bob.report().await.state == "disconnected"
    })
    .await;
    assert_eq!(sfu.rooms().participants(ROOM).await.unwrap(), []);
    let status = clubs.status().await;
    assert_eq!(
        status,
        json!({"isActive": false, "participantCount": 0, "startedAt": null, "roomName": null})
    );
    bob.close().await;
}

async fn without_the_sfu_nothing_begins_or_ends_and_the_club_stays_as_it_was(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let clubs = Clubs::with(kind.store(), &sfu).await;
    let never = clubs.club().await;
    clubs.start_meeting().await;
    let active = clubs.club().await;
    sfu.kill();

    for path in ["start", "status"] {
        let method = if path == "start" { "POST" } else { "GET" };
        let answer = clubs.ask("ada", method, &format!("{CLUB}/{path}")).await;
        assert_snapshot!(format!("meetings_{path}_without_sfu"), show(answer).await);
    }
    let ended = clubs.told("ada", "POST", &format!("{CLUB}/end")).await;
    assert_eq!(
        ended,
        r#"200 {"success":false,"endedAt":null,"duration":null}"#
    );
    assert_eq!(clubs.club().await, active);
    let store = &clubs.api.store;
    assert!(store.set_meeting(CLUB, &never.meeting).await.unwrap());
    let refused = clubs.ask("ada", "POST", &format!("{CLUB}/start")).await;
    assert_eq!(refused.status(), 503);
    assert_eq!(clubs.club().await, never);
    // A token needs no SFU.
    let body = json!({"readingClubId": CLUB, "participantName": "Bob"});
    assert_eq!(clubs.token("bob", &body).await.status(), 200);

    // The SFU comes back without the room.
    assert!(store.set_meeting(CLUB, &active.meeting).await.unwrap());
    sfu.start_again().await;
    assert_eq!(clubs.end_meeting().await["success"], true);
    assert!(!clubs.club().await.meeting.active);
}

#[tokio::test]
async fn without_keys_nothing_can_be_done() {
    for kind in StoreKind::ALL {
        let clubs = Clubs::start(kind, |config| config.pair = None).await;
        let mut said = String::new();
        let body = json!({"readingClubId": CLUB, "participantName": "Ada"});
        writeln!(said, "{}", line(clubs.token("ada", &body).await).await).unwrap();
        for (method, path) in [("POST", "start"), ("POST", "end"), ("GET", "status")] {
            let told = clubs.told("ada", method, &format!("{CLUB}/{path}")).await;
            writeln!(said, "{told}").unwrap();
        }
        assert_snapshot!("without_keys_nothing_can_be_done", said);
    }
}
