//! What is answered over HTTP, and told over webhooks: the same by LiveKit and by the embedded SFU.

use std::future::IntoFuture as _;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use urbania::livekit::grants::VideoGrant;

use super::{token, token_with};
use crate::sfu::followed::until_published;
use crate::support::native::{Language, Native};
use crate::support::sfu::TestSfu;
use crate::support::sfu_kind::{Kind, on_every_sfu};
use crate::support::until::until;

on_every_sfu!(
    the_room_service_answers_with_every_field,
    requests_get_the_same_answers,
    webhooks_of_a_track_say_whose_it_is_and_no_more,
);

async fn the_room_service_answers_with_every_field(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    assert_eq!(
        asks(&sfu, "ListRooms", json!({})).await,
        json!({"rooms": []})
    );
    let body = json!({"name": "daily", "metadata": "m", "empty_timeout": 77});
    let room = asks(&sfu, "CreateRoom", body).await;
    assert_eq!(
        (
            &room["empty_timeout"],
            &room["num_participants"],
            &room["active_recording"]
        ),
        (&json!(77), &json!(0), &json!(false))
    );
    let anna = Native::join(Language::Node, &sfu.ws, &token(&sfu, "anna"), 1, 440).await;
    until_published(&sfu, "daily", "anna").await;
    let mut people = asks(&sfu, "ListParticipants", json!({"room": "daily"})).await;
    // Tracks come in any order, and those of sound have no layers.
    let tracks = people["participants"][0]["tracks"].as_array_mut().unwrap();
    tracks.retain(|track| track["type"] == "VIDEO");
    assert_eq!(tracks.len(), 1);
    let mute = json!({"room": "daily", "identity": "anna", "track_sid": "TR_lost", "muted": true});
    assert_eq!(
        asks(&sfu, "MutePublishedTrack", mute).await,
        json!({"track": null})
    );
    let told = json!({"room": "daily", "data": ""});
    assert_eq!(asks(&sfu, "SendData", told).await, json!({}));
    let fields = format!("{}\n{}", fields(&room), fields(&people));
    insta::assert_snapshot!("fields", fields);
    anna.kill().await;
}

async fn requests_get_the_same_answers(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let client = urbania::http::plain(Duration::from_secs(10)).unwrap();
    let anna = token(&sfu, "anna");
    let silent = VideoGrant {
        can_publish: Some(false),
        ..VideoGrant::join("daily")
    };
    let silent = token_with(&sfu, "anna", silent);
    let attributes = URL_SAFE.encode(r#"{"role": "host"}"#);
    for (path, status, text) in [
        (format!("/rtc/validate?access_token={anna}"), 200, "success"),
        (
            format!("//rtc/validate?access_token={anna}"),
            200,
            "success",
        ),
        (
            format!("/rtc/validate?access_token={anna}&attributes={attributes}"),
            401,
            "no permissions to access the room",
        ),
        (
            format!("/rtc/validate?access_token={silent}&publish=screen"),
            401,
            "no permissions to access the room",
        ),
        (
            format!("/rtc/validate?access_token={anna}&attributes=!"),
            400,
            "cannot decode attributes",
        ),
    ] {
        let answer = client
            .get(format!("{}{path}", sfu.base))
            .send()
            .await
            .unwrap();
        let answer = (answer.status().as_u16(), answer.text().await.unwrap());
        assert_eq!(answer, (status, text.to_owned()), "{path}");
    }
    let asked = client
        .request(
            Method::OPTIONS,
            format!("{}/twirp/livekit.RoomService/ListRooms", sfu.base),
        )
        .header("origin", "http://localhost:3000")
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type",
        );
    let allowed = asked.send().await.unwrap();
    let allowed = allowed.headers()["access-control-allow-headers"]
        .to_str()
        .unwrap();
    assert_eq!(
        allowed.to_lowercase().replace(' ', ""),
        "authorization,content-type"
    );
    let numbered = json!({"room": "daily", "data": "", "nonce": "eA=="});
    let refused = asks(&sfu, "SendData", numbered).await;
    assert_eq!(refused["code"], "invalid_argument");
}

async fn webhooks_of_a_track_say_whose_it_is_and_no_more(kind: Kind) {
    let (event, mut events) = mpsc::channel(99);
    let hear = async move |body: Bytes| {
        let heard: Value = serde_json::from_slice(&body).unwrap();
        event.send(heard).await.unwrap();
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = axum::serve(listener, Router::new().fallback(hear));
    tokio::spawn(serving.into_future());
    let sfu = TestSfu::of(kind, Some(url)).await;
    let anna = Native::join(Language::Node, &sfu.ws, &token(&sfu, "anna"), 1, 440).await;
    let mut until_told = async |what: &str| loop {
        let event = tokio::time::timeout(Duration::from_secs(20), events.recv()).await;
        let event = event.expect("an event in time").unwrap();
        if event["event"] == what {
            break event;
        }
    };
    let joined = until_told("participant_joined").await;
    let published = until_told("track_published").await;
    let sid = &joined["participant"]["sid"];
    assert_eq!(
        published["participant"],
        json!({"sid": sid, "identity": "anna"})
    );
    until("they are out", async || {
        sfu.rooms().remove("daily", "anna").await.is_ok()
    })
    .await;
    let unpublished = until_told("track_unpublished").await;
    assert_eq!(unpublished["participant"], published["participant"]);
    anna.kill().await;
}

/// What the room service answers to somebody who may do everything, in JSON.
async fn asks(sfu: &TestSfu, method: &str, body: Value) -> Value {
    let grant = VideoGrant {
        room_create: true,
        room_list: true,
        room_admin: true,
        ..VideoGrant::join("daily")
    };
    let url = format!("{}/twirp/livekit.RoomService/{method}", sfu.base);
    let client = urbania::http::plain(Duration::from_secs(10)).unwrap();
    let request = client
        .post(url)
        .bearer_auth(token_with(sfu, "admin", grant));
    let answer = request.json(&body).send().await.unwrap();
    answer.json().await.unwrap()
}

/// The names of all fields, in their order, of lists those of the first member. Versions are LiveKit's own.
fn fields(answer: &Value) -> String {
    match answer {
        Value::Object(fields) if fields.is_empty() => "{}".into(),
        Value::Object(all) => {
            let all = all.iter().map(|(name, value)| match fields(value) {
                of if of.is_empty() || name == "version" => name.clone(),
                of => format!("{name}: {of}"),
            });
            format!("{{{}}}", all.collect::<Vec<_>>().join(", "))
        }
        Value::Array(all) => format!("[{}]", all.first().map(fields).unwrap_or_default()),
        _ => String::new(),
    }
}
