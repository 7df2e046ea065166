//! Calls that fail: the verdict is red, and the reason is the right one.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use super::{call, finished, held, reason};
use crate::config::Folder;
use crate::support::api::LIVEKIT_SECRET;
use crate::support::network::apart;
use crate::support::ports::Ports;
use crate::support::project::Run;
use crate::support::sfu::{TestSfu, program};

#[tokio::test]
async fn a_muted_camera_a_token_that_may_not_subscribe_and_a_swapped_tone_are_told() {
    let sfu = TestSfu::start(None).await;
    let scenario = "name: saboteurs\nseconds: 6\nroles:\n\
                    - {name: ada, mutes: [camera]}\n\
                    - {name: bela, may_subscribe: false}\n\
                    - {name: chidi, tone_of: ada}\n\
                    - {name: dora, may_publish: [microphone]}\n";
    let folder = Folder::with(&[("own.yaml", scenario)]);
    let (run, report) = held(&folder, &sfu, &["own.yaml", "--junit", "report.xml"]).await;
    let run = run.expect(3);
    let told = |to, sense, from| reason(&report, to, sense, from);
    let muted = Some("ada publishes no camera: muted at the source");
    assert_eq!(told("chidi", "sees", "ada"), muted);
    assert_eq!(told("chidi", "hears", "ada"), None);
    let deaf = Some("bela may not subscribe (canSubscribe is false)");
    assert_eq!(told("bela", "sees", "chidi"), deaf);
    assert_eq!(told("bela", "hears", "chidi"), deaf);
    assert_eq!(told("ada", "sees", "bela"), None);
    assert_eq!(
        told("ada", "hears", "chidi"),
        Some("ada hears the tone of ada where chidi's is expected")
    );
    assert_eq!(
        told("ada", "sees", "dora"),
        Some("dora may not publish a camera: its token does not allow it")
    );
    assert!(
        run.stderr
            .contains("error: ada publishes no camera: muted at the source, and 4 more"),
        "{}",
        run.stderr
    );
    let junit = folder.read("report.xml");
    assert!(
        junit.contains(r#"<failure message="ada publishes no camera: muted at the source">"#),
        "{junit}"
    );
}

#[tokio::test]
async fn a_wrong_key_and_a_silent_sfu_are_told_without_a_browser() {
    let sfu = TestSfu::start(None).await;
    let folder = Folder::with(&[]);
    let mut wrong = call(&folder, &["--url", &sfu.ws, "-o", "json"]);
    wrong
        .env("LIVEKIT_API_KEY", "APIwrong")
        .env("URBANIA_BROWSER", "/bin/false");
    let (run, report) = finished(wrong).await;
    let run = run.expect(3);
    let why = reason(&report, "bela", "sees", "ada").unwrap();
    assert!(
        why.starts_with("ada did not join: token refused: invalid API key"),
        "{why}"
    );
    assert!(
        run.stderr.contains("hint: urbania keys check"),
        "{}",
        run.stderr
    );
    assert_eq!(report["browser"], Value::Null);

    let nobody = format!("ws://127.0.0.1:{}", Ports::take().livekit());
    let mut silent = call(&folder, &["--url", &nobody, "-o", "json"]);
    silent.env("URBANIA_BROWSER", "/bin/false");
    let (run, report) = finished(silent).await;
    let _ = run.expect(3);
    let why = format!("ada did not join: the SFU at {nobody} does not answer");
    assert_eq!(reason(&report, "bela", "hears", "ada"), Some(why.as_str()));
}

#[tokio::test]
async fn an_sfu_that_dies_in_the_call_is_told() {
    let sfu = TestSfu::start(None).await;
    let folder = Folder::with(&[]);
    let args = ["--duration", "8s", "--url", &sfu.ws, "-o", "json"];
    let mut child = call(&folder, &args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let (run, report) = tokio::task::spawn_blocking(move || {
        let mut lines = stderr.lines().map_while(Result::ok);
        let joined = lines
            .by_ref()
            .filter(|line| line.contains("has joined"))
            .take(2)
            .count();
        assert_eq!(joined, 2);
        sfu.kill();
        // Whatever else it says has room in the pipe.
        let run = Run::of(&["call"], &child.wait_with_output().unwrap());
        let report: Value = serde_json::from_str(&run.stdout).unwrap();
        (run, report)
    })
    .await
    .unwrap();
    let _ = run.expect(3);
    let why = reason(&report, "bela", "sees", "ada").unwrap();
    assert!(
        why.starts_with("ada is not in the room any more: the connection is "),
        "{why}"
    );
}

/// Everything of a call in a network of its own, after these lines of a shell.
fn apart_with_an_sfu(folder: &Folder, args: &[&str], more: &[&str]) -> std::process::Command {
    let livekit = program();
    let config = format!(
        "port: 7880\nkeys: {{APItest: '{LIVEKIT_SECRET}'}}\nrtc: {{tcp_port: 7881, udp_port: 7882, \
         node_ip: 127.0.0.1, enable_loopback_candidate: true}}\n"
    );
    folder.write("livekit.yaml", &config);
    std::fs::copy(
        livekit.path().join("livekit-server"),
        folder.path().join("livekit-server"),
    )
    .unwrap();
    let start = "setpriv --pdeathsig KILL ./livekit-server --config livekit.yaml >sfu.log 2>&1 &";
    let wait =
        "timeout 20 sh -c \"until ss -ltnH 'sport = :7880' | grep -q .; do sleep 0.05; done\"";
    let args = [args, &["--url", "ws://127.0.0.1:7880", "-o", "json"]].concat();
    apart(&call(folder, &args), &[&[start, wait], more].concat())
}

#[tokio::test]
async fn a_firewall_is_told_with_the_addresses_that_it_hides() {
    let folder = Folder::with(&[]);
    let firewall = [
        "nft add table inet t",
        "nft add chain inet t in '{ type filter hook input priority 0; }'",
        "nft add rule inet t in meta l4proto udp drop",
        "nft add rule inet t in tcp dport 7881 drop",
    ];
    let (run, report) =
        finished(apart_with_an_sfu(&folder, &["--duration", "2s"], &firewall)).await;
    let run = run.expect(3);
    let why = reason(&report, "bela", "sees", "ada").unwrap();
    assert!(
        why.starts_with("ada did not join: neither UDP nor TCP gets through to "),
        "{why}"
    );
    assert!(
        why.contains("udp 127.0.0.1:7882") && why.contains("tcp 127.0.0.1:7881"),
        "{why}"
    );
    assert!(
        run.stderr.contains("hint: urbania doctor --only ice"),
        "{}",
        run.stderr
    );
    assert_eq!(report["participants"][0]["joined"], json!(false));
}
