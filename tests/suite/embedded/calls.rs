//! Calls between browsers, in both ways in which a client can be connected, and mixed.

use serde_json::{Value, json};

use super::{Connections, connect_as, page, token, token_with};
use crate::support::browser::Participant;
use crate::support::page_server::PageServer;
use crate::support::sfu::TestSfu;
use crate::support::sfu_kind::{Kind, on_both_sfus};
use crate::support::until::{until, until_ok};
use urbania::livekit::grants::VideoGrant;

on_both_sfus!(
    three_who_are_connected_in_different_ways_see_and_hear_each_other,
    layers_that_nobody_wants_are_not_sent,
    with_one_connection_everything_can_be_changed_in_mid_call,
    with_two_connections_everything_can_be_changed_in_mid_call,
    a_picture_comes_in_the_codec_that_its_sender_has_chosen_and_once,
);

async fn three_who_are_connected_in_different_ways_see_and_hear_each_other(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let pages = PageServer::start().await;
    let all = [
        ("anna", Connections::One, 1, 440),
        ("bert", Connections::Two, 2, 880),
        ("carl", Connections::One, 4, 1320),
    ];
    let mut there = Vec::new();
    for (name, connections, code, hertz) in all {
        let page = page(&pages, connections).await;
        page.join(&sfu.ws, &token(&sfu, name), code, hertz).await;
        there.push(page);
    }
    for (at, page) in there.iter().enumerate() {
        for (other, (name, _, code, hertz)) in all.into_iter().enumerate() {
            if other != at {
                page.sees_and_hears(name, code, hertz).await;
            }
        }
    }
    for page in &there {
        assert_eq!(page.report().await.events, [""; 0]);
    }
    for page in there {
        page.close().await;
    }
}

async fn layers_that_nobody_wants_are_not_sent(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let pages = PageServer::start().await;
    for connections in [Connections::One, Connections::Two] {
        let anna = page(&pages, connections).await;
        anna.choose(&json!({"dynacast": true})).await;
        anna.connect(&sfu.ws, &token(&sfu, "anna")).await;
        anna.publish_layers(1280, 720).await;
        let sends = async |layers: u32| {
            until_ok(&format!("{layers} layers"), async || {
                let sent = anna.act(&json!(["sentLayers", "camera"])).await;
                if sent == layers { Ok(()) } else { Err(sent) }
            })
            .await;
        };
        sends(0).await;
        let bert = page(&pages, connections).await;
        bert.connect(&sfu.ws, &token(&sfu, "bert")).await;
        sends(3).await;
        bert.act(&json!(["quality", "anna", "camera", 0])).await;
        sends(1).await;
        anna.close().await;
        bert.close().await;
    }
}

async fn with_one_connection_everything_can_be_changed_in_mid_call(kind: Kind) {
    changes(kind, Connections::One).await;
}

async fn with_two_connections_everything_can_be_changed_in_mid_call(kind: Kind) {
    changes(kind, Connections::Two).await;
}

async fn changes(kind: Kind, connections: Connections) {
    let sfu = TestSfu::of(kind, None).await;
    let pages = PageServer::start().await;
    let grant = VideoGrant {
        can_update_own_metadata: Some(true),
        ..VideoGrant::join("daily")
    };
    let anna = page(&pages, connections).await;
    anna.connect(&sfu.ws, &token_with(&sfu, "anna", grant))
        .await;
    let bert = page(&pages, connections).await;
    bert.connect(&sfu.ws, &token(&sfu, "bert")).await;
    anna.publish_layers(1280, 720).await;
    layers(&bert).await;
    muted_and_not(&anna, &bert).await;
    subscribed_and_not(&bert).await;
    data(&anna, &bert).await;
    described(&anna, &bert).await;
    anna.act(&json!(["unpublish", "camera"])).await;
    until_seen(&bert, "the camera is gone", |view| view.camera.is_none()).await;
    anna.close().await;
    until_gone(&bert).await;
    bert.close().await;
}

/// Both ways in which clients are connected, and the codecs on which they can agree.
async fn a_picture_comes_in_the_codec_that_its_sender_has_chosen_and_once(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let pages = PageServer::start().await;
    let bert = page(&pages, Connections::One).await;
    bert.connect(&sfu.ws, &token(&sfu, "bert")).await;
    let anna = page(&pages, Connections::Two).await;
    let ways = [
        (Connections::Two, "h264", "video/H264"),
        (Connections::One, "vp9", "video/VP9"),
        (Connections::One, "av1", "video/AV1"),
    ];
    for (connections, codec, mime) in ways {
        connect_as(&anna, connections).await;
        anna.connect(&sfu.ws, &token(&sfu, "anna")).await;
        anna.act(&json!(["publishIn", codec])).await;
        until_ok(mime, async || {
            let codec = bert.act(&json!(["codec", "anna", "camera"])).await;
            if codec == mime { Ok(()) } else { Err(codec) }
        })
        .await;
        until_seen(&bert, codec, |view| view.width == 640).await;
        moves(&bert).await;
        let known = bert.known("anna").await;
        assert_eq!(known["tracks"].as_array().unwrap().len(), 1, "{known}");
        anna.leave().await;
        until_gone(&bert).await;
    }
}

