//! Calls that fail: the verdict is red, and the reason is the right one.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{call, finished, held, reason};
use crate::config::Folder;
use crate::support::api::LIVEKIT_SECRET;
use crate::support::network::apart;
use crate::support::ports::Ports;
use crate::support::project::Run;
use crate::support::sfu::TestSfu;
use crate::support::sfu_kind::{Kind, on_both_sfus};

on_both_sfus!(
    a_muted_camera_a_token_that_may_not_subscribe_and_a_swapped_tone_are_told,
    a_wrong_key_and_a_silent_sfu_are_told_without_a_browser,
    an_sfu_that_dies_in_the_call_is_told,
    a_picture_that_was_away_for_long_is_told_although_it_has_come_back,
    a_firewall_is_told_with_the_addresses_that_it_hides_and_one_that_leaves_tcp_is_got_around,
);

async fn a_muted_camera_a_token_that_may_not_subscribe_and_a_swapped_tone_are_told(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
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

/// The SFU stands still between two events that change nothing: they say when.
async fn a_picture_that_was_away_for_long_is_told_although_it_has_come_back(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let scenario = "name: hole\nseconds: 28\nroles: [{name: ada}, {name: bela}]\n\
                    events:\n- {at: 4, what: network, who: ada, loss: 0}\n\
                    - {at: 11, what: network, who: ada, loss: 0}\n";
    let folder = Folder::with(&[("own.yaml", scenario)]);
    let args = ["own.yaml", "--url", &sfu.ws, "-o", "json"];
    let mut child = call(&folder, &args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let held = tokio::task::spawn_blocking(move || {
        let mut lines = stderr.lines().map_while(Result::ok);
        let mut event = || lines.any(|line| line.starts_with("ada's network"));
        assert!(event());
        sfu.pause();
        assert!(event());
        sfu.go_on();
        let run = Run::of(&["call"], &child.wait_with_output().unwrap());
        drop(sfu);
        run
    });
    let run = held.await.unwrap();
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let _ = run.expect(3);
    let why = reason(&report, "bela", "sees", "ada").unwrap_or("nothing");
    assert!(
        why.starts_with("ada's camera stood still for bela for "),
        "{why}: {report}"
    );
    let gap = &report["pairs"][0]["sees"]["measured"]["longest_gap_ms"];
    assert!(gap.as_f64().unwrap() > 5000.0, "{gap}");
}

async fn a_wrong_key_and_a_silent_sfu_are_told_without_a_browser(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
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

async fn an_sfu_that_dies_in_the_call_is_told(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
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

/// The address of the machine in its own network: browsers offer none of the loopback.
const HERE: &str = "10.77.0.1";

/// A call, its SFU with it, in a network of their own, after these lines of a shell.
fn apart_with_an_sfu(kind: Kind, folder: &Folder, args: &[&str], more: &[&str]) -> Command {
    let config = format!(
        "port: 7880\nkeys: {{APItest: '{LIVEKIT_SECRET}'}}\n\
         rtc: {{tcp_port: 7881, udp_port: 7882, node_ip: {HERE}}}\n"
    );
    folder.write("livekit.yaml", &config);
    let program = kind.program().join(" ");
    let start = format!("setpriv --pdeathsig KILL {program} --config livekit.yaml >sfu.log 2>&1 &");
    let address = format!("ip addr add {HERE}/24 dev d0");
    let network = [
        "ip link add d0 type veth peer name d1",
        &address,
        "ip link set d0 up",
        "ip link set d1 up",
        "ip route add default dev d0",
        &start,
        "timeout 20 sh -c \"until ss -ltnH 'sport = :7880' | grep -q .; do sleep 0.05; done\"",
    ];
    let url = format!("ws://{HERE}:7880");
    let args = [args, &["--url", &url, "-o", "json"]].concat();
    apart(&call(folder, &args), &[&network, more].concat())
}

async fn a_firewall_is_told_with_the_addresses_that_it_hides_and_one_that_leaves_tcp_is_got_around(
    kind: Kind,
) {
    let folder = Folder::with(&[]);
    let no_udp = [
        "nft add table inet t",
        "nft add chain inet t in '{ type filter hook input priority 0; }'",
        "nft add rule inet t in meta l4proto udp drop",
    ];
    let args = ["--duration", "4s"];
    let (run, report) = finished(apart_with_an_sfu(kind, &folder, &args, &no_udp)).await;
    let _ = run.expect(0);
    assert_eq!(report["participants"][0]["ice"]["protocol"], "tcp");

    let nothing = [&no_udp[..], &["nft add rule inet t in tcp dport 7881 drop"]].concat();
    let (run, report) = finished(apart_with_an_sfu(kind, &folder, &args, &nothing)).await;
    let run = run.expect(3);
    let why = reason(&report, "bela", "sees", "ada").unwrap();
    let begins = "ada did not join: neither UDP nor TCP gets through to ";
    assert!(why.starts_with(begins), "{why}");
    let offered = ["udp 10.77.0.1:7882", "tcp 10.77.0.1:7881"];
    assert!(offered.iter().all(|address| why.contains(address)), "{why}");
    let hint = "hint: urbania doctor --only ice";
    assert!(run.stderr.contains(hint), "{}", run.stderr);
    assert_eq!(report["participants"][0]["joined"], false);
}

#[test]
fn what_cannot_be_tried_is_told_before_anything_begins() {
    let folder = Folder::with(&[("empty.yaml", "name: nobody\n"), ("late.yaml", LATE)]);
    let told = |args: &[&str], code: i32| {
        let run = Run::of(args, &call(&folder, args).output().unwrap()).expect(code);
        run.stderr
    };
    let url = ["--url", "ws://127.0.0.1:1"];
    let with = |args: &[&'static str]| [args, &url].concat();
    assert_eq!(
        told(&with(&["one-to-on"]), 2),
        "error: there is no scenario `one-to-on`\nhint: urbania call one-to-one\n"
    );
    let mut three = call(
        &folder,
        &["group", "--token-endpoint", "http://127.0.0.1:1"],
    );
    three.env("URBANIA_CALL_TOKEN", "one other");
    let run = Run::of(&["call"], &three.output().unwrap()).expect(2);
    let few = "error: URBANIA_CALL_TOKEN has 2 tokens for 4 participants\n";
    assert_eq!(run.stderr, few);
    let few = told(&with(&["empty.yaml"]), 2);
    assert_eq!(few, "error: a call has 2 to 50 participants, not 0\n");
    let foreign = told(&with(&["reconnect"]), 2);
    assert!(
        foreign.contains("only that of a project can be"),
        "{foreign}"
    );
    let late = told(&with(&["late.yaml"]), 2);
    assert!(
        late.contains("`ada leaves` at 9 s: the call ends before"),
        "{late}"
    );
}

const LATE: &str = "seconds: 5\nroles: [{count: 2}]\nevents: [{at: 9, what: leave, who: ada}]\n";
