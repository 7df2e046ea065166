//! `auth` of urbania.yaml, and what `urbania serve` makes of it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::keys::shared;
use super::now;
use crate::config::Folder;

const LIVEKIT: &str = "keys: {APIone: aaaaaaaaaabbbbbbbbbbccccccccccdd}\n";
const ENV: &str = "URBANIA_SESSION_SECRET=a session secret of thirty-two letters\n";
const API: &str = "services: {mongodb: {enabled: false}}\napi: {listen: '127.0.0.1:0'}\n";
const BACKEND: &str = "a backend's secret of thirty-two letters";

fn folder(auth: &str) -> Folder {
    let settings = format!("{API}{auth}");
    Folder::with(&[
        ("livekit.yaml", LIVEKIT),
        (".env", ENV),
        ("urbania.yaml", &settings),
    ])
}

/// What `config validate` says.
fn said(auth: &str) -> String {
    folder(auth).run(&["config", "validate"]).stderr
}

#[test]
fn what_cannot_work_is_told_with_its_place() {
    let auth = "auth:\n  hs256:\n    - secret: topsecret-value\n    - secret_env: top secret value\n      \
                issuer: urbania\n      claims: {id: ''}\n  jwks:\n    - isuer: https://id\n    - issuer: id.example.com\n      \
                audience: [a]\n  firebase:\n    project: My App\n    key_url: x\n";
    assert_snapshot!(said(auth));
}

#[test]
fn two_judges_of_one_token_are_refused() {
    let auth = "auth:\n  hs256:\n    - secret_env: A\n    - secret_env: B\n  jwks:\n    \
                - issuer: https://id\n      audience: [a]\n    - issuer: https://id\n      audience: [b]\n";
    assert_snapshot!(said(auth));
}

#[test]
fn backends_without_an_issuer_need_paths_of_their_own() {
    let with = |one: &str, other: &str| {
        said(&format!(
            "auth:\n  hs256:\n    - {{secret_env: A, paths: [{one}]}}\n    \
             - {{secret_env: B, id_prefix: 'b:', paths: [{other}]}}\n"
        ))
    };
    assert_eq!(with("/api/livekit", "/api/reading-clubs"), "");
    for (one, other) in [
        ("/api", "/api/reading-clubs"),
        ("/api", "/api"),
        ("", "/api"),
    ] {
        let said = with(one, other);
        assert!(
            said.contains("on one path only one can do without"),
            "{said}"
        );
    }
    let said = with("api", "/x");
    assert!(
        said.contains("auth.hs256[0].paths[0]: `api` is no path"),
        "{said}"
    );
}

#[test]
fn doubts_are_warnings() {
    let auth = "auth:\n  hs256:\n    - secret_env: A\n      id_prefix: 'a:'\n  jwks:\n    \
                - {issuer: 'http://id.example.com', audience: [a]}\n    \
                - {issuer: 'http://localhost:9000/realm', audience: [a], id_prefix: 'b:'}\n  \
                firebase: {project: my-app, keys_url: 'http://127.0.0.1:9000'}\n";
    assert_snapshot!(said(auth));
}

#[test]
fn the_schema_knows_providers() {
    let schema = folder("").run(&["config", "schema"]).expect(0).stdout;
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let auth = &schema["properties"]["auth"]["properties"];
    let backend = &auth["hs256"]["items"]["properties"];
    assert_eq!(backend["claims"]["properties"]["id"]["default"], "sub");
    assert_eq!(
        auth["jwks"]["items"]["properties"]["issuer"]["format"],
        "http-url"
    );
    assert!(auth["firebase"]["properties"]["project"]["description"].is_string());
}

/// `urbania serve`, until it is dropped.
struct Serving {
    child: Child,
    base: String,
    said: Vec<String>,
}

