//! What the files of a project may say, and what urbania says about them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use urbania::config::{
    AuthSettings, ChannelNames, FirebaseSettings, Hs256Settings, JwksSettings, ProgramSettings,
    Settings, StoreSettings,
};
use urbania::livekit::keys::KeyPair;

use crate::support::project::Run;

const KEYS: &str = "keys: {APIone: aaaaaaaaaabbbbbbbbbbccccccccccdd}\n";
const SECRET: &str = "aaaaaaaaaabbbbbbbbbbccccccccccdd";

/// A folder to run `urbania` in; no engine, no ports.
pub struct Folder(TempDir);

impl Folder {
    pub fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    pub fn mode(&self, name: &str) -> u32 {
        let metadata = fs::metadata(self.path().join(name)).unwrap();
        metadata.permissions().mode() & 0o777
    }

    pub fn run_with(&self, env: &[(&str, &str)], args: &[&str]) -> Run {
        let output = Command::new(env!("CARGO_BIN_EXE_urbania"))
            .args(args)
            .current_dir(self.path())
            .env_clear()
            .envs(env.iter().copied())
            .output()
            .unwrap();
        Run::of(args, &output)
    }

    pub fn run(&self, args: &[&str]) -> Run {
        self.run_with(&[], args)
    }

    fn json(&self, args: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.run(args).expect(0).stdout).unwrap()
    }
}

/// What `config validate` says of a `livekit.yaml`.
fn said_of_livekit(text: &str) -> String {
    Folder::with(&[("livekit.yaml", text)])
        .run(&["config", "validate"])
        .expect(2)
        .stderr
}

#[test]
fn a_misspelt_key_is_told_with_file_line_column_path_and_the_right_spelling() {
    assert_eq!(
        said_of_livekit(&format!(
            "{KEYS}rtc:\n  port_range_strt: 50000\n  tcp_port: 7881\n"
        )),
        "error: livekit.yaml:3:3: rtc.port_range_strt: unknown key; did you mean `port_range_start`?\n"
    );
}

#[test]
fn an_unknown_key_is_told_apart_from_a_misspelt_and_from_a_misplaced_one() {
    assert_eq!(
        said_of_livekit(&format!(
            "{KEYS}blockchain: true\nauto_create: true\ndebug_handler_port: {{port: 7070}}\n"
        )),
        "error: 3 problems in the project's files\n  \
         livekit.yaml:2:1: blockchain: not a key that LiveKit 1.13.5 knows\n  \
         livekit.yaml:3:1: auto_create: unknown key here; it belongs under `room`\n  \
         livekit.yaml:4:1: debug_handler_port: unknown key; did you mean `debug_handler`?\n\
         hint: if LiveKit knows better: urbania up --pass-unknown, or `pass_unknown: true` in urbania.yaml\n"
    );
}

#[test]
fn every_problem_of_every_file_comes_in_one_error() {
    let folder = Folder::with(&[
        ("livekit.yaml", "port: high\nkeys: {APIone: ''}\nrtc: [1]\n"),
        (
            "urbania.yaml",
            "engine: dokcer\napi:\n  listen: localhost:8000\n  cors_origins: http://a\nservces: {}\n",
        ),
    ]);
    let run = folder.run_with(
        &[("URBANIA_API_TOKEN_TTL", "long")],
        &["config", "validate"],
    );
    assert_eq!(
        run.expect(2).stderr,
        "error: 8 problems in the project's files\n  \
         URBANIA_API_TOKEN_TTL: expected a whole number, found the text `long`\n  \
         livekit.yaml:1:7: port: expected a whole number, found the text `high`\n  \
         livekit.yaml:2:8: keys.APIone: an empty secret\n  \
         livekit.yaml:3:6: rtc: expected a map, found a list\n  \
         urbania.yaml:1:9: engine: `dokcer` is not one of auto, docker, native, embedded; did you mean `docker`?\n  \
         urbania.yaml:3:11: api.listen: `localhost:8000` is not an IP address with a port, such as 127.0.0.1:8000\n  \
         urbania.yaml:4:17: api.cors_origins: expected a list, found the text `http://a`\n  \
         urbania.yaml:5:1: servces: unknown key; did you mean `services`?\n"
    );
}

#[test]
fn syntax_errors_tabs_and_duplicate_keys_have_their_place() {
    assert_eq!(
        said_of_livekit("port: 1\nport: 2\nkeys: {a: b}\n"),
        "error: livekit.yaml:2:1: `port` again; it is set on line 1\n"
    );
    for (text, place) in [
        ("rtc:\n\ttcp_port: 1\n", "livekit.yaml:2:"),
        ("keys: {a: b\nport: 1\n", "livekit.yaml:2:"),
        ("keys: 'open\n", "livekit.yaml:"),
    ] {
        let said = said_of_livekit(text);
        assert!(
            said.contains(&format!("error: {place}")),
            "{text:?}: {said}"
        );
    }
}