async fn until_gone(bert: &Participant) {
    until("anna is gone", async || {
        bert.known("anna").await == json!({})
    })
    .await;
}

/// What bert knows of anna's camera.
async fn track(bert: &Participant) -> Option<Value> {
    let known = bert.known("anna").await;
    let tracks = known["tracks"].as_array()?;
    tracks
        .iter()
        .find(|track| track["source"] == "camera")
        .cloned()
}

/// What bert has of anna.
#[derive(Debug)]
#[expect(dead_code, reason = "failures show all of it")]
struct View {
    width: u32,
    decoded: u64,
    camera: Option<Value>,
    state: String,
    events: Vec<String>,
}

async fn view(bert: &Participant) -> View {
    let report = bert.report().await;
    let seen = report.seen.get("anna");
    View {
        width: seen.map_or(0, |seen| seen.width),
        decoded: seen.map_or(0, |seen| seen.decoded),
        camera: track(bert).await,
        state: report.state,
        events: report.events,
    }
}

/// Waits until it is so of what bert has of anna.
async fn until_seen(bert: &Participant, what: &str, is_so: impl Fn(&View) -> bool) {
    until_ok(what, async || {
        let view = view(bert).await;
        if is_so(&view) { Ok(()) } else { Err(view) }
    })
    .await;
}

/// Pictures go on to come.
async fn moves(bert: &Participant) {
    let before = view(bert).await.decoded;
    let what = format!("more than {before} pictures");
    until_seen(bert, &what, |view| view.decoded > before + 5).await;
}

/// The size of the picture is what is asked for.
async fn layers(bert: &Participant) {
    let shows = async |width: u32| {
        until_seen(bert, &format!("{width} pixels"), |view| view.width == width).await;
        moves(bert).await;
    };
    until_seen(bert, "the camera", |view| view.camera.is_some()).await;
    shows(1280).await;
    for (quality, width) in [(0, 320), (1, 640), (2, 1280)] {
        bert.act(&json!(["quality", "anna", "camera", quality]))
            .await;
        shows(width).await;
    }
}

async fn muted_and_not(anna: &Participant, bert: &Participant) {
    for muted in [true, false] {
        anna.act(&json!(["mute", "camera", muted])).await;
        until_seen(bert, "bert knows", |view| is(view, "muted", muted)).await;
    }
    moves(bert).await;
}

async fn subscribed_and_not(bert: &Participant) {
    for wanted in [false, true] {
        bert.act(&json!(["subscribe", "anna", "camera", wanted]))
            .await;
        until_seen(bert, "it is so", |view| is(view, "subscribed", wanted)).await;
    }
    moves(bert).await;
}

fn is(view: &View, what: &str, so: bool) -> bool {
    view.camera
        .as_ref()
        .is_some_and(|camera| camera[what] == so)
}

async fn data(anna: &Participant, bert: &Participant) {
    anna.say("to nobody who is here", true, Some("carl")).await;
    anna.say("to bert", true, Some("bert")).await;
    anna.say("to all", true, None).await;
    // More than a channel takes at once.
    for number in 0..100 {
        let text = format!("{number} {}", "x".repeat(12_000));
        anna.say(&text, true, None).await;
    }
    let heard = until_ok("102 messages", async || {
        let heard = bert.heard().await;
        let count = heard.len();
        (count >= 102).then_some(heard).ok_or(count)
    })
    .await;
    assert!(heard.iter().all(|(from, _)| from == "anna"));
    let first: Vec<_> = heard
        .iter()
        .map(|(_, text)| text.split(' ').next().unwrap())
        .collect();
    let numbers = (0..100).map(|number| number.to_string());
    let expected: Vec<_> = ["to", "to"]
        .map(str::to_owned)
        .into_iter()
        .chain(numbers)
        .collect();
    assert_eq!(first, expected);
    anna.say("lossy", false, None).await;
    until("what may be lost, and hardly is", async || {
        bert.heard()
            .await
            .last()
            .is_some_and(|(_, text)| text == "lossy")
    })
    .await;
    bert.act(&json!(["answerCalls", "greet"])).await;
    let answer = anna.act(&json!(["call", "bert", "greet", "hello"])).await;
    assert_eq!(answer, "anna: hello");
}

async fn described(anna: &Participant, bert: &Participant) {
    anna.act(&json!(["attributes", {"seat": "7"}])).await;
    anna.act(&json!(["metadata", "about anna"])).await;
    until("bert knows", async || {
        let known = bert.known("anna").await;
        known["attributes"]["seat"] == "7" && known["metadata"] == "about anna"
    })
    .await;
}
