use serde_json::{Value, json};

use super::*;
use crate::lab::cast::cast;
use crate::lab::record::Record;
use crate::lab::scenario::built_in;

/// A call of `ada`, `bela` and `chidi` in which all is well.
fn page(identity: &str) -> Value {
    let number = |who: &str| {
        ["ada", "bela", "chidi"]
            .iter()
            .position(|n| *n == who)
            .unwrap()
            + 1
    };
    let hertz = |who: &str| 330 + 70 * number(who);
    let stream = json!({
        "muted": false, "subscribed": true, "packets": 100, "lost": 0, "bytes": 1000, "jitter_ms": 1, "codec": null,
    });
    let others: serde_json::Map<_, _> = ["ada", "bela", "chidi"]
        .into_iter()
        .filter(|other| *other != identity)
        .map(|other| {
            let mut camera = json!({
                "decoded": 50, "keyframes": 1, "freezes": 0, "frozen_ms": 0, "width": 640, "height": 360,
                "read": {number(other).to_string(): 50}, "unread": 0, "first_at": 2000, "last_at": 9900, "gap_ms": 60,
                "latencies": [40],
            });
            let mut microphone = json!({"power": 0.1, "hertz": hertz(other)});
            for media in [&mut camera, &mut microphone] {
                let stream = stream.as_object().unwrap().clone();
                media.as_object_mut().unwrap().extend(stream);
            }
            (other.to_owned(), json!({"camera": camera, "microphone": microphone}))
        })
        .collect();
    let sent =
        json!({"error": null, "published": true, "muted": false, "packets": 100, "codec": null});
    json!({
        "at": 10_000, "began": 1000, "state": "connected", "events": [],
        "may": {"subscribe": true, "camera": true, "microphone": true},
        "connections": [{"state": "connected", "offered": ["udp 192.0.2.1:50000"], "path": null}],
        "own": {"camera": sent, "microphone": sent}, "others": others,
    })
}

/// What is said of `bela` seeing and hearing `ada` when these places of the two pages are otherwise.
fn said(ada: &[(&str, Value)], bela: &[(&str, Value)]) -> [String; 2] {
    let changed = |identity, changes: &[(&str, Value)]| {
        let mut page = page(identity);
        for (pointer, value) in changes {
            *page
                .pointer_mut(pointer)
                .unwrap_or_else(|| panic!("{pointer}")) = value.clone();
        }
        page
    };
    judged(Ok(300.0), &changed("ada", ada), &changed("bela", bela))
}

fn judged(joined: Joined, ada: &Value, bela: &Value) -> [String; 2] {
    let mut scenario = built_in("group").unwrap();
    scenario.seconds = 5;
    let members = cast(&scenario, Some(3)).unwrap();
    let mut record = Record::default();
    record.joined.insert("ada".into(), joined);
    record.joined.insert("bela".into(), Ok(300.0));
    for (who, page) in [("ada", ada), ("bela", bela)] {
        record.hear(who, serde_json::from_value(page.clone()).unwrap());
    }
    let party = |n: usize| Party {
        member: &members[n],
        joined: record.joined.get(&members[n].identity),
        told: record.told.get(&members[n].identity),
    };
    let pair = Pair {
        from: party(0),
        to: party(1),
        view: record.views.get(&("ada".to_owned(), "bela".to_owned())),
        members: &members,
        seconds: 5,
    };
    [sees(&pair), hears(&pair)].map(|verdict| match verdict {
        Ok(()) => "ok".to_owned(),
        Err(reason) => reason.to_string(),
    })
}

#[test]
fn all_is_well_where_the_right_picture_and_tone_arrive() {
    assert_eq!(said(&[], &[]), ["ok", "ok"]);
}

