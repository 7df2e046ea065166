//! Who hears of what, and how streams end.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;
use urbania::store::{Club, Lobby, Meeting};

use super::listen::{Heard, Listening};
use super::signed::{event, now, tell};
use super::{made, store};
use crate::support::api::{Api, PASSWORD, SESSION_SECRET, add_user, line};
use crate::support::store::StoreKind;
use crate::support::until::until;

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
async fn a_stream_on_which_nothing_happens_ends_with_its_user_too() {
    join_all(StoreKind::ALL.map(async |kind| {
        let api = Api::start_on(kind).await;
        let (_, bobs) = session(&api, "bob").await;
        let (_, carls) = session(&api, "carl").await;
        let mut bob = Listening::to(&api, &bobs, "").await;
        let mut carl = Listening::to(&api, &carls, "").await;
        assert_eq!(bob.heard().await.rooms(), [""; 0]);
        assert_eq!(carl.heard().await.rooms(), [""; 0]);
        assert!(store(&api).remove_user("bob").await.unwrap());
        let began = Instant::now();
        assert!(bob.next().await.is_none());
        assert!(began.elapsed() < Duration::from_secs(12), "{kind:?}");
        // Carl's has been judged as often and goes on.
        tell(
            &api,
            &event("1", "participant_joined", "daily", 1, Some(("carl", 1))),
        )
        .await;
        drop(carl);
        api.end().await;
    }))
    .await;
}

/// Tells of a room again and again until a stream that heard of it has ended.
async fn until_ended(api: &Api, stream: &mut Listening, room: &str) {
    let mut n = 0;
    until("the stream has ended", async || {
        n += 1;
        let kind = ["participant_joined", "participant_left"][usize::from(n % 2 == 0)];
        let who = Some(("zoe", u64::midpoint(n, n + 1)));
        tell(api, &event(&format!("{room} {n}"), kind, room, 1, who)).await;
        stream.next().await.is_none()
    })
    .await;
}

#[tokio::test]
async fn who_was_removed_or_may_no_longer_join_hears_nothing_more() {
    join_all(StoreKind::ALL.map(async |kind| {
        let api = Api::start_on(kind).await;
        let (bob, bobs) = session(&api, "bob").await;
        let (carl, carls) = session(&api, "carl").await;
        let mut club = Club {
            id: "novels".into(),
            name: "Novels".into(),
            moderator_id: "eve".into(),
            members: vec![bob],
            meeting: Meeting::default(),
        };
        let room = "reading-club-novels";
        api.store.put_club(&club).await.unwrap();
        made(&api, "daily", &api.ada, &[&carl]).await;
        let query = format!("?room={room}");
        let mut of_club = Listening::to(&api, &bobs, &query).await;
        let mut of_carl = Listening::to(&api, &carls, "").await;
        for (stream, room) in [(&mut of_club, room), (&mut of_carl, "daily")] {
            stream.heard().await;
            tell(&api, &event(room, "room_started", room, 1, None)).await;
            assert_eq!(stream.heard().await.name, "room_started");
        }

        club.members.clear();
        api.store.put_club(&club).await.unwrap();
        assert!(api.store.remove_user("carl").await.unwrap());
        until_ended(&api, &mut of_club, room).await;
        until_ended(&api, &mut of_carl, "daily").await;
        for (session, answer) in [
            (
                bobs,
                r#"403 {"detail":"Not a member of this reading club"}"#,
            ),
            (carls, r#"401 {"detail":"Could not validate credentials"}"#),
        ] {
            let again = api.request("GET", &format!("/api/livekit/events{query}"));
            let again = again.bearer_auth(session).send().await.unwrap();
            assert_eq!(line(again).await, answer);
        }
    }))
    .await;
}

#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let api = Api::start().await;
    // Believed for some more seconds: clocks may differ by a minute.
    let claims = json!({
        "iss": "urbania", "aud": "urbania-api", "sub": api.ada, "exp": now() - 52,
        "username": "ada", "roles": [],
    });
    let key = EncodingKey::from_secret(SESSION_SECRET.as_bytes());
    let session = encode(&Header::default(), &claims, &key).unwrap();
    let mut stream = Listening::to(&api, &session, "").await;
    stream.heard().await;
    assert!(stream.next().await.is_none());
    let again = api.request("GET", "/api/livekit/events");
    let again = again.bearer_auth(&session).send().await.unwrap();
    assert_eq!(line(again).await, r#"401 {"detail":"Token has expired"}"#);
}

#[tokio::test]
async fn who_waits_to_be_let_in_hears_nothing_of_the_room() {
    for kind in StoreKind::ALL {
        let api = Api::start_on(kind).await;
        let (bob, bobs) = session(&api, "bob").await;
        made(&api, "daily", &api.ada, &[&bob]).await;
        made(&api, "talk", &api.ada, &[&bob]).await;
        let admit = async |admitted: &[&String]| {
            let mut room = api.store.room("talk").await.unwrap().unwrap();
            let admitted = admitted.iter().map(ToString::to_string).collect();
            room.lobby = Some(Lobby { admitted });
            assert!(api.store.replace_room(&room).await.unwrap());
        };
        admit(&[]).await;
        tell(&api, &event("1", "room_started", "talk", 1, None)).await;
        let mut mine = Listening::to(&api, &bobs, "").await;
        assert_eq!(mine.heard().await.rooms(), [""; 0]);

        let joined = |id: &str, room: &str, who: &str, since: u64| {
            event(id, "participant_joined", room, 1, Some((who, since)))
        };
        tell(&api, &joined("2", "talk", "ann", 1)).await;
        admit(&[&bob]).await;
        tell(&api, &joined("3", "talk", "ben", 2)).await;
        assert_eq!(mine.heard().await.short(), ("participant_joined", "ben"));
        admit(&[]).await;
        tell(&api, &joined("4", "talk", "cid", 3)).await;
        tell(&api, &joined("5", "daily", "dan", 4)).await;
        assert_eq!(mine.heard().await.short(), ("room_started", ""));
        assert_eq!(mine.heard().await.short(), ("participant_joined", "dan"));
    }
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