#[test]
fn a_missing_key_pair_comes_with_the_way_to_one() {
    assert_eq!(
        said_of_livekit("port: 7880\n"),
        "error: livekit.yaml: keys: no API key; LiveKit does not start without one\n\
         hint: add `NAME: SECRET` under `keys`; `openssl rand -hex 32` makes a secret\n"
    );
}

#[test]
fn values_that_do_not_go_together_are_problems() {
    assert_eq!(
        said_of_livekit(&format!(
            "{KEYS}port: 7880\nrtc: {{tcp_port: 7880, port_range_start: 60000, port_range_end: 50000}}\n\
             webhook: {{api_key: other, urls: ['http://a']}}\nturn: {{enabled: true, tls_port: 5349}}\n"
        )),
        "error: 4 problems in the project's files\n  \
         livekit.yaml:3:7: rtc.tcp_port: 7880 is `port` already\n  \
         livekit.yaml:3:23: rtc.port_range_start: 60000 is more than rtc.port_range_end, 50000\n  \
         livekit.yaml:4:11: webhook.api_key: not the name of a key under `keys`\n  \
         livekit.yaml:5:23: turn.tls_port: needs turn.domain\n"
    );
}

#[test]
fn no_message_quotes_a_secret() {
    let text =
        format!("keys:\n  APIone: [{SECRET}]\nredis: {{password: {{a: {SECRET}}}}}\nport: x\n");
    assert!(!said_of_livekit(&text).contains(SECRET));
}

#[test]
fn doubts_are_warnings_and_do_not_stop_anything() {
    let folder = Folder::with(&[(
        "livekit.yaml",
        "keys:\n  devkey: secret\n  APItwo: 12345678\n  APIthree: short\n",
    )]);
    let run = folder.run(&["config", "validate"]).expect(0);
    assert_eq!(run.stdout, "ok livekit.yaml\n");
    assert_eq!(
        run.stderr,
        "warning: livekit.yaml:2:3: keys.devkey: the documented development pair: anybody can make tokens for it\n\
         warning: livekit.yaml:3:3: keys.APItwo: the secret is a number; put it in quotes\n\
         warning: livekit.yaml:3:3: keys.APItwo: the secret has 8 characters; LiveKit asks for 32 or more\n\
         warning: livekit.yaml:4:3: keys.APIthree: the secret has 5 characters; LiveKit asks for 32 or more\n"
    );
}

#[test]
fn another_image_may_know_other_keys() {
    let folder = Folder::with(&[
        ("livekit.yaml", &format!("{KEYS}blockchain: {{on: true}}\n")),
        (
            "urbania.yaml",
            "images: {livekit: 'livekit/livekit-server:v2.0'}\n",
        ),
    ]);
    let run = folder.run(&["config", "validate"]).expect(0);
    assert!(
        run.stderr
            .contains("warning: livekit.yaml:2:1: blockchain: not a key")
    );
    let shown = folder.run(&["config", "show"]).expect(0).stdout;
    assert!(shown.contains("blockchain:\n  \"on\": true\n"), "{shown}");
}

#[test]
fn without_a_project_the_way_to_one_is_named() {
    let folder = Folder::with(&[]);
    let run = folder.run(&["config", "validate"]).expect(2);
    assert!(
        run.stderr
            .starts_with("error: no urbania.yaml or livekit.yaml in `")
    );
    assert!(
        run.stderr.ends_with("hint: urbania init\n"),
        "{}",
        run.stderr
    );
    let run = folder.run(&["--project", "nowhere", "config", "validate"]);
    assert_eq!(
        run.expect(2).stderr,
        "error: `nowhere` has no urbania.yaml and no livekit.yaml\nhint: urbania init nowhere\n"
    );
}

#[test]
fn the_project_is_found_from_a_folder_below() {
    let folder = Folder::with(&[("livekit.yaml", KEYS), ("web/src/x", "")]);
    let below = folder.path().join("web/src");
    let output = Command::new(env!("CARGO_BIN_EXE_urbania"))
        .args(["keys", "show"])
        .current_dir(below)
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success());
}

#[test]
fn the_environment_beats_the_file_and_the_file_beats_the_default() {
    let folder = Folder::with(&[
        ("livekit.yaml", &format!("{KEYS}port: 7000\n")),
        ("urbania.yaml", "network: published\n"),
    ]);
    let ports = |env: &[(&str, &str)]| {
        let run = folder
            .run_with(env, &["config", "show", "-o", "json"])
            .expect(0);
        let shown: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        shown["effective"]["rtc"]["udp_port"].clone()
    };
    assert_eq!(ports(&[]), 7882);
    assert_eq!(
        ports(&[("URBANIA_NETWORK", "host")]),
        serde_json::Value::Null
    );
    let flag = ["config", "show", "--network", "published", "-o", "json"];
    let run = folder
        .run_with(&[("URBANIA_NETWORK", "host")], &flag)
        .expect(0);
    assert!(run.stdout.contains("\"udp_port\": 7882"));
}

