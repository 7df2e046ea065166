//! LiveKit's standard token endpoint: every field, every refusal, and its own client against it.

use std::fmt::Write as _;

use insta::{assert_json_snapshot, assert_snapshot};
use reqwest::Response;
use serde_json::{Value, json};
use urbania::api::ApiConfig;

use crate::support::api::{Api, line, livekit_claims, show};
use crate::support::store::StoreKind;

const PATH: &str = "/api/livekit/token-source";

async fn ask(api: &Api, session: &str, body: &Value) -> Response {
    let request = api.request("POST", PATH).bearer_auth(session);
    request.json(body).send().await.unwrap()
}

/// The answer and the claims of its token.
async fn granted(api: &Api, session: &str, body: &Value) -> (Value, Value) {
    let answer = ask(api, session, body).await;
    assert_eq!(answer.status(), 201);
    let answer: Value = answer.json().await.unwrap();
    let claims = livekit_claims(answer["participant_token"].as_str().unwrap());
    (answer, claims)
}

#[tokio::test]
async fn everything_can_be_left_out() {
    for kind in StoreKind::ALL {
        let api = Api::start_on(kind).await;
        let session = api.session().await;
        let text = show(ask(&api, &session, &json!({})).await).await;
        let body: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        let room = body["room_name"].as_str().unwrap();
        let token = body["participant_token"].as_str().unwrap();
        assert_snapshot!(
            "left_out",
            text.replace(token, "[token]").replace(room, "[room]")
        );
        let claims = livekit_claims(token);
        assert_eq!(claims["sub"], api.ada);
        assert_eq!(claims["name"], "ada");
        assert_eq!(claims["video"]["room"], room);
        // Unguessable, and another one each time.
        assert_eq!(room.len(), "room-".len() + 22);
        let (next, _) = granted(&api, &session, &json!({"room_name": null})).await;
        assert_ne!(next["room_name"], room);
    }
}

#[tokio::test]
async fn everything_can_be_set_in_both_spellings() {
    for kind in StoreKind::ALL {
        let api = Api::start_on(kind).await;
        let session = api.session().await;
        let snake = json!({
            "room_name": "daily", "participant_identity": api.ada, "participant_name": "Ada L.",
            "participant_metadata": "{\"a\": 1}", "participant_attributes": {"a_b": "c"},
            "room_config": {
                "empty_timeout": 60, "departure_timeout": 5, "max_participants": 3, "metadata": "m",
                "min_playout_delay": 1, "max_playout_delay": 2, "sync_streams": true, "tags": {"a_b": "c"},
            },
        });
        let camel = json!({
            "roomName": "daily", "participantIdentity": api.ada, "participantName": "Ada L.",
            "participantMetadata": "{\"a\": 1}", "participantAttributes": {"a_b": "c"},
            "roomConfig": {
                "emptyTimeout": 60, "departureTimeout": 5, "maxParticipants": 3, "metadata": "m",
                "minPlayoutDelay": 1, "maxPlayoutDelay": 2, "syncStreams": true, "tags": {"a_b": "c"},
            },
        });
        for body in [snake, camel] {
            let (answer, claims) = granted(&api, &session, &body).await;
            assert_eq!(answer["room_name"], "daily");
            assert_eq!(answer["participant_name"], "Ada L.");
            assert_eq!(answer["server_url"], "ws://localhost:7880");
            assert_json_snapshot!("set", claims, {
                ".nbf" => "[now]", ".exp" => "[later]", ".jti" => "[id]", ".sub" => "[ada]",
            });
        }
    }
}

#[tokio::test]
async fn a_user_with_a_long_name_is_called_by_its_beginning() {
    for kind in StoreKind::ALL {
        let api = Api::start_on(kind).await;
        let name = format!("a{}", "ü".repeat(200));
        crate::support::api::add_user(api.store.as_ref(), &name, &[]).await;
        let session = api.session_of(&name).await;
        let (answer, claims) = granted(&api, &session, &json!({})).await;
        let longest = format!("a{}", "ü".repeat(127));
        assert_eq!(claims["name"], *longest);
        assert_eq!(answer["participant_name"], *longest);
    }
}

#[tokio::test]
async fn agents_and_recordings_are_passed_on_where_that_is_allowed() {
    for kind in StoreKind::ALL {
        let config = json!({
            "agents": [{"agent_name": "scribe", "metadata": "x"}],
            "egress": {"room": {"room_name": "daily", "file_outputs": [{"filepath": "daily.mp4"}]}},
        });
        let api = Api::start_on_with(kind, |config| {
            config.token_source.agents = true;
            config.token_source.egress = true;
        })
        .await;
        let session = api.session().await;
        let (_, claims) = granted(&api, &session, &json!({"room_config": config})).await;
        assert_json_snapshot!(
            "agents_and_recordings_are_passed_on_where_that_is_allowed",
            claims["roomConfig"]
        );
    }
}

