//! LiveKit's own client against the endpoints that it knows, and the SFU that lets it in.

use serde_json::{Value, json};
use urbania::api::ApiConfig;

use crate::support::api::Api;
use crate::support::browser::Participant;
use crate::support::page_server::PageServer;
use crate::support::sfu::TestSfu;
use crate::support::sfu_kind::{Kind, on_every_sfu};

on_every_sfu!(
    livekits_own_client_takes_us_for_a_sandbox,
    livekits_own_client_joins_with_what_it_is_given,
    the_sfu_makes_the_room_as_it_was_configured,
);

const PATH: &str = "/api/livekit/token-source";

/// An SFU, pages, and an API that serves them.
async fn start(kind: Kind, set: impl FnOnce(&mut ApiConfig)) -> (TestSfu, PageServer, Api) {
    let sfu = TestSfu::of(kind, None).await;
    let pages = PageServer::start().await;
    let api = Api::start_on_with(kind.store(), |config| {
        config.reach = sfu.reach();
        config.cors_origins = vec![pages.origin.clone()];
        set(config);
    })
    .await;
    (sfu, pages, api)
}

async fn livekits_own_client_takes_us_for_a_sandbox(kind: Kind) {
    let (sfu, pages, api) = start(kind, |config| config.dev = true).await;
    let page = Participant::open(&pages).await;
    let options = json!({"roomName": "sandbox", "participantName": "Ada", "agentName": "scribe"});
    let details = page.sandbox(&api.base, "any-1x2y3z", &options).await;
    let [url, token] = ["serverUrl", "participantToken"].map(|key| details[key].as_str().unwrap());
    let identity = page.connect(url, token).await;
    let there = sfu.rooms().participant("sandbox", &identity).await.unwrap();
    assert_eq!(there.name, "Ada");
    page.close().await;
}

async fn livekits_own_client_joins_with_what_it_is_given(kind: Kind) {
    let (sfu, pages, api) = start(kind, |config| config.token_source.agents = true).await;
    let session = api.session().await;
    let page = Participant::open(&pages).await;
    let options = json!({
        "roomName": "from the client", "participantName": "Ada L.", "participantMetadata": "m",
        "participantAttributes": {"a_b": "c"}, "agentName": "scribe",
    });
    let url = format!("{}{PATH}", api.base);
    let details = page.token_source(&url, &session, &options).await;
    let [url, token] = ["serverUrl", "participantToken"].map(|key| details[key].as_str().unwrap());
    assert_eq!(page.connect(url, token).await, api.ada);
    let there = sfu
        .rooms()
        .participant("from the client", &api.ada)
        .await
        .unwrap();
    assert_eq!(
        (there.name.as_str(), there.metadata.as_str()),
        ("Ada L.", "m")
    );
    assert_eq!(there.attributes.get("a_b").map(String::as_str), Some("c"));
    page.close().await;
}

async fn the_sfu_makes_the_room_as_it_was_configured(kind: Kind) {
    let (sfu, pages, api) = start(kind, |_| {}).await;
    let session = api.session().await;
    let config = json!({"empty_timeout": 61, "maxParticipants": 3, "metadata": "m \"ü\""});
    let body = json!({"room_name": "configured", "room_config": config});
    let request = api.request("POST", PATH).bearer_auth(&session);
    let answer: Value = request
        .json(&body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let [url, token] = ["server_url", "participant_token"].map(|key| answer[key].as_str().unwrap());
    let page = Participant::open(&pages).await;
    page.connect(url, token).await;
    let room = sfu.rooms().get("configured").await.unwrap().unwrap();
    assert_eq!(room.empty_timeout, 61);
    assert_eq!(room.max_participants, 3);
    assert_eq!(room.metadata, "m \"ü\"");
    page.close().await;
}
