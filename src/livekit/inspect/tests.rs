use super::*;
use crate::livekit::token::{JoinToken, Signer};
use serde_json::json;
use std::time::Duration;

const NOW: i64 = 1_800_000_000;

fn pair(key: &str) -> KeyPair {
    KeyPair {
        key: key.into(),
        secret: format!("{key}: a secret of at least thirty-two characters").into(),
    }
}

fn join() -> String {
    let join = JoinToken::new("daily", "ada", Duration::from_hours(1));
    Signer::new(&pair("APIone"))
        .mint(&join, NOW.try_into().unwrap())
        .unwrap()
        .token
}

fn report(token: &str, keys: &[KeyPair], at: i64) -> Report {
    inspect(token, Some(keys), Timestamp::from_second(at).unwrap()).unwrap()
}

#[test]
fn a_good_token_has_no_problems_from_its_first_to_its_last_second() {
    for at in [NOW - 60, NOW, NOW + 3600, NOW + 3659] {
        let report = report(&join(), &[pair("APItwo"), pair("APIone")], at);
        assert_eq!(report.problems, [""; 0]);
        assert_eq!(report.signature, Signature::Valid);
        assert_eq!(report.issuer_known, Some(true));
    }
}

#[test]
fn a_token_out_of_its_time_says_by_how_much() {
    let keys = [pair("APIone")];
    let late = report(&join(), &keys, NOW + 3600 + 180);
    assert_eq!(late.problems, ["expired 3 min ago"]);
    let early = report(&join(), &keys, NOW - 7200);
    assert_eq!(early.problems, ["not valid yet, in 2 h"]);
}

#[test]
fn the_key_and_the_secret_are_told_apart() {
    let other = report(&join(), &[pair("APItwo")], NOW);
    assert_eq!(other.problems, ["its key `APIone` is not in livekit.yaml"]);
    assert_eq!(other.signature, Signature::NotChecked);
    let imposter = KeyPair {
        key: "APIone".into(),
        secret: "another".into(),
    };
    let wrong = report(&join(), &[imposter], NOW);
    assert_eq!(
        wrong.problems,
        ["the signature does not match the secret of its key"]
    );
    let outside = inspect(&join(), None, Timestamp::from_second(NOW).unwrap()).unwrap();
    assert_eq!(outside.issuer_known, None);
    assert_eq!(outside.signature, Signature::NotChecked);
    assert_eq!(outside.problems, [""; 0]);
}

#[test]
fn tokens_that_livekit_would_refuse_say_why() {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({"video": {"roomJoin": true}, "exp": NOW + 10});
    let none = format!("{}.{}.", part(json!({"alg": "none"})), part(claims));
    assert_eq!(
        report(&none, &[], NOW).problems,
        [
            "signed with `none`, LiveKit accepts HS256 alone",
            "it names no API key (`iss`)",
            "it may join, but names no room (`video.room`)",
            "it may join, but names no identity (`sub`)",
        ]
    );
}

#[test]
fn what_stood_around_a_token_is_taken_off_and_told() {
    let token = join();
    for (around, told) in [
        (token.clone(), None),
        (format!(" {token}\n"), None),
        (format!("\"{token}\""), Some("quotes")),
        (format!("'{token}' "), Some("quotes")),
        (format!("Bearer {token}"), Some("Bearer")),
        (
            format!("wss://sfu/rtc?access_token={token}&auto=1"),
            Some("address"),
        ),
    ] {
        let (found, what) = unwrapped(&around);
        assert_eq!(found, token, "{around}");
        assert_eq!(what.is_some(), told.is_some(), "{around}");
        assert!(what.unwrap_or_default().contains(told.unwrap_or_default()));
    }
}

#[test]
fn a_secret_that_was_spoilt_on_the_way_is_recognised_and_not_said() {
    use base64::engine::general_purpose::STANDARD;
    let secret = STANDARD.encode("a secret of at least thirty-two bytes");
    let ours = KeyPair {
        key: "APIone".into(),
        secret: secret.as_str().into(),
    };
    let signed = |secret: &[u8]| {
        let claims = json!({
            "iss": "APIone", "sub": "ada", "exp": NOW + 60, "video": {"roomJoin": true, "room": "daily"},
        });
        let key = jsonwebtoken::EncodingKey::from_secret(secret);
        jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap()
    };
    for (spoilt, how) in [
        (format!("\"{secret}\"").into_bytes(), "in double quotes"),
        (format!("'{secret}'").into_bytes(), "in single quotes"),
        (
            format!("{secret}\n").into_bytes(),
            "with a line end behind it",
        ),
        (
            format!("{secret}\r").into_bytes(),
            "with a carriage return behind it",
        ),
        (format!("{secret} ").into_bytes(), "with a blank behind it"),
        (STANDARD.decode(&secret).unwrap(), "decoded from base64"),
    ] {
        let report = report(&signed(&spoilt), std::slice::from_ref(&ours), NOW);
        assert_eq!(report.signature, Signature::Invalid);
        let [_, why] = report.problems.as_slice() else {
            panic!("{:?}", report.problems);
        };
        let says = format!("it was signed with the secret of `APIone` {how}: ");
        assert!(why.starts_with(&says), "{why}");
        assert!(!why.contains(&secret));
    }
    let other = report(&signed(b"another"), &[ours], NOW);
    assert_eq!(other.problems.len(), 1, "{:?}", other.problems);
}

