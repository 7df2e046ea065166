//! What stands in the files is what the API does.

use serde_json::{Value, json};

use super::{Served, client};
use crate::config::Folder;
use crate::sfu::signed::{event, header};
use crate::support::api::{LIVEKIT_SECRET, livekit_claims};
use crate::support::sfu::TestSfu;

const SETTINGS: &str = "\
services: {mongodb: {enabled: false}}
api:
  cors_origins: ['https://app.example.org']
  token_ttl: 1800
  max_token_ttl: 2400
  duplicate_identity: refuse
  limits: {tokens_per_minute: 10}
  token_source: {agents: true}
  kraken: {token_ttl: 600, recording: true}
";

const SEED: &str = "\
users: [{name: ada, password: correct horse battery staple}]
channels: [{id: lobby, name: Lobby, roles: [{name: all, permissions: [JOIN_CHANNEL], members: [ada]}]}]
";

fn folder(sfu: &TestSfu) -> Folder {
    let livekit = format!(
        "port: {}\nkeys: {{APItest: '{LIVEKIT_SECRET}'}}\nregion: eu-north\n\
         room: {{auto_create: false, max_participants: 7, empty_timeout: 61}}\n",
        sfu.ports.livekit()
    );
    let folder = Folder::with(&[
        ("livekit.yaml", &livekit),
        ("urbania.yaml", SETTINGS),
        (
            ".env",
            "URBANIA_SESSION_SECRET=session secret of the tests\n",
        ),
        ("seed.yaml", SEED),
    ]);
    let _ = folder.run(&["seed", "seed.yaml"]).expect(0);
    folder
}

/// How long a token lasts, in seconds.
fn lasts(answer: &Value) -> u64 {
    let claims = livekit_claims(
        answer["token"]
            .as_str()
            .unwrap_or_else(|| panic!("{answer}")),
    );
    claims["exp"].as_u64().unwrap() - claims["nbf"].as_u64().unwrap()
}

#[tokio::test]
async fn what_stands_in_the_files_is_what_the_api_does() {
    let sfu = TestSfu::start(None).await;
    let folder = folder(&sfu);
    let served = Served::start(&folder, &[]);
    let login = json!({"username": "ada", "password": "correct horse battery staple"});
    let login = served.post("/api/auth/login", "", &login).await;
    let session = login["access_token"].as_str().unwrap();
    let me = served.get("/api/auth/me", session).await;
    let token = async |body: Value| served.post("/api/livekit/token", session, &body).await;
    let urbanias = async |room: &str| {
        token(json!({"room_name": room, "user_id": me["id"], "username": "ada"})).await
    };

    let info = served.get("/api/livekit/connection-info", session).await;
    assert_eq!(info["region"], "eu-north");
    assert_eq!(info["features"]["recording"], true);

    // No room comes into being by being asked for; one that is made is made as the files say.
    assert_eq!(
        urbanias("nowhere").await,
        json!({"detail": "Room not found"})
    );
    for name in ["daily", "weekly"] {
        let room = json!({"room_name": name, "participants": [], "call_type": "video"});
        let made = served.post("/api/livekit/rooms", session, &room).await;
        assert_eq!(made["max_participants"], 7, "{made}");
    }
    assert_eq!(lasts(&urbanias("daily").await), 1800);
    let room = sfu.rooms().get("daily").await.unwrap().unwrap();
    assert_eq!((room.empty_timeout, room.max_participants), (61, 7));

    let me = me["id"].as_str().unwrap();
    let joined = event("EV_1", "participant_joined", "weekly", 1, Some((me, 1)));
    let joined = joined.to_string().into_bytes();
    let webhook = client()
        .post(format!("{}/api/livekit/webhook", served.base))
        .header("authorization", header(&joined, |_| {}))
        .header("content-type", "application/webhook+json");
    let heard = webhook.body(joined).send().await.unwrap();
    assert_eq!(heard.status(), 200);
    assert_eq!(
        urbanias("weekly").await,
        json!({"detail": "You are in this room already"})
    );

    assert_eq!(lasts(&token(json!({"roomId": "lobby"})).await), 600);
    assert_eq!(
        token(json!({"roomId": "lobby", "ttl": 2401})).await["message"],
        json!(["ttl must not be greater than 2400"])
    );
    let agents = json!({"agents": [{"agent_name": "scribe"}]});
    let standard = json!({"room_name": "daily", "room_config": agents});
    let answer = served
        .post("/api/livekit/token-source", session, &standard)
        .await;
    let claims = livekit_claims(answer["participant_token"].as_str().unwrap());
    assert_eq!(claims["roomConfig"]["agents"][0]["agentName"], "scribe");

    let preflight = client()
        .request(
            reqwest::Method::OPTIONS,
            format!("{}/api/auth/me", served.base),
        )
        .header("origin", "https://app.example.org")
        .header("access-control-request-method", "GET");
    let allowed = preflight.send().await.unwrap();
    assert_eq!(
        allowed.headers()["access-control-allow-origin"],
        "https://app.example.org"
    );

    // The usual limit is many times as high.
    let mut answers = Vec::new();
    for _ in 0..30 {
        answers.push(urbanias("daily").await);
    }
    let refused = json!({"detail": "Too many attempts"});
    assert!(answers.contains(&refused), "{answers:?}");
}
