//! `urbania room` over a real LiveKit.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::Value;

use super::followed::{join, until_published};
use crate::support::page_server::PageServer;
use crate::support::project::TestProject;
use crate::support::sfu::TestSfu;
use crate::support::sfu_kind::{Kind, on_every_sfu};

on_every_sfu!(
    rooms_are_made_listed_changed_and_ended,
    people_are_listed_muted_changed_and_removed,
    a_room_or_a_person_that_is_not_there_is_named,
    an_sfu_that_is_down_or_has_other_keys_is_told_apart,
    watch_shows_who_comes_and_goes,
);

/// A project whose key pair is that of the SFU, at the SFU's port.
fn project(sfu: &TestSfu) -> TestProject {
    let project = TestProject::initialised();
    write_livekit(&project, sfu.ports.livekit(), "APItest");
    project
}

fn write_livekit(project: &TestProject, port: u16, key: &str) {
    let secret = crate::support::api::LIVEKIT_SECRET;
    project.write(
        "livekit.yaml",
        &format!("port: {port}\nkeys: {{{key}: '{secret}'}}\n"),
    );
}

async fn rooms_are_made_listed_changed_and_ended(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let project = project(&sfu);
    let none = project.run(&["room", "list"]).expect(0);
    assert_eq!(
        (none.stdout.as_str(), none.stderr),
        ("", format!("no rooms at {}\n", sfu.base))
    );
    project.ok(&[
        "room",
        "create",
        "daily",
        "--max-participants",
        "7",
        "--metadata",
        "m",
    ]);
    project.ok(&["room", "create", "会議"]);
    let table = project.ok(&["room", "list"]);
    let columns: Vec<Vec<&str>> = table
        .lines()
        .map(|l| l.split_whitespace().collect())
        .collect();
    assert_eq!(
        columns[0],
        ["ROOM", "PARTICIPANTS", "MOST", "SINCE", "METADATA"]
    );
    assert_eq!(
        (columns[1][0], columns[1][1], columns[1][2], columns[1][4]),
        ("daily", "0", "7", "m")
    );
    assert_eq!((columns[2][0], columns[2][2]), ("会議", "any"));
    project.ok(&["room", "metadata", "daily", "new"]);
    let room: Value =
        serde_json::from_str(&project.ok(&["room", "get", "daily", "-o", "json"])).unwrap();
    assert_eq!(room["metadata"], "new");
    project.ok(&["room", "delete", "会議"]);
    project.ok(&["room", "delete", "daily"]);
    assert_eq!(project.ok(&["room", "list", "-o", "json"]), "[]\n");
}

async fn people_are_listed_muted_changed_and_removed(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let project = project(&sfu);
    let pages = PageServer::start().await;
    let page = join(&sfu, &pages, "daily", "ada").await;
    until_published(&sfu, "daily", "ada").await;
    let people = project.ok(&["room", "participants", "daily"]);
    assert!(
        people.contains("ada") && people.contains("active") && people.contains("camera"),
        "{people}"
    );
    let muted = project.ok(&[
        "room", "mute", "daily", "ada", "--track", "camera", "-o", "json",
    ]);
    let muted: Value = serde_json::from_str(&muted).unwrap();
    assert_eq!(
        (&muted["muted"], muted["tracks"].as_array().unwrap().len()),
        (&Value::Bool(true), 1)
    );
    assert!(
        project
            .ok(&["room", "participants", "daily"])
            .contains("camera (muted)")
    );
    project.ok(&[
        "room",
        "update",
        "daily",
        "ada",
        "--name",
        "Ada",
        "--publish",
        "off",
        "--attribute",
        "role=host",
    ]);
    let people: Value =
        serde_json::from_str(&project.ok(&["room", "participants", "daily", "-o", "json"]))
            .unwrap();
    assert_eq!(
        (&people[0]["name"], &people[0]["permission"]["can_publish"]),
        (&Value::from("Ada"), &Value::Bool(false))
    );
    assert_eq!(
        (
            &people[0]["permission"]["can_subscribe"],
            &people[0]["attributes"]["role"]
        ),
        (&Value::Bool(true), &Value::from("host"))
    );
    project.ok(&[
        "room", "send", "daily", "hello", "--topic", "t", "--to", "ada",
    ]);
    let asked = project.run(&["room", "delete", "daily"]).expect(2);
    assert_eq!(
        asked.stderr,
        "error: `daily` has people in it, and nobody is here to be asked\nhint: --yes ends it without asking\n"
    );
    project.ok(&["room", "remove", "daily", "ada"]);
    project.ok(&["room", "delete", "daily", "--yes"]);
    page.close().await;
}

