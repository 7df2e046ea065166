//! Who hears of what, and how streams end.

use std::time::{Duration, Instant};

use serde_json::json;

use super::listen::{Heard, Listening};
use super::signed::{event, tell};
use super::{made, store};
use crate::support::api::{Api, PASSWORD, add_user, line};

async fn session(api: &Api, name: &str) -> (String, String) {
    let id = add_user(&*store(api), name, &[]).await;
    let pair = json!({"username": name, "password": PASSWORD});
    let answer = api.post("/api/auth/login", &pair).await;
    let answer: serde_json::Value = answer.json().await.unwrap();
    (id, answer["access_token"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn an_admin_hears_of_every_room_as_it_happens() {
    let api = Api::start().await;
    let mut all = Listening::to(&api, &api.session().await, "").await;
    assert_eq!(all.heard().await.data, json!({"rooms": []}));
    for event in [
        event("1", "participant_joined", "daily", 1, Some(("ada", 1))),
        event("2", "room_started", "daily", 1, None),
        event("3", "participant_joined", "daily", 1, Some(("bob", 2))),
        event("3", "participant_joined", "daily", 1, Some(("bob", 2))),
        event("4", "participant_left", "daily", 1, Some(("ada", 1))),
    ] {
        tell(&api, &event).await;
    }
    let mut track = event("5", "track_published", "daily", 1, Some(("bob", 2)));
    track["track"] = json!({"sid": "TR_1", "source": "CAMERA"});
    tell(&api, &track).await;
    tell(&api, &event("6", "room_finished", "daily", 1, None)).await;

    let mut heard = Vec::new();
    for _ in 0..7 {
        heard.push(all.heard().await);
    }
    let short: Vec<_> = heard.iter().map(Heard::short).collect();
    assert_eq!(
        short,
        [
            ("room_started", ""),
            ("participant_joined", "ada"),
            ("participant_joined", "bob"),
            ("participant_left", "ada"),
            ("track_published", "bob"),
            ("participant_left", "bob"),
            ("room_finished", ""),
        ]
    );
    let published = &heard[4].data;
    assert_eq!(
        published["track"],
        json!({"sid": "TR_1", "source": "camera"})
    );
    let keys: Vec<_> = published.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["id", "event", "room", "participant", "track", "at"]);
    let log = {
        drop(all);
        api.end().await
    };
    assert_eq!(
        log.matches("GET /api/livekit/events 200").count(),
        1,
        "{log}"
    );
}

#[tokio::test]
async fn others_hear_of_the_rooms_that_concern_them() {
    let api = Api::start().await;
    let (bob, bobs) = session(&api, "bob").await;
    let (_, eves) = session(&api, "eve").await;
    made(&api, "private", &api.ada, &[&bob]).await;
    made(&api, "public", &api.ada, &[]).await;
    tell(&api, &event("1", "room_started", "private", 1, None)).await;
    tell(&api, &event("2", "room_started", "public", 1, None)).await;

    let mut mine = Listening::to(&api, &bobs, "").await;
    assert_eq!(mine.heard().await.rooms(), ["private"]);
    let mut nothing = Listening::to(&api, &eves, "").await;
    assert_eq!(nothing.heard().await.rooms(), [""; 0]);
    let mut public = Listening::to(&api, &eves, "?room=public").await;
    assert_eq!(public.heard().await.rooms(), ["public"]);
    let refused = api
        .request("GET", "/api/livekit/events?room=private")
        .bearer_auth(&eves);
    assert_eq!(
        line(refused.send().await.unwrap()).await,
        r#"403 {"detail":"Not invited to this room"}"#
    );

    tell(
        &api,
        &event("3", "participant_joined", "private", 1, Some((&bob, 1))),
    )
    .await;
    tell(
        &api,
        &event("4", "participant_joined", "public", 1, Some(("zoe", 1))),
    )
    .await;
    tell(&api, &event("5", "room_finished", "private", 1, None)).await;
    assert_eq!(
        mine.heard().await.short(),
        ("participant_joined", bob.as_str())
    );
    assert_eq!(
        mine.heard().await.short(),
        ("participant_left", bob.as_str())
    );
    assert_eq!(mine.heard().await.short(), ("room_finished", ""));
    assert_eq!(public.heard().await.short(), ("participant_joined", "zoe"));
    // Eve's own list has still heard nothing: the end is what comes next.
    drop((mine, public));
    let ended = tokio::spawn(api.end());
    assert!(nothing.next().await.is_none());
    ended.await.unwrap();
}

#[tokio::test]
async fn streams_need_a_caller_and_end_with_the_server() {
    let mut api = Api::start().await;
    let nobody = api.request("GET", "/api/livekit/events").send().await;
    assert_eq!(
        line(nobody.unwrap()).await,
        r#"401 {"detail":"Not authenticated"}"#
    );
    let ada = api.session().await;
    let mut streams = Vec::new();
    for _ in 0..16 {
        let mut stream = Listening::to(&api, &ada, "").await;
        stream.heard().await;
        streams.push(stream);
    }
    let more = api.request("GET", "/api/livekit/events").bearer_auth(&ada);
    let more = more.send().await.unwrap();
    assert_eq!(more.status(), 429);
    assert_eq!(more.headers()["retry-after"], "10");
    // The others may listen.
    let (_, bert) = session(&api, "bert").await;
    let mut other = Listening::to(&api, &bert, "").await;
    other.heard().await;
    streams.push(other);

    let began = Instant::now();
    api.tell_to_end();
    for stream in &mut streams {
        assert!(stream.next().await.is_none());
    }
    api.end().await;
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn who_reads_too_slowly_is_told_what_was_missed_and_nobody_waits_for_them() {
    // Far more than the network holds for somebody who does not read.
    const MANY: usize = 2_500;
    let room = "\u{1}".repeat(256);
    let api = Api::start().await;
    let session = api.session().await;
    let mut slow = Listening::to(&api, &session, "").await;
    let mut quick = Listening::to(&api, &session, "").await;
    assert_eq!(quick.heard().await.rooms(), [""; 0]);
    let sid = |heard: &Heard| heard.data["participant"]["sid"].as_str().map(str::to_owned);
    // The same person, every time with another id.
    let joined = |n: usize| {
        let since = u64::try_from(n).unwrap();
        event(
            &format!("EV_{n}"),
            "participant_joined",
            &room,
            1,
            Some((&room, since + 1)),
        )
    };
    let expected: Vec<_> = (0..MANY)
        .map(|n| joined(n)["participant"]["sid"].as_str().unwrap().to_owned())
        .collect();

    let telling = async {
        for n in 0..MANY {
            tell(&api, &joined(n)).await;
        }
    };
    let hearing = async {
        let mut heard = Vec::new();
        while heard.len() < MANY {
            let next = quick.heard().await;
            assert_ne!(next.name, "lagged");
            if next.name == "participant_joined" {
                heard.extend(sid(&next));
            }
        }
        heard
    };
    let (heard, ()) = tokio::join!(hearing, telling);
    assert!(heard == expected, "each once, in order");

    assert_eq!(slow.heard().await.rooms(), [""; 0]);
    let mut heard = Vec::new();
    let lagged = loop {
        let next = slow.heard().await;
        match next.name.as_str() {
            "participant_joined" => heard.extend(sid(&next)),
            "lagged" => break next,
            _ => {}
        }
    };
    assert!(heard == expected[..heard.len()], "no gap before it is told");
    let missed = lagged.data["missed"].as_u64().unwrap();
    assert!(missed > 0 && heard.len() < MANY, "{missed}");
    // What is so now, and from then on what happens.
    let now = slow.heard().await;
    assert_eq!(now.rooms(), [room.as_str()]);
    assert_eq!(
        now.data["rooms"][0]["participants"][0]["sid"],
        expected[MANY - 1]
    );
    tell(&api, &event("EV_end", "room_finished", &room, 1, None)).await;
    assert_eq!(slow.heard().await.name, "participant_left");
    assert_eq!(slow.heard().await.name, "room_finished");
}