impl Serving {
    fn start(folder: &Folder, env: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_urbania"))
            .arg("serve")
            .current_dir(folder.path())
            .env_clear()
            .envs(env.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = Vec::new();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let base = loop {
            let line = lines.next().expect("an address").unwrap();
            match line.strip_prefix("listening on ") {
                Some(base) => break base.to_owned(),
                None => said.push(line),
            }
        };
        // Its log must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, base, said }
    }

    async fn post(&self, path: &str, token: &str, body: Value) -> String {
        let client = urbania::http::plain(Duration::from_secs(20)).unwrap();
        let request = client.post(format!("{}{path}", self.base));
        let answer = request.bearer_auth(token).json(&body).send().await.unwrap();
        crate::support::api::line(answer).await
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const SHOP: &str = "auth: {hs256: [{secret_env: SHOP_SECRET}]}\n";

#[test]
fn serve_refuses_a_provider_without_its_secret() {
    let run = folder(SHOP).run(&["serve"]).expect(2);
    assert_snapshot!(run.stderr, @r"
    error: `SHOP_SECRET` is neither in the environment nor in .env
    hint: auth.hs256[0].secret_env of urbania.yaml names it
    ");
}

#[tokio::test]
async fn a_providers_secret_comes_from_the_environment_or_from_the_env_file() {
    let body = || json!({"room_name": "daily", "user_id": "42", "username": ""});
    let token = shared(
        &json!({"sub": 42, "exp": now() + 60}),
        BACKEND.as_bytes(),
        None,
    );
    let folder = folder(SHOP);
    let serving = Serving::start(&folder, &[("SHOP_SECRET", BACKEND)]);
    let answer = serving.post("/api/livekit/token", &token, body()).await;
    assert!(answer.starts_with("200 "), "{answer}");
    assert_eq!(serving.said, [""; 0]);
    drop(serving);

    folder.write(".env", &format!("{ENV}SHOP_SECRET={BACKEND}\n"));
    let serving = Serving::start(&folder, &[]);
    let answer = serving.post("/api/livekit/token", &token, body()).await;
    assert!(answer.starts_with("200 "), "{answer}");

    let short = Serving::start(&folder, &[("SHOP_SECRET", "short")]);
    assert_snapshot!(
        short.said.join("\n"),
        @"warning: `SHOP_SECRET` has 5 bytes; whoever has a token can guess a secret of less than 32"
    );
}

#[tokio::test]
async fn unsigned_firebase_tokens_need_the_emulator_and_loopback() {
    let folder =
        folder("auth: {firebase: {project: we-chat-1a2b3, keys_url: 'http://127.0.0.1:1'}}\n");
    let token = super::keys::forged(&json!({"alg": "none"}), &super::calls::claims(), b"");
    let body = || json!({"roomName": "family", "participantIdentity": "uid-of-ada"});
    let emulator = ("FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:9099");
    let ask = async |env: &[(&str, &str)]| {
        let serving = Serving::start(&folder, env);
        let answer = serving
            .post("/api/calls/livekit-token", &token, body())
            .await;
        (answer[..3].to_owned(), serving.said.join("\n"))
    };
    assert_eq!(ask(&[]).await, ("403".into(), String::new()));
    let (status, said) = ask(&[emulator]).await;
    assert_eq!(status, "200");
    assert_snapshot!(said, @"warning: `FIREBASE_AUTH_EMULATOR_HOST` is set: Firebase tokens that nobody signed are believed");

    let everywhere = ("URBANIA_API_LISTEN", "0.0.0.0:0");
    let serving = Serving::start(&folder, &[emulator, everywhere]);
    assert_snapshot!(serving.said.join("\n"), @"warning: `FIREBASE_AUTH_EMULATOR_HOST` is set without effect: tokens that nobody signed are only believed on loopback");
    let local = Serving {
        base: serving.base.replace("0.0.0.0", "127.0.0.1"),
        said: Vec::new(),
        child: Command::new("true").spawn().unwrap(),
    };
    let answer = local.post("/api/calls/livekit-token", &token, body()).await;
    assert_eq!(answer, "403 Unauthorized: Invalid token.");
}

#[tokio::test]
async fn without_any_key_pair_the_api_serves_and_says_so() {
    let folder = Folder::with(&[(".env", ENV), ("urbania.yaml", &format!("{API}{SHOP}"))]);
    let body = || json!({"room_name": "daily", "user_id": "42", "username": ""});
    let token = shared(
        &json!({"sub": 42, "exp": now() + 60}),
        BACKEND.as_bytes(),
        None,
    );
    let secret = ("SHOP_SECRET", BACKEND);
    let serving = Serving::start(&folder, &[secret]);
    assert_snapshot!(serving.said.join("\n"), @"warning: no key pair, so nobody gets a token: neither `keys` of livekit.yaml nor LIVEKIT_API_KEY and LIVEKIT_API_SECRET are there");
    assert_snapshot!(
        serving.post("/api/livekit/token", &token, body()).await,
        @r#"500 {"detail":"LiveKit server keys are not configured"}"#
    );
    drop(serving);

    let pair = [
        secret,
        ("LIVEKIT_API_KEY", "APIenv"),
        ("LIVEKIT_API_SECRET", "aaaaaaaaaabbbbbbbbbbccccccccccdd"),
    ];
    let serving = Serving::start(&folder, &pair);
    assert_eq!(serving.said, [""; 0]);
    let answer = serving.post("/api/livekit/token", &token, body()).await;
    assert!(answer.starts_with("200 "), "{answer}");
    drop(serving);

    let run = folder.run_with(&pair[..2], &["serve"]).expect(2);
    assert_snapshot!(run.stderr, @"error: LIVEKIT_API_SECRET is not set; the key and its secret go together");
    let _ = folder.run(&["config", "validate"]).expect(2);
}
