//! The tokens of every contract, as LiveKit's official server SDKs and a real SFU see them.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use urbania::api::ApiConfig;
use urbania::context::Clock;
use urbania::http;
use urbania::store::{Channel, Club, Meeting, Role};

use crate::support::api::{Api, LIVEKIT_SECRET, livekit_claims, no_limits};
use crate::support::browser::Participant;
use crate::support::native::{python, sdk};
use crate::support::page_server::PageServer;
use crate::support::sfu::TestSfu;
use crate::support::sfu_kind::{Kind, on_every_sfu};
use crate::support::store::TestStore;
use crate::support::until::until;

on_every_sfu!(official_sdks_and_the_sfu_believe_the_tokens_of_every_contract);

/// The Firebase project whose users are believed.
pub const FIREBASE: &str = "we-chat-1a2b3";
/// A channel that Ada may join.
pub const CHANNEL: &str = "65b8f0c2a1d4e5f607182930";
/// A club that Ada moderates.
pub const CLUB: &str = "65b8f0c2a1d4e5f607182931";

/// A request, and where its answer has the token.
type Ask<'a> = (&'a str, &'a str, Value, &'a str);

/// An API with something for every contract.
pub async fn everything(opened: TestStore, change: impl FnOnce(&mut ApiConfig)) -> Api {
    let api = Api::start_in(opened, |config| {
        config.dev = true;
        config.limits = no_limits();
        config.auth.firebase.project = Some(FIREBASE.into());
        config.auth.emulator = true;
        change(config);
    })
    .await;
    let Api { ada, store, .. } = &api;
    let role = Role {
        name: "member".into(),
        permissions: vec!["JOIN_CHANNEL".into()],
        members: vec![ada.clone()],
    };
    let channel = Channel {
        id: CHANNEL.into(),
        name: "Voice".into(),
        roles: vec![role],
    };
    store.put_channel(&channel).await.unwrap();
    let club = Club {
        id: CLUB.into(),
        name: "Novels".into(),
        moderator_id: ada.clone(),
        members: Vec::new(),
        meeting: Meeting::default(),
    };
    store.put_club(&club).await.unwrap();
    api
}

/// An ID token as Firebase's emulator makes it.
pub fn id_token() -> String {
    let now = Clock::system().unix();
    let claims = json!({
        "iss": format!("https://securetoken.google.com/{FIREBASE}"), "aud": FIREBASE,
        "auth_time": now - 100, "iat": now - 100, "exp": now + 3500, "sub": "uid-of-ada", "name": "Ada L.",
    });
    let [header, claims] = [json!({"alg": "none", "typ": "JWT"}), claims]
        .map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()));
    format!("{header}.{claims}.")
}

/// A token of every kind, with what made it.
async fn tokens(api: &Api) -> Vec<(String, String)> {
    let session = api.session().await;
    for (room, call_type, mode) in [("voices", "audio", "call"), ("talk", "video", "webinar")] {
        let room = json!({
            "room_name": room, "participants": [], "call_type": call_type, "mode": mode,
        });
        let request = api.request("POST", "/api/livekit/rooms");
        let made = request.bearer_auth(&session).json(&room).send().await;
        assert_eq!(made.unwrap().status(), 201);
    }
    let id_token = id_token();
    let asks: [Ask<'_>; 8] = [
        (
            "/api/livekit/token",
            &session,
            json!({"room_name": "daily ü", "user_id": api.ada, "username": "Ada \"L.\""}),
            "token",
        ),
        (
            "/api/livekit/rooms/voices/join",
            &session,
            json!({}),
            "token",
        ),
        ("/api/livekit/rooms/talk/join", &session, json!({}), "token"),
        (
            "/api/livekit/token",
            &session,
            json!({"roomId": CHANNEL, "ttl": 60}),
            "token",
        ),
        (
            "/api/calls/livekit-token",
            &id_token,
            json!({"roomName": "family", "participantIdentity": "uid-of-ada"}),
            "token",
        ),
        (
            "/api/reading-clubs/meeting/token",
            &session,
            json!({"readingClubId": CLUB, "participantName": "Ada"}),
            "token",
        ),
        (
            "/api/livekit/token-source",
            &session,
            json!({
                "room_name": "sourced", "participant_metadata": "m", "participant_attributes": {"a_b": "c"},
                "room_config": {"empty_timeout": 60, "metadata": "r", "tags": {"t": "u"}},
            }),
            "participant_token",
        ),
        (
            "/api/connection-details",
            "",
            json!({"roomName": "sample", "participantName": "Somebody"}),
            "participantToken",
        ),
    ];
    let mut tokens = Vec::new();
    for (path, bearer, body, key) in asks {
        let request = api.request("POST", path).bearer_auth(bearer).json(&body);
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        let answer: Value = answer.json().await.unwrap();
        let token = answer[key]
            .as_str()
            .unwrap_or_else(|| panic!("{path}: no {key}"));
        tokens.push((format!("{path} {body}"), token.to_owned()));
    }
    tokens
}