#[test]
fn the_effective_config_gives_a_reason_for_each_addition_and_hides_secrets() {
    let folder = Folder::with(&[(
        "livekit.yaml",
        &format!("{KEYS}rtc: {{node_ip: 127.0.0.1}}\n"),
    )]);
    let args = ["config", "show", "--network", "host"];
    assert_eq!(
        folder.run(&args).expect(0).stdout,
        "keys:\n  APIone: (redacted)\nrtc:\n  node_ip: \"127.0.0.1\"\n  \
         enable_loopback_candidate: true # added: rtc.node_ip is a loopback address, and LiveKit opens no media port there by itself\n\
         webhook:\n  api_key: APIone # added: the key that signs room events\n  \
         urls: # added: the token API hears of rooms and participants\n    \
         - http://127.0.0.1:8000/api/livekit/webhook\n"
            .replace("(redacted)", "\"(redacted)\"")
    );
    let revealed = folder.run(&[&args[..], &["--reveal"]].concat()).expect(0);
    assert!(revealed.stdout.contains(SECRET));
    let shown = folder.json(&["config", "show", "--network", "published", "-o", "json"]);
    assert_eq!(shown["additions"][0]["path"], "rtc.udp_port");
    assert!(!shown.to_string().contains(SECRET));
}

#[test]
fn schemas_are_printed() {
    let folder = Folder::with(&[]);
    let livekit = folder.json(&["config", "schema", "livekit"]);
    assert_eq!(
        livekit["properties"]["rtc"]["properties"]["udp_port"]["format"],
        "udp-ports"
    );
    let urbania = folder.json(&["config", "schema"]);
    assert_eq!(
        urbania["properties"]["api"]["properties"]["token_ttl"]["default"],
        21600
    );
}

#[test]
fn the_livekit_yaml_of_the_repository_is_what_init_writes_with_the_documented_pairs() {
    let (in_use, reserve) = (KeyPair::documented(), KeyPair::documented_reserve());
    let written = urbania::config::livekit_yaml(&in_use, &reserve).unwrap();
    assert_eq!(written, include_str!("../../livekit.yaml"));
}

#[test]
fn the_commented_settings_of_a_new_project_are_the_defaults() {
    let folder = Folder::with(&[]);
    let _ = folder.run(&["init"]).expect(0);
    let is_setting = |line: &&str| {
        let text = line.trim_start();
        let key = text.split_once(':').map(|(key, _)| key).unwrap_or_default();
        text.starts_with("- ")
            || (!key.is_empty()
                && key
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))
    };
    let settings = folder.read("urbania.yaml");
    let commented = settings.lines().filter_map(|line| line.strip_prefix("# "));
    let yaml: Vec<&str> = commented.filter(is_setting).collect();
    let yaml = yaml.join("\n");
    folder.write("urbania.yaml", &yaml);
    let _ = folder.run(&["config", "validate"]).expect(0);
    let read: Settings = serde_yaml_of(&yaml);
    let defaults = Settings {
        name: Some("my-project".into()),
        livekit_url: Some("wss://livekit.example.com".into()),
        backends: vec!["../backend/.env".into()],
        programs: ProgramSettings {
            livekit: Some("/opt/livekit/livekit-server".into()),
            mongodb: Some("/usr/bin/mongod".into()),
        },
        store: StoreSettings {
            database: Some("my-app".into()),
            channels: ChannelNames {
                member_id: Some("user_id".into()),
                ..ChannelNames::default()
            },
            ..StoreSettings::default()
        },
        auth: AuthSettings {
            hs256: vec![Hs256Settings {
                secret_env: "BACKEND_JWT_SECRET".into(),
                issuer: Some("https://backend.example.com".into()),
                ..Hs256Settings::default()
            }],
            jwks: vec![JwksSettings {
                issuer: "https://id.example.com".into(),
                audience: vec!["my-app".into()],
                ..JwksSettings::default()
            }],
            firebase: FirebaseSettings {
                project: Some("my-project".into()),
                ..FirebaseSettings::default()
            },
        },
        ..Settings::default()
    };
    assert_eq!(
        serde_json::to_value(read).unwrap(),
        serde_json::to_value(defaults).unwrap()
    );
}

fn serde_yaml_of(yaml: &str) -> Settings {
    serde_yaml::from_str(yaml).unwrap_or_else(|e| panic!("{e}\n{yaml}"))
}