#[test]
fn what_the_sender_does_not_send_is_the_senders_fault() {
    let muted = [("/own/camera/muted", json!(true))];
    let [sees, hears] = said(&muted, &[("/others/ada/camera/packets", json!(0))]);
    assert_eq!(sees, "ada publishes no camera: muted at the source");
    assert_eq!(hears, "ok");
    let refused = [
        ("/own/microphone/published", json!(false)),
        ("/own/microphone/error", json!("insufficient permissions")),
    ];
    let why = "ada publishes no microphone: insufficient permissions";
    assert_eq!(said(&refused, &[])[1], why);
    let forbidden = [("/may/camera", json!(false))];
    let why = "ada may not publish a camera: its token does not allow it";
    assert_eq!(said(&forbidden, &[])[0], why);
    let stuck = [
        ("/own/camera/packets", json!(0)),
        ("/connections/0/state", json!("failed")),
    ];
    let why = "ada sends no packets of its camera: UDP does not get through to udp 192.0.2.1:50000 (the connection is failed)";
    assert_eq!(said(&stuck, &[])[0], why);
}

#[test]
fn what_does_not_reach_the_receiver_is_told_by_how_far_it_came() {
    let one = |pointer, value: Value| said(&[], &[(pointer, value)])[0].clone();
    assert_eq!(
        one("/may/subscribe", json!(false)),
        "bela may not subscribe (canSubscribe is false)"
    );
    assert_eq!(
        one("/others", json!({})),
        "the SFU does not tell bela of ada's camera"
    );
    assert_eq!(
        one("/others/ada/camera/subscribed", json!(false)),
        "the SFU does not give ada's camera to bela"
    );
    assert_eq!(
        one("/state", json!("reconnecting")),
        "bela is not in the room any more: the connection is reconnecting"
    );
    let no_packets = [
        ("/others/ada/camera/packets", json!(0)),
        ("/connections/0/state", json!("connecting")),
    ];
    assert_eq!(
        said(&[], &no_packets)[0],
        "bela gets no packets of ada's camera: UDP does not get through to udp 192.0.2.1:50000 (the connection is connecting)"
    );
    let undecoded = [
        ("/others/ada/camera/decoded", json!(0)),
        ("/others/ada/camera/keyframes", json!(0)),
    ];
    assert_eq!(
        said(&[], &undecoded)[0],
        "bela gets packets of ada but decodes none: no keyframe in 5 s"
    );
    let unread = [
        ("/others/ada/camera/read", json!({})),
        ("/others/ada/camera/unread", json!(77)),
    ];
    assert_eq!(
        said(&[], &unread)[0],
        "bela shows pictures of ada, but none of 77 can be read"
    );
    assert_eq!(
        one("/others/ada/camera/read", json!({})),
        "bela decodes pictures of ada, but its page has shown none"
    );
    assert_eq!(
        one("/others/ada/camera/last_at", json!(5000)),
        "ada's camera stopped for bela 5.0 s before the end"
    );
}

#[test]
fn pictures_and_tones_of_others_are_told_from_the_right_ones() {
    let other = [
        ("/others/ada/camera/read", json!({"3": 40, "1": 2})),
        ("/others/ada/microphone/hertz", json!(540)),
    ];
    assert_eq!(
        said(&[], &other),
        [
            "bela sees the picture of chidi where ada's is expected",
            "bela hears the tone of chidi where ada's is expected"
        ]
    );
    let none = [("/others/ada/microphone/hertz", Value::Null)];
    assert_eq!(
        said(&[], &none)[1],
        "bela hears something of ada, but no tone of this call"
    );
    let silent = [
        ("/others/ada/microphone/hertz", Value::Null),
        ("/others/ada/microphone/power", json!(0)),
    ];
    assert_eq!(
        said(&[], &silent)[1],
        "bela gets the sound of ada, but it is silent"
    );
}

#[test]
fn who_did_not_join_is_neither_seen_nor_heard_and_told_why() {
    let refused = judged(
        Err("token refused: invalid API key".into()),
        &page("ada"),
        &page("bela"),
    );
    assert_eq!(
        refused,
        ["ada did not join: token refused: invalid API key"; 2]
    );
    assert!(
        Reason::NotJoined {
            who: "ada".into(),
            why: "token refused: x".into()
        }
        .hint()
        .is_some()
    );
    assert_eq!(
        blocked(
            "failed",
            &["udp 192.0.2.1:50000".into(), "tcp 192.0.2.1:7881".into()]
        ),
        "neither UDP nor TCP gets through to udp 192.0.2.1:50000, tcp 192.0.2.1:7881 (the connection is failed)"
    );
    assert_eq!(
        blocked("new", &[]),
        "the SFU offers no address for media (the connection is new)"
    );
}