/// What an official SDK reads in the tokens.
fn read_by(program: &Path, script: &str, tokens: &[(String, String)]) -> Vec<Value> {
    let mut child = Command::new(program)
        .arg(sdk().join(script))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("scripts/setup installs the SDKs");
    let tokens: Vec<_> = tokens.iter().map(|(_, token)| token).collect();
    let input = json!({"key": "APItest", "secret": LIVEKIT_SECRET, "tokens": tokens});
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.to_string().as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{script} does not believe a token");
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn official_sdks_and_the_sfu_believe_the_tokens_of_every_contract(kind: Kind) {
    let pages = PageServer::start().await;
    let sfu = TestSfu::of(kind, None).await;
    let api = everything(kind.store().open().await, |config| {
        config.reach = sfu.reach();
    })
    .await;
    let tokens = tokens(&api).await;
    let node = read_by(Path::new("node"), "verify.mjs", &tokens);
    let python = read_by(&python(), "verify.py", &tokens);
    assert_eq!((node.len(), python.len()), (tokens.len(), tokens.len()));
    let client = http::plain(std::time::Duration::from_secs(10)).unwrap();
    for (((what, token), node), python) in tokens.iter().zip(node).zip(python) {
        let claims = livekit_claims(token);
        let or = |claim: &str, default: Value| claims.get(claim).cloned().unwrap_or(default);
        let said = json!({
            "identity": claims["sub"], "name": or("name", "".into()),
            "metadata": or("metadata", "".into()), "attributes": or("attributes", json!({})),
            "video": claims["video"], "roomConfig": or("roomConfig", json!({})),
        });
        assert_eq!(node, said, "{what}");
        // It takes what is left out for granted.
        let mut filled = said;
        for grant in ["canPublish", "canSubscribe", "canPublishData"] {
            let granted = &mut filled["video"][grant];
            if granted.is_null() {
                *granted = true.into();
            }
        }
        assert_eq!(python, filled, "{what}");
        let validate = client.get(format!("{}/rtc/validate", sfu.base));
        let admitted = validate.bearer_auth(token).send().await.unwrap();
        assert_eq!(admitted.status(), 200, "{what}");
        assert_eq!(admitted.text().await.unwrap(), "success", "{what}");
    }
    // Those that no other test meets in a call.
    let asked = |what: &str| what.contains("roomId") || what.starts_with("/api/calls/");
    let mut joined = 0;
    for (what, token) in tokens.iter().filter(|(what, _)| asked(what)) {
        let page = Participant::open(&pages).await;
        let claims = livekit_claims(token);
        let identity = page.join(&sfu.ws, token, 1, 440).await;
        assert_eq!(identity, claims["sub"], "{what}");
        let room = claims["video"]["room"].as_str().unwrap();
        until("a picture and a voice", async || {
            let there = sfu.rooms().participant(room, &identity).await;
            there.is_ok_and(|there| there.tracks.len() == 2)
        })
        .await;
        page.close().await;
        joined += 1;
    }
    assert_eq!(joined, 2);
}
