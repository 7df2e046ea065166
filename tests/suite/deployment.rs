//! Variables that deployments of the apps' own backends set, and files.

mod files;

use std::fs::File;
use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use urbania::config::{Project, Settings};
use urbania::context::Env;
use urbania::http;

use crate::config::Folder;
use crate::support::api::livekit_claims_with;

const SECRET: &str = "aaaaaaaaaabbbbbbbbbbccccccccccdd";
const OTHER: &str = "zzzzzzzzzzbbbbbbbbbbccccccccccdd";
const CONFLICT: &str = "error: the key pair of the environment is not in livekit.yaml, so it is not \
     clear which one the SFU knows\n\
     hint: unset LIVEKIT_API_KEY and LIVEKIT_API_SECRET, or add the pair under `keys` of livekit.yaml\n";

fn folder(settings: &str, env: &str) -> Folder {
    let keys = format!("port: 47880\nkeys: {{APIone: {SECRET}, APItwo: {OTHER}}}\n");
    Folder::with(&[
        ("livekit.yaml", &keys),
        ("urbania.yaml", settings),
        (".env", env),
    ])
}

/// The settings, and what is warned about.
fn settings(folder: &Folder, env: &[(&str, &str)]) -> (Settings, Vec<String>) {
    let env: Env = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let project = Project::load_from(folder.path(), &env).unwrap();
    let warnings = project.warnings.iter().map(ToString::to_string).collect();
    (project.settings, warnings)
}

fn url(folder: &Folder, env: &[(&str, &str)]) -> Option<String> {
    let (settings, warnings) = settings(folder, env);
    assert!(warnings.is_empty(), "{warnings:?}");
    settings.livekit_url
}

fn refused(folder: &Folder, env: &[(&str, &str)]) -> String {
    let run = folder.run_with(env, &["config", "validate"]);
    run.expect(2).stderr
}

#[test]
fn every_spelling_of_the_sfus_address_counts() {
    let folder = folder("", "");
    for name in [
        "LIVEKIT_URL",
        "LIVEKIT_WS_URL",
        "LIVEKIT_SERVER_URL",
        "NEXT_PUBLIC_LIVEKIT_URL",
    ] {
        let told = url(&folder, &[(name, "https://sfu.example.org")]);
        assert_eq!(told.unwrap(), "wss://sfu.example.org", "{name}");
    }
    // Two spellings of one address are no conflict, and the SFU of this machine is not everybody's.
    let same = [
        ("LIVEKIT_URL", "http://127.0.0.1:47880"),
        ("LIVEKIT_SERVER_URL", "wss://sfu.example.org/"),
        ("LIVEKIT_WS_URL", "https://SFU.example.org"),
    ];
    assert!(url(&folder, &same).is_some());
    assert_eq!(url(&folder, &same[..1]), None);
    // What stands in .env is what urbania wrote for backends.
    folder.write(".env", "LIVEKIT_URL=wss://sfu.example.org\n");
    assert_eq!(url(&folder, &[]), None);
}

#[test]
fn addresses_that_differ_are_told_and_urbanias_own_variable_decides() {
    let folder = folder("", "");
    let env = [
        ("LIVEKIT_URL", "wss://user:password@one.example.org"),
        ("NEXT_PUBLIC_LIVEKIT_URL", "wss://two.example.org"),
        ("URBANIA_LIVEKIT_URL", "wss://three.example.org"),
    ];
    assert_eq!(
        refused(&folder, &env[..2]),
        "error: LIVEKIT_URL: `wss://…@one.example.org`, and NEXT_PUBLIC_LIVEKIT_URL is \
         `wss://two.example.org`; URBANIA_LIVEKIT_URL says which one browsers are told\n"
    );
    assert_eq!(url(&folder, &env).unwrap(), "wss://three.example.org");
    assert_eq!(
        refused(&folder, &[("LIVEKIT_WS_URL", "sfu.example.org")]),
        "error: LIVEKIT_WS_URL: `sfu.example.org` is not an address that begins with ws:// or wss://\n"
    );
    folder.write("urbania.yaml", "livekit_url: wss://file.example.org\n");
    let (settings, warnings) = settings(&folder, &env[1..2]);
    assert_eq!(settings.livekit_url.unwrap(), "wss://two.example.org");
    assert_eq!(
        warnings,
        [
            "NEXT_PUBLIC_LIVEKIT_URL: `wss://two.example.org` beats livekit_url of urbania.yaml, `wss://file.example.org`"
        ]
    );
}

