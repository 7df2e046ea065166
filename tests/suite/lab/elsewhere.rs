//! Calls at an SFU of which a token endpoint is all that is known.

use crate::config::Folder;
use crate::support::api::{Api, add_user};
use crate::support::sfu::TestSfu;
use crate::support::sfu_kind::Kind;

use super::{call, finished};

#[test]
fn without_a_project_and_a_pair_the_way_out_is_a_pair() {
    let folder = Folder::with(&[]);
    let mut call = call(&folder, &["--url", "ws://127.0.0.1:1"]);
    call.env_remove("LIVEKIT_API_KEY")
        .env_remove("LIVEKIT_API_SECRET");
    let output = call.output().unwrap();
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: `--url` needs a key pair of that SFU: none is in the environment, and there is no project here\n\
         hint: LIVEKIT_API_KEY=… LIVEKIT_API_SECRET=… urbania call --url URL\n"
    );
}

#[tokio::test]
async fn a_token_endpoint_lets_everybody_in_by_a_wished_name_or_with_a_session_of_their_own() {
    let sfu = TestSfu::of(Kind::Embedded, None).await;
    let api = Api::start_with(|config| {
        config.dev = true;
        config.reach = sfu.reach();
    })
    .await;
    let bob = add_user(api.store.as_ref(), "bob", &[]).await;
    let sessions = [api.session().await, api.session_of("bob").await];
    let folder = Folder::with(&[]);
    let at = |path: &str| format!("{}/api{path}", api.base);

    let guests = at("/connection-details");
    let args = [
        "--duration",
        "4s",
        "--token-endpoint",
        &guests,
        "-o",
        "json",
    ];
    let (run, report) = finished(call(&folder, &args)).await;
    let _ = run.expect(0);
    let who = report["participants"][0]["identity"].as_str().unwrap();
    assert!(who.starts_with("ada__"), "{who}");

    let users = at("/livekit/token-source");
    let args = ["--duration", "4s", "--token-endpoint", &users, "-o", "json"];
    let mut own = call(&folder, &args);
    own.env("URBANIA_CALL_TOKEN", sessions.join(" "));
    let (run, report) = finished(own).await;
    let _ = run.expect(0);
    let who = report["participants"].as_array().unwrap().iter();
    let who: Vec<_> = who.map(|who| who["identity"].as_str().unwrap()).collect();
    assert_eq!(who, [&api.ada, &bob]);

    let mut same = call(&folder, &args);
    same.env("URBANIA_CALL_TOKEN", [&*sessions[0]; 2].join(" "));
    let output = tokio::task::spawn_blocking(move || same.output());
    let output = output.await.unwrap().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let why = format!(
        "the token endpoint takes two participants for `{}`",
        api.ada
    );
    assert!(said.contains(&why), "{said}");
}