#[tokio::test]
async fn what_cannot_be_had_is_named() {
    for kind in StoreKind::ALL {
        let all_off = |config: &mut ApiConfig| {
            config.token_source.metadata = false;
            config.token_source.attributes = false;
            config.token_source.room_config = false;
        };
        let usual = Api::start_on(kind).await;
        let strict = Api::start_on_with(kind, all_off).await;
        let long = "x".repeat(257);
        let mut table = String::new();
        for (name, api) in [("usual", &usual), ("strict", &strict)] {
            let session = api.session().await;
            for body in [
                json!({"participant_identity": "somebody else"}),
                json!({"participant_metadata": "m"}),
                json!({"participant_attributes": {"a": "b"}}),
                json!({"participant_attributes": {"urbania.hand": "1970"}}),
                json!({"room_config": {"metadata": "m"}}),
                json!({"room_config": {"agents": [{"agentName": "a"}]}}),
                json!({"room_config": {"egress": {}}}),
                json!({"room_config": {"max_participants": 101}}),
                json!({"room_config": {"nonsense": 1}}),
                json!({"room_config": {"empty_timeout": "soon"}}),
                json!({"room_config": []}),
                json!({"room_name": 1, "participant_name": [], "participant_metadata": {}}),
                json!({"participant_attributes": {"a": 1}}),
                json!({"participant_attributes": "a"}),
                json!({"room_name": long}),
                json!({"participant_name": long}),
                json!({"room_name": "a", "roomName": "b"}),
                json!([]),
            ] {
                let answer = line(ask(api, &session, &body).await).await;
                let answer = match answer.split_once(r#"{"server_url""#) {
                    Some((status, _)) => format!("{status}granted"),
                    None => answer,
                };
                let shown: String = body.to_string().chars().take(75).collect();
                writeln!(table, "{name} {shown}\n  {answer}").unwrap();
            }
        }
        assert_snapshot!("what_cannot_be_had_is_named", table);
    }
}

#[tokio::test]
async fn what_every_route_refuses_is_refused_in_this_contracts_words() {
    for kind in StoreKind::ALL {
        let api = Api::start_on(kind).await;
        let session = api.session().await;
        let mut table = String::new();
        let post = || api.request("POST", PATH);
        for (what, request) in [
            ("nobody", post().body("{}")),
            (
                "somebody else's word",
                post().bearer_auth("nonsense").body("{}"),
            ),
            ("no body", post().bearer_auth(&session)),
            ("no JSON", post().bearer_auth(&session).body("nonsense")),
            (
                "half of it",
                post().bearer_auth(&session).body(r#"{"room_name":"#),
            ),
            (
                "text",
                post()
                    .bearer_auth(&session)
                    .header("content-type", "text/plain")
                    .body("{}"),
            ),
            (
                "too much",
                post().bearer_auth(&session).body(" ".repeat(65 * 1024)),
            ),
            ("GET", api.request("GET", PATH)),
            ("a path below", api.request("GET", &format!("{PATH}/x"))),
        ] {
            writeln!(
                table,
                "{what}: {}\n",
                show(request.send().await.unwrap()).await
            )
            .unwrap();
        }
        assert_snapshot!(
            "what_every_route_refuses_is_refused_in_this_contracts_words",
            table
        );
    }
}

#[tokio::test]
async fn rooms_keep_their_rules() {
    for kind in StoreKind::ALL {
        let api = Api::start_on(kind).await;
        let session = api.session().await;
        let other = Api::start_with(|config| config.store = api.store.clone()).await;
        crate::support::api::add_user(other.store.as_ref(), "bob", &[]).await;
        let bob = other.session_of("bob").await;
        for (room, participants, call_type) in [
            ("open", json!([]), "audio"),
            ("closed", json!(["grace"]), "video"),
        ] {
            let room = json!({
                "room_name": room, "participants": participants, "call_type": call_type,
            });
            let request = api
                .request("POST", "/api/livekit/rooms")
                .bearer_auth(&session);
            let made = request.json(&room).send().await.unwrap();
            assert_eq!(made.status(), 201);
        }
        let (_, claims) = granted(&api, &bob, &json!({"room_name": "open"})).await;
        assert_eq!(claims["video"]["canPublishSources"], json!(["microphone"]));
        assert_eq!(
            line(ask(&api, &bob, &json!({"room_name": "closed"})).await).await,
            r#"403 {"error":"Not invited to this room"}"#
        );
        let configured = json!({"room_name": "open", "room_config": {"metadata": "m"}});
        assert_eq!(
            line(ask(&api, &bob, &configured).await).await,
            r#"403 {"error":"room_config may only be set by who made the room"}"#
        );
        let (_, claims) = granted(&api, &session, &configured).await;
        assert_eq!(claims["roomConfig"], json!({"metadata": "m"}));
    }
}

#[tokio::test]
async fn a_fresh_room_needs_no_store_and_none_is_made_up_where_nobody_could_join_it() {
    for kind in StoreKind::ALL {
        let api = Api::start_in(kind.open_to_go().await, |_| {}).await;
        let session = api.session().await;
        granted(&api, &session, &json!({})).await;
        api.opened.goes();
        granted(&api, &session, &json!({})).await;
        let daily = show(ask(&api, &session, &json!({"room_name": "daily"})).await).await;
        assert_snapshot!("store_down", daily);
        let api = Api::start_on_with(kind, |config| config.rooms.auto_create = false).await;
        let session = api.session().await;
        assert_eq!(
            line(ask(&api, &session, &json!({})).await).await,
            r#"404 {"error":"No room was named, and `room.auto_create: false` keeps new ones from being made"}"#
        );
        assert_eq!(
            line(ask(&api, &session, &json!({"room_name": "daily"})).await).await,
            r#"404 {"error":"Room not found"}"#
        );
    }
}