#[test]
fn the_lifetime_of_krakens_tokens_comes_from_the_nearest_place() {
    let kraken = "api: {token_ttl: 60, max_token_ttl: 7200, kraken: {token_ttl: 600}}\n";
    let folder = folder(kraken, "LIVEKIT_DEFAULT_TOKEN_TTL=700\n");
    let ttl = |folder: &Folder, env: &[(&str, &str)]| settings(folder, env).0.api.kraken.token_ttl;
    let env = [
        ("LIVEKIT_DEFAULT_TOKEN_TTL", "800"),
        ("URBANIA_API_KRAKEN_TOKEN_TTL", "900"),
    ];
    assert_eq!(ttl(&folder, &env), 900);
    assert_eq!(ttl(&folder, &env[..1]), 800);
    assert_eq!(ttl(&folder, &[]), 700);
    folder.write(".env", "");
    assert_eq!(ttl(&folder, &[]), 600);
    folder.write("urbania.yaml", "");
    assert_eq!(ttl(&folder, &[]), 3600);

    folder.write("urbania.yaml", kraken);
    for (value, problem) in [
        ("0", "`0` is not a number of seconds"),
        ("1h", "`1h` is not a number of seconds"),
        ("7201", "7201 is more than api.max_token_ttl, 7200"),
    ] {
        let told = refused(&folder, &[("LIVEKIT_DEFAULT_TOKEN_TTL", value)]);
        assert_eq!(
            told,
            format!("error: LIVEKIT_DEFAULT_TOKEN_TTL: {problem}\n")
        );
    }
    folder.write(".env", "LIVEKIT_DEFAULT_TOKEN_TTL=-1\n");
    assert_eq!(
        refused(&folder, &[]),
        "error: .env: LIVEKIT_DEFAULT_TOKEN_TTL: `-1` is not a number of seconds\n"
    );
    folder.write(".env", "");
    folder.write(
        "urbania.yaml",
        "api: {max_token_ttl: 60, token_ttl: 60, kraken: {token_ttl: 61}}\n",
    );
    assert_eq!(
        refused(&folder, &[]),
        "error: urbania.yaml:1:50: api.kraken.token_ttl: 61 is more than api.max_token_ttl, 60\n"
    );
}

#[test]
fn a_pair_of_the_environment_that_livekit_yaml_does_not_have_is_refused() {
    let folder = folder(
        "services: {mongodb: {enabled: false}}\n",
        "URBANIA_SESSION_SECRET=session secret of the tests\n",
    );
    for env in [
        &[("LIVEKIT_API_KEY", "APIthree")][..],
        &[("LIVEKIT_API_SECRET", "another secret")],
        &[("LIVEKIT_API_KEY", "APIone"), ("LIVEKIT_API_SECRET", OTHER)],
    ] {
        let run = folder.run_with(env, &["serve", "--listen", "127.0.0.1:0"]);
        assert_eq!(run.expect(2).stderr, CONFLICT, "{env:?}");
    }
}

/// `urbania serve` as a deployment runs it.
struct Served {
    child: Child,
    base: String,
    said: Vec<String>,
    /// Kept open: the log is written there.
    log: Option<Lines<BufReader<ChildStderr>>>,
}

impl Served {
    fn start(folder: &Folder, env: &[(&str, &str)]) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_urbania"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .current_dir(folder.path())
            .env_clear()
            .envs(env.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut served = Self {
            child,
            base: String::new(),
            said: Vec::new(),
            log: None,
        };
        let mut lines = BufReader::new(served.child.stderr.take().unwrap()).lines();
        while served.base.is_empty() {
            let line = lines.next().expect("it listens").unwrap();
            match line.strip_prefix("listening on ") {
                Some(base) => base.clone_into(&mut served.base),
                None => served.said.push(line),
            }
        }
        served.log = Some(lines);
        served
    }

    async fn get(&self, path: &str, session: &str) -> Value {
        let request = client().get(format!("{}{path}", self.base));
        let answer = request.bearer_auth(session).send().await.unwrap();
        answer.json().await.unwrap()
    }

    async fn post(&self, path: &str, session: &str, body: &Value) -> Value {
        let request = client().post(format!("{}{path}", self.base));
        let answer = request
            .bearer_auth(session)
            .json(body)
            .send()
            .await
            .unwrap();
        answer.json().await.unwrap()
    }
}

fn client() -> reqwest::Client {
    http::plain(Duration::from_secs(30)).unwrap()
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_deployment_of_kraken_is_served_as_its_variables_say() {
    let folder = folder(
        "services: {mongodb: {enabled: false}}\n",
        "URBANIA_SESSION_SECRET=session secret of the tests\n\
         LIVEKIT_API_KEY=APIold\nLIVEKIT_DEFAULT_TOKEN_TTL=1200\n",
    );
    folder.write("password", "correct horse battery staple");
    let added = Command::new(env!("CARGO_BIN_EXE_urbania"))
        .args(["user", "add", "ada", "--password-stdin"])
        .current_dir(folder.path())
        .env_clear()
        .stdin(File::open(folder.path().join("password")).unwrap())
        .status();
    assert!(added.unwrap().success());
    // The second pair of livekit.yaml: the SFU knows it as well as the first.
    let env = [
        ("LIVEKIT_API_KEY", "APItwo"),
        ("LIVEKIT_API_SECRET", OTHER),
        ("LIVEKIT_SERVER_URL", "wss://sfu.example.org"),
    ];
    let served = Served::start(&folder, &env);
    assert_eq!(
        served.said,
        ["warning: .env:2: LIVEKIT_API_KEY is `APIold`, livekit.yaml has `APIone`"]
    );
    let login = json!({"username": "ada", "password": "correct horse battery staple"});
    let login = served.post("/api/auth/login", "", &login).await;
    let session = login["access_token"].as_str().unwrap();
    let info = served.get("/api/livekit/connection-info", session).await;
    assert_eq!(info["serverUrl"], "wss://sfu.example.org");
    assert_eq!(info["configured"], true);
    let me = served.get("/api/auth/me", session).await;
    let ask = json!({"room_name": "daily", "user_id": me["id"], "username": "ada"});
    let answer = served.post("/api/livekit/token", session, &ask).await;
    let claims = livekit_claims_with(OTHER, answer["token"].as_str().unwrap());
    assert_eq!(claims["iss"], "APItwo");
}