#[test]
fn a_secret_of_another_pair_is_recognised() {
    let imposter = KeyPair {
        secret: "another".into(),
        ..pair("APIone")
    };
    let twin = KeyPair {
        key: "APItwo".into(),
        ..pair("APIone")
    };
    let report = report(&join(), &[imposter, twin], NOW);
    assert_eq!(
        report.problems[1],
        "it was signed with the secret of `APItwo`, under another key's name"
    );
}

#[test]
fn a_key_that_is_misspelt_is_told_with_whose_secret_it_is() {
    let misspelt = KeyPair {
        key: "APIonne".into(),
        ..pair("APIone")
    };
    let report = report(&join(), &[misspelt], NOW);
    assert_eq!(
        report.problems,
        [
            "its key `APIone` is not in livekit.yaml",
            "it was signed with the secret of `APIonne`, under another key's name"
        ]
    );
}

#[test]
fn claims_of_another_kind_and_times_in_milliseconds_are_told() {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({
        "iss": "APIone", "sub": "ada", "metadata": {"a": 1}, "exp": (NOW + 10) * 1000,
        "video": {"roomJoin": "true", "room": "daily"},
    });
    let token = format!("{}.{}.", part(json!({"alg": "HS256"})), part(claims));
    let report = report(&token, &[], NOW);
    assert_eq!(
        report.problems[1..],
        [
            "its `metadata` must be a text, and is an object",
            "its `video.roomJoin` must be `true` or `false` without quotes, and is a text",
        ]
    );
    let far = "its `exp` is in milliseconds, and is taken for seconds";
    assert!(
        report.doubts.iter().any(|doubt| doubt == far),
        "{:?}",
        report.doubts
    );
}

#[test]
fn sources_that_livekit_does_not_know_are_doubted() {
    let doubts = |sources: Value| {
        let video = json!({"roomJoin": true, "room": "daily", "canPublishSources": sources});
        let claims = json!({"exp": NOW, "video": video});
        doubts(claims.as_object().unwrap())
    };
    assert_eq!(
        doubts(json!([
            "camera",
            "microphone",
            "screen_share",
            "screen_share_audio"
        ])),
        [""; 0]
    );
    assert_eq!(
        doubts(json!(["cam", "camera", "screen"])),
        [
            "`canPublishSources` names `cam`, `screen`: LiveKit knows camera, microphone, screen_share, \
          screen_share_audio alone"
        ]
    );
}

#[test]
fn what_is_not_a_token_is_an_error() {
    for text in ["", "a.b.c", "eyJhbGciOiJIUzI1NiJ9.W10.x"] {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(inspect(text, None, now).unwrap_err(), Untrusted::Malformed);
    }
}

#[test]
fn what_cannot_be_read_is_told_and_not_quoted() {
    let keys = [pair("APIone")];
    let secret = keys[0].secret.expose_secret();
    let token = join();
    let (cut, _) = token.rsplit_once('.').unwrap();
    let twice = token.clone() + &token;
    for (text, says) in [
        (secret, "this is the secret of `APIone`"),
        ("APIone", "`APIone` is the name of a key"),
        ("", "there is nothing to read"),
        ("ws://localhost:7880", "this is an address"),
        ("eyJh\nbGci.e30.x", "there are blanks or line breaks in it"),
        ("eyJhbGciOiJIUzI1NiJ9", "and this has no dot"),
        (cut, "its end is missing"),
        (&*twice, "and this has 5: is it two tokens?"),
        (
            "eyJhbGciOiJIUzI1NiJ9+.e30.x",
            "its first part is not base64url",
        ),
        (
            "eyJhbGciOiJIUzI1NiJ9.W10.x",
            "its second part is no JSON object",
        ),
    ] {
        let found = unreadable(text, &keys);
        assert!(found.contains(says), "{text}: {found}");
        assert!(!found.contains(secret));
    }
    let short = report(&token[..token.len() - 1], &keys, NOW);
    assert_eq!(
        short.problems[1..],
        ["its signature has 42 characters, and that of HS256 43"]
    );
}
