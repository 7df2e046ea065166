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
    over_time(joined, ada, std::slice::from_ref(bela), true)
}

/// The same where `bela`'s page tells several things one after the other, in a scenario that goes on or not.
fn over_time(joined: Joined, ada: &Value, bela: &[Value], goes_on: bool) -> [String; 2] {
    let mut scenario = built_in("group").unwrap();
    scenario.seconds = 5;
    let members = cast(&scenario, Some(3)).unwrap();
    let mut record = Record::default();
    record.joined.insert("ada".into(), joined);
    record.joined.insert("bela".into(), Ok(300.0));
    let pages = bela.iter().map(|page| ("bela", page));
    for (who, page) in std::iter::once(("ada", ada)).chain(pages) {
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
        goes_on,
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
    for word in ["reconnecting", "signalReconnecting"] {
        assert_eq!(
            one("/state", json!(word)),
            "bela is not in the room any more: the connection is reconnecting"
        );
    }
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
fn packets_that_become_no_pictures_any_more_are_told_from_packets_that_stopped() {
    let at = |at: u32, packets: u32, plis: u32| {
        let mut page = page("bela");
        page["at"] = at.into();
        let camera = &mut page["others"]["ada"]["camera"];
        camera["packets"] = packets.into();
        camera["plis"] = plis.into();
        page
    };
    let all_of = |pages: &[Value]| over_time(Ok(300.0), &page("ada"), pages, true)[0].clone();
    assert_eq!(
        all_of(&[at(10_000, 100, 2), at(12_000, 150, 5), at(16_800, 200, 9)]),
        "bela gets packets of ada but decodes none: no keyframe in the last 6.8 s, asked for 7 times"
    );
    assert_eq!(
        all_of(&[at(10_000, 100, 0), at(16_800, 200, 0)]),
        "bela gets packets of ada but decodes none: the decoder makes no picture of what came in the last 6.8 s"
    );
    assert_eq!(
        all_of(&[at(10_000, 100, 0), at(16_800, 100, 0)]),
        "ada's camera stopped for bela 6.9 s before the end"
    );
}

#[test]
fn a_picture_that_stood_still_for_long_is_a_fault_where_nothing_was_taken_away() {
    let mut long = page("bela");
    long["others"]["ada"]["camera"]["gap_ms"] = 6200.into();
    let said = |goes_on| over_time(Ok(300.0), &page("ada"), &[long.clone()], goes_on)[0].clone();
    assert_eq!(said(true), "ada's camera stood still for bela for 6.2 s");
    assert_eq!(said(false), "ok");
    long["others"]["ada"]["camera"]["gap_ms"] = 5000.into();
    assert_eq!(judged(Ok(300.0), &page("ada"), &long)[0], "ok");
    for (name, goes_on) in [
        ("lossy", true),
        ("token-refresh", true),
        ("reconnect", false),
        ("churn", false),
    ] {
        assert_eq!(built_in(name).unwrap().goes_on(), goes_on, "{name}");
    }
}

#[test]
fn the_longest_gap_is_also_one_that_nothing_came_after() {
    let told: Told = serde_json::from_value(page("bela")).unwrap();
    let camera = told.others["ada"].camera.as_ref().unwrap();
    let gap = |end| longest_gap(camera, &View::default(), end);
    assert!((gap(9_930.0) - 60.0).abs() < 1e-9);
    assert!((gap(16_700.0) - 6_800.0).abs() < 1e-9);
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
