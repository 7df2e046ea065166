//! Windows of this machine, in real browsers.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use super::two_people;
use crate::docs::json::undocumented;
use crate::support::engine::Engine;
use crate::support::project::{Run, TestProject};
use crate::support::until::until;

fn open(project: &TestProject, args: &[&str], env: &[(&str, &str)]) -> Run {
    let args = [&["open"], args].concat();
    let mut command = project.command(&args);
    command.envs(env.iter().copied());
    Run::of(&args, &command.output().unwrap())
}

async fn asked(
    project: &TestProject,
    session: Option<&str>,
    path: &str,
    body: Option<Value>,
) -> Value {
    let client = urbania::http::plain(std::time::Duration::from_secs(10)).unwrap();
    let url = format!("{}{path}", project.api());
    let mut request = match body {
        Some(body) => client.post(url).json(&body),
        None => client.get(url),
    };
    if let Some(session) = session {
        request = request.bearer_auth(session);
    }
    request.send().await.unwrap().json().await.unwrap()
}

/// What would keep phones from media is said before one tries; nothing is made for that.
fn an_address_that_phones_do_not_reach_is_told(project: &TestProject) {
    let home = project.path("home");
    let home = [("XDG_DATA_HOME", home.to_str().unwrap())];
    let args = [
        "--phone",
        "--as",
        "ada",
        "--address",
        "127.0.0.1",
        "--dry-run",
        "-o",
        "json",
    ];
    let door = open(project, &args, &home).expect(0);
    let door: Value = serde_json::from_str(&door.stdout).unwrap();
    let warning = "the SFU advertises 127.0.0.1: only browsers of this machine reach it";
    assert_eq!(door["warnings"], json!([warning]));
    assert_eq!(door["certificate"]["name"], Value::Null);
    assert!(!project.path("home").exists());
}

/// Where nobody would see a window there are links, each good once: a session by one of them.
async fn a_session_by_a_link(project: &TestProject) -> String {
    let links = open(project, &["--as", "ada", "the daily", "-o", "json"], &[]).expect(0);
    let links: Value = serde_json::from_str(&links.stdout).unwrap();
    assert_eq!(undocumented("urbania open", &links), [""; 0]);
    let link = links["windows"][0]["link"].as_str().unwrap();
    let (page, code) = link.split_once("#code=").unwrap();
    assert_eq!(
        page,
        format!("{}/meeting/room?room=the+daily", project.api())
    );
    let body = json!({"code": code});
    let followed = asked(project, None, "/api/auth/links/follow", Some(body)).await;
    let session = followed["access_token"].as_str().unwrap().to_owned();
    let me = asked(project, Some(&session), "/api/auth/me", None).await;
    assert_eq!(me["username"], "ada");
    session
}

/// A desktop but for the screen.
fn desktop(project: &TestProject) -> String {
    let browser = project.path("browser");
    let script = "#!/bin/sh\nexec chromium --headless=new --disable-gpu --disable-quic \\\n  \
                  --disable-features=WebRtcHideLocalIpsWithMdns \"$@\"\n";
    fs::write(&browser, script).unwrap();
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
    browser.display().to_string()
}

/// Whoever reads the arguments of others' processes or their files learns no code.
fn no_code_is_there_for_others_to_read(project: &TestProject) {
    let commands: Vec<String> = (project.processes().into_iter())
        .map(|pid| fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default())
        .map(|command| String::from_utf8_lossy(&command).into_owned())
        .collect();
    let windows = commands.iter().filter(|c| c.contains("door.html")).count();
    assert!(windows >= 2, "{commands:?}");
    assert!(
        commands.iter().all(|command| !command.contains("code=")),
        "{commands:?}"
    );
    let mode = |path: &str| {
        let found = fs::read_dir(project.path(path))
            .unwrap()
            .next()
            .unwrap()
            .unwrap();
        let door = found.path().join("door.html");
        fs::metadata(door).unwrap().permissions().mode() & 0o777
    };
    assert_eq!(mode(".urbania/windows"), 0o600);
}

#[tokio::test]
async fn each_person_gets_a_window_of_their_own_and_is_in_the_meeting() {
    let project = TestProject::initialised_on(Engine::Embedded);
    project.edit("livekit.yaml", |text| {
        text.replace("# node_ip: 192.0.2.10", "node_ip: 127.0.0.1")
    });
    let no_api = open(&project, &["--as", "ada"], &[]).expect(1);
    assert!(
        no_api.stderr.contains("no API answers at") && no_api.stderr.contains("hint: urbania up"),
        "{}",
        no_api.stderr
    );
    project.ok(&["up"]);
    let nobody = open(&project, &["--as", "ada"], &[]).expect(2);
    assert!(
        nobody.stderr.contains("there is no user `ada`")
            && nobody.stderr.contains("hint: urbania user add ada"),
        "{}",
        nobody.stderr
    );
    two_people(&project);
    an_address_that_phones_do_not_reach_is_told(&project);
    let session = a_session_by_a_link(&project).await;

    let browser = desktop(&project);
    let desktop = [("DISPLAY", ":77"), ("URBANIA_BROWSER", &*browser)];
    let dry = open(
        &project,
        &["--as", "ada", "--dry-run", "the daily"],
        &desktop,
    )
    .expect(0);
    let would = format!("ada  would get a window of `{browser}`, in `the daily`\n");
    assert_eq!(dry.stdout, would);
    assert!(!project.path(".urbania/windows").exists());
    let args = [
        "--as",
        "ada",
        "--as",
        "bob",
        "the daily",
        "--fake",
        "-o",
        "json",
    ];
    let opened = open(&project, &args, &desktop).expect(0);
    assert!(!opened.stdout.contains("code="), "{}", opened.stdout);

    let room = json!({"room_name": "the daily", "participants": [], "call_type": "video"});
    asked(&project, Some(&session), "/api/livekit/rooms", Some(room)).await;
    until("both are in the call", async || {
        let people = "/api/livekit/rooms/the%20daily/participants";
        let people = asked(&project, Some(&session), people, None).await;
        let people = people.as_array().map(Vec::as_slice).unwrap_or_default();
        ["ada", "bob"]
            .iter()
            .all(|name| people.iter().any(|p| p["name"] == *name))
    })
    .await;
    no_code_is_there_for_others_to_read(&project);
}
