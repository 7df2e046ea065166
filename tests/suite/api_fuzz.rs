//! schemathesis against a running server: no 5xx, and no answer that `/openapi.json` does not describe.

use std::path::PathBuf;
use std::time::Duration;

use tokio::process::Command;
use urbania::api::ApiConfig;
use urbania::config::DuplicateIdentity;

use crate::support::api::{Api, no_limits};
use crate::support::sfu::TestSfu;

/// What is asked of every answer. What is not asked: that valid requests succeed (rooms and clubs with
/// made-up names are not there).
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance,\
                      negative_data_rejection,missing_required_header,unsupported_method,\
                      allow_header_conformance,ignored_auth";

/// What it is told besides.
const SETTINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/schemathesis.toml");

/// Far more than it takes.
const PATIENCE: Duration = Duration::from_mins(10);

/// Where `scripts/setup` puts it.
fn schemathesis() -> PathBuf {
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests");
    let program = tests.join("fuzz/venv/bin/schemathesis");
    assert!(
        program.exists(),
        "{} is missing; scripts/setup installs it",
        program.display()
    );
    program
}

/// How long each run lasts, in seconds; `scripts/soak/fuzz-api` sets it.
const SECONDS: &str = "URBANIA_TEST_FUZZ_SECONDS";

/// Without a time, some examples of each operation, always the same.
fn effort(seconds: Option<u64>) -> Vec<String> {
    match seconds {
        Some(seconds) => vec![
            format!("--max-time={seconds}"),
            "--generation-database=none".into(),
        ],
        None => vec![
            "--phases=examples,coverage,fuzzing".into(),
            "--max-examples=10".into(),
            "--generation-deterministic".into(),
        ],
    }
}

#[expect(clippy::disallowed_methods, reason = "set by `scripts/soak/fuzz-api`")]
async fn fuzz(api: &Api, more: &[String]) {
    let seconds = std::env::var(SECONDS).ok().map(|n| n.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(schemathesis());
    command
        .args(["--config-file", SETTINGS])
        .args(["run", "--checks", CHECKS, "--no-color", "--workers=1"])
        .args(["--request-timeout=20", "--warnings=off"])
        .args(effort(seconds))
        .args(more)
        .arg(format!("{}/openapi.json", api.base))
        // Its reports and caches.
        .current_dir(folder.path())
        .env_remove("NO_PROXY")
        .env("no_proxy", "*")
        .kill_on_drop(true);
    let patience = PATIENCE + Duration::from_secs(seconds.unwrap_or_default());
    let output = tokio::time::timeout(patience, command.output());
    let output = output.await.expect("schemathesis ends in time").unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// An API that anybody may ask as often as they like.
async fn start(sfu: &TestSfu, change: impl FnOnce(&mut ApiConfig)) -> Api {
    Api::start_with(|config| {
        config.reach = sfu.reach();
        config.limits = no_limits();
        change(config);
    })
    .await
}

/// With a session. A stream has no end, and that is all that there would be to find.
async fn with_a_session(api: &Api) -> [String; 3] {
    let session = format!("Authorization: Bearer {}", api.session().await);
    let exclude = "--exclude-path=/api/livekit/events";
    ["--header".into(), session, exclude.into()]
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_sent_every_answer_is_a_described_one() {
    let sfu = TestSfu::start(None).await;
    let api = start(&sfu, |config| config.dev = true).await;
    fuzz(&api, &[]).await;
    fuzz(&api, &with_a_session(&api).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_is_every_answer_where_rooms_are_not_made_by_joining_and_nobody_joins_twice() {
    let sfu = TestSfu::start(None).await;
    let api = start(&sfu, |config| {
        config.rooms.auto_create = false;
        config.duplicate_identity = DuplicateIdentity::Refuse;
    })
    .await;
    fuzz(&api, &with_a_session(&api).await).await;
}
