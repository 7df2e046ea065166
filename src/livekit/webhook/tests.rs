use serde_json::{Value, json};

use super::*;

const NOW: u64 = 1_800_000_000;

fn pair(key: &str) -> KeyPair {
    KeyPair {
        key: key.into(),
        secret: format!("the secret of {key}, long enough for all").into(),
    }
}

fn event() -> Value {
    json!({
        "event": "participant_joined", "id": "EV_1", "createdAt": NOW.to_string(),
        "room": {"sid": "RM_1", "name": "daily", "creationTime": "1799999999", "creationTimeMs": "1799999999500"},
        "participant": {"sid": "PA_1", "identity": "ada", "name": "Ada", "joinedAt": "1800000000"},
    })
}

fn header(key: &str, body: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut claims = json!({
        "iss": key, "nbf": NOW, "exp": NOW + 300, "sha256": STANDARD.encode(Sha256::digest(body)),
    });
    change(&mut claims);
    Hs256::new(&pair(key).secret).sign(&claims).unwrap()
}

fn receive(authorization: &str, body: &str, now: u64) -> Result<RoomEvent, Rejected> {
    let receiver = Receiver::new(&[pair("one"), pair("two")]);
    receiver
        .verify(authorization, now)?
        .open(body.as_bytes(), now)
}

#[test]
fn every_pair_of_the_sfu_signs() {
    let body = event().to_string();
    for key in ["one", "two"] {
        let received = receive(&header(key, &body, |_| {}), &body, NOW).unwrap();
        assert_eq!(received.kind, Kind::Joined);
        assert_eq!(received.id, "EV_1");
        assert_eq!(received.room.began, 1_799_999_999_500);
        let who = received.participant.unwrap();
        assert_eq!(
            (who.name.as_str(), who.stay.since),
            ("Ada", 1_800_000_000_000)
        );
    }
    assert_eq!(
        receive(&header("three", &body, |_| {}), &body, NOW),
        Err(Rejected::UnknownKey)
    );
}

#[test]
fn what_livekit_did_not_sign_now_for_this_body_is_refused() {
    let body = event().to_string();
    let good = header("one", &body, |_| {});
    let forged = header("one", &body, |c| c["iss"] = "two".into());
    let with = |change: fn(&mut Value)| header("one", &body, change);
    for (authorization, body, expected) in [
        (
            String::new(),
            body.as_str(),
            Rejected::Untrusted(Untrusted::Malformed),
        ),
        (
            "Bearer".into(),
            &body,
            Rejected::Untrusted(Untrusted::Malformed),
        ),
        (forged, &body, Rejected::Untrusted(Untrusted::Signature)),
        (
            with(|c| c["exp"] = (NOW - 60).into()),
            &body,
            Rejected::Expired,
        ),
        (
            with(|c| c["nbf"] = (NOW + 61).into()),
            &body,
            Rejected::Expired,
        ),
        (with(|c| c["exp"] = Value::Null), &body, Rejected::Claims),
        (with(|c| c["sha256"] = Value::Null), &body, Rejected::Claims),
        (
            with(|c| c["sha256"] = "not base64!".into()),
            &body,
            Rejected::Claims,
        ),
        (with(|c| c["sha256"] = "".into()), &body, Rejected::Body),
        (good.clone(), &format!("{body} "), Rejected::Body),
        (good, "", Rejected::Body),
    ] {
        assert_eq!(
            receive(&authorization, body, NOW),
            Err(expected),
            "{expected:?}"
        );
    }
    let late = header("one", &body, |c| c["exp"] = (NOW + 10_000).into());
    let age = MAX_AGE.cast_unsigned();
    assert!(receive(&late, &body, NOW + age).is_ok());
    assert_eq!(receive(&late, &body, NOW + age + 1), Err(Rejected::Stale));
}

#[test]
fn fields_and_words_of_a_newer_livekit_break_nothing() {
    let read = |change: fn(&mut Value)| {
        let mut event = event();
        change(&mut event);
        let body = event.to_string();
        receive(&header("one", &body, |_| {}), &body, NOW)
    };
    let kind = |change: fn(&mut Value)| read(change).map(|event| event.kind);
    assert_eq!(kind(|e| e["event"] = "room_dreamt".into()), Ok(Kind::Other));
    assert_eq!(
        kind(|e| e["participant"]["state"] = "ASLEEP".into()),
        Ok(Kind::Joined)
    );
    assert_eq!(
        kind(|e| e["weather"] = json!({"sun": [1, 2]})),
        Ok(Kind::Joined)
    );
    assert_eq!(kind(|e| e["track"] = Value::Null), Ok(Kind::Joined));
    assert_eq!(kind(|e| e["createdAt"] = NOW.into()), Ok(Kind::Joined));
    assert_eq!(
        kind(|e| e["event"] = "participant_connection_aborted".into()),
        Ok(Kind::Left)
    );
    for (change, expected) in [
        (
            (|e| e["event"] = "".into()) as fn(&mut Value),
            Rejected::Malformed,
        ),
        (|e| e["event"] = 1.into(), Rejected::Malformed),
        (|e| e["participant"] = Value::Null, Rejected::Malformed),
        (|e| e["room"]["sid"] = "".into(), Rejected::Malformed),
        (|e| e["createdAt"] = "soon".into(), Rejected::Malformed),
        (|e| e["createdAt"] = Value::Null, Rejected::Stale),
        (|e| *e = json!([]), Rejected::Malformed),
        (|e| *e = "junk".into(), Rejected::Malformed),
    ] {
        assert_eq!(read(change), Err(expected));
    }
}