async fn a_room_or_a_person_that_is_not_there_is_named(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let project = project(&sfu);
    for (args, expected) in [
        (
            &["room", "get", "daily"][..],
            "error: there is no room `daily`\nhint: urbania room list\n",
        ),
        (
            &["room", "delete", "daily"],
            "error: there is no room `daily`\nhint: urbania room list\n",
        ),
        (
            &["room", "participants", "daily"],
            "error: there is no room `daily`\nhint: urbania room list\n",
        ),
        (
            &["room", "metadata", "daily", "x"],
            "error: there is no room `daily`\nhint: urbania room list\n",
        ),
        (
            &["room", "send", "daily", "x"],
            "error: there is no room `daily`\nhint: urbania room list\n",
        ),
        (
            &["room", "remove", "daily", "ada"],
            "error: nobody called `ada` is in room `daily`\nhint: urbania room participants \"daily\"\n",
        ),
        (
            &["room", "mute", "daily", "ada"],
            "error: nobody called `ada` is in room `daily`\nhint: urbania room participants \"daily\"\n",
        ),
        (
            &["room", "update", "daily", "ada", "--publish", "on"],
            "error: nobody called `ada` is in room `daily`\nhint: urbania room participants \"daily\"\n",
        ),
    ] {
        assert_eq!(project.run(args).expect(1).stderr, expected, "{args:?}");
    }
}

async fn an_sfu_that_is_down_or_has_other_keys_is_told_apart(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let project = project(&sfu);
    write_livekit(&project, sfu.ports.livekit(), "APIother");
    let other = project.run(&["room", "list"]).expect(1);
    let base = &sfu.base;
    assert_eq!(
        other.stderr,
        format!(
            "error: the SFU at {base} does not know the key pair `APIother`\n\
             hint: urbania up   starts the SFU again with the keys of livekit.yaml\n\
             hint: urbania keys check\n"
        )
    );
    write_livekit(&project, sfu.ports.api(), "APItest");
    let down = project.run(&["room", "list"]).expect(1).stderr;
    let nobody = format!(
        "error: the SFU at http://127.0.0.1:{} does not answer",
        sfu.ports.api()
    );
    assert!(
        down.starts_with(&nobody) && down.ends_with("hint: urbania up livekit\n"),
        "{down}"
    );
    let url = sfu.ws.clone();
    assert_eq!(
        project.ok(&["room", "list", "--url", &url, "-o", "json"]),
        "[]\n"
    );
    let wrong = project
        .run(&["room", "list", "--url", "sfu.example.org"])
        .expect(2);
    assert!(
        wrong.stderr.contains("an address begins with http://"),
        "{}",
        wrong.stderr
    );
}

async fn watch_shows_who_comes_and_goes(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let project = project(&sfu);
    project.ok(&["room", "create", "daily"]);
    let mut watch = project
        .command(&["room", "watch", "-o", "json", "-q"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut next = || {
        let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        let identity = line["participant"]["identity"].as_str().unwrap_or_default();
        format!(
            "{} {} {identity}",
            line["event"].as_str().unwrap(),
            line["room"].as_str().unwrap()
        )
    };
    assert_eq!(next(), "room_started daily ");
    let pages = PageServer::start().await;
    let page = join(&sfu, &pages, "daily", "ada").await;
    assert_eq!(next(), "participant_joined daily ada");
    page.close().await;
    assert_eq!(next(), "participant_left daily ada");
    project.ok(&["room", "delete", "daily", "--yes"]);
    assert_eq!(next(), "room_finished daily ");
    watch.kill().unwrap();
    watch.wait().unwrap();
}
