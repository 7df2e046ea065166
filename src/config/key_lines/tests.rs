use super::*;

fn fresh() -> KeyPair {
    KeyPair {
        key: "APIfresh".into(),
        secret: "freshfreshfreshfreshfreshfreshfr".into(),
    }
}

fn until() -> Timestamp {
    "2026-11-21T20:00:00Z".parse().unwrap()
}

#[test]
fn a_rotation_changes_the_lines_of_pairs_and_no_others() {
    let began = "# mine\nport: 7880 # why\nkeys: # three\n  # In use.\n  APIa: 'a secret' # quoted\n\n  \
                 # In reserve.\n  APIb: \"another\"\n  APIrecorder: its own\nwebhook:\n  api_key: \"APIa\" # signs\n  urls: []\n";
    let moved = change_keys(began, &KeyChange::MoveOn).unwrap();
    let expected = began
        .replace("  APIa: 'a secret' # quoted\n", "<b>")
        .replace("  APIb: \"another\"\n", "  APIa: 'a secret' # quoted\n")
        .replace("<b>", "  APIb: \"another\"\n")
        .replace(
            "# In reserve.",
            "# Retiring: the API and the env files are moving on.",
        );
    assert_eq!(moved, expected);
    let good = change_keys(&moved, &KeyChange::GoodUntil(until())).unwrap();
    let expected = moved.replace(
        "Retiring: the API and the env files are moving on.",
        "Retiring: its tokens are good until 2026-11-21T20:00:00Z.",
    );
    assert_eq!(good, expected);
    let over = change_keys(&good, &KeyChange::Retire(&fresh())).unwrap();
    assert_eq!(
        over,
        "# mine\nport: 7880 # why\nkeys: # three\n  # In use.\n  APIb: \"another\"\n\n  \
         # In reserve.\n  APIfresh: freshfreshfreshfreshfreshfreshfr\n  APIrecorder: its own\nwebhook:\n  api_key: \"APIb\" # signs\n  urls: []\n"
    );
}

#[test]
fn a_pair_of_somebody_elses_gets_a_reserve_beside_it() {
    let added = |text: &str| change_keys(text, &KeyChange::AddReserve(&fresh())).unwrap();
    let pair = "APIfresh: freshfreshfreshfreshfreshfreshfr";
    assert_eq!(
        added("keys:\r\n    mine: x\r\n    other: y\r\n"),
        format!(
            "keys:\r\n    # In use.\r\n    mine: x\r\n    # In reserve.\r\n    {pair}\r\n    other: y\r\n"
        )
    );
    assert_eq!(
        added("keys: {mine: 'x: y', other: z} # mine\nport: 1"),
        format!(
            "keys: # mine\n  # In use.\n  mine: \"x: y\"\n  # In reserve.\n  {pair}\n  other: z\nport: 1\n"
        )
    );
    assert_eq!(
        added("keys:\n  mine: x"),
        format!("keys:\n  # In use.\n  mine: x\n  # In reserve.\n  {pair}\n")
    );
}

#[test]
fn a_documented_reserve_gives_way() {
    let text = include_str!("../../../livekit.yaml");
    let added = change_keys(text, &KeyChange::AddReserve(&fresh())).unwrap();
    let documented = "devkey-reserve: documented-and-therefore-not-a-secret";
    let expected = text.replace(documented, "APIfresh: freshfreshfreshfreshfreshfreshfr");
    assert_eq!(added, expected);
}

#[test]
fn what_cannot_be_changed_in_place_is_refused_and_never_mangled() {
    for text in [
        "",
        "port: 1\n",
        "{keys: {a: b}}\n",
        "keys: {a: b,\n  c: d}\n",
        "keys:\n  a:\n    b\n",
        "base: &k {a: b}\nkeys: *k\n",
        "keys:\n  ? a\n  : b\n",
    ] {
        let refused = change_keys(text, &KeyChange::AddReserve(&fresh()));
        assert!(refused.is_err(), "{text:?}: {refused:?}");
    }
    let moved = change_keys("keys:\n  a: b\n  c: d\n", &KeyChange::MoveOn);
    assert!(moved.is_err(), "nothing is in reserve");
    let retired = change_keys("keys:\n  a: b\n", &KeyChange::Retire(&fresh()));
    assert!(retired.is_err(), "nothing retires");
}
