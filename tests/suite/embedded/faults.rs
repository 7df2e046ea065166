//! Frozen browsers, an SFU that ends, poor lines: what people notice of it.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{Connections, page, token};
use crate::support::browser::{Participant, until_seen_and_heard};
use crate::support::native::{Language, Native};
use crate::support::page_server::PageServer;
use crate::support::poor_line::{PoorLine, Shape};
use crate::support::ports::Ports;
use crate::support::sfu::TestSfu;
use crate::support::sfu_kind::{Kind, on_both_sfus};
use crate::support::until::until_ok;

on_both_sfus!(
    a_call_outlives_a_frozen_browser_and_a_restart_of_the_sfu,
    mishaps_that_a_client_asks_for_happen,
    a_file_reaches_everybody_also_who_stands_still_meanwhile,
);

/// A picture that stands for longer is frozen.
const FREEZE: Duration = Duration::from_secs(2);

/// More than may wait for a client that takes nothing, in messages of this size.
const FLOOD: (usize, usize) = (90, 60_000);

async fn mishaps_that_a_client_asks_for_happen(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let pages = PageServer::start().await;
    let bert = page(&pages, Connections::Two).await;
    bert.connect(&sfu.ws, &token(&sfu, "bert")).await;
    for connections in [Connections::One, Connections::Two] {
        let anna = page(&pages, connections).await;
        anna.join(&sfu.ws, &token(&sfu, "anna"), 1, 440).await;
        for (mishap, times) in [("node-failure", 1), ("migration", 2)] {
            anna.act(&json!(["simulate", mishap])).await;
            until_ok(mishap, async || {
                let report = anna.report().await;
                let back = report.events.iter().filter(|e| *e == "Reconnected");
                let is_back = back.count() == times && report.state == "connected";
                is_back.then_some(()).ok_or(report)
            })
            .await;
            bert.sees_and_hears("anna", 1, 440).await;
        }
        anna.act(&json!(["simulate", "server-leave"])).await;
        until_ok("anna is out", async || {
            let report = anna.report().await;
            let is_out = report.state == "disconnected";
            is_out.then_some(()).ok_or(report)
        })
        .await;
        anna.close().await;
    }
    if kind == Kind::Embedded {
        let log = sfu.log();
        let said = "`anna` leaves `daily` (a migration is simulated): 1 is left in it";
        assert!(log.contains(said), "{log}");
    }
    bert.close().await;
}

/// Bytes of a file: more than an SFU keeps for one client.
const FILE: usize = 12_000_000;
/// A client may take nothing for so long.
const STANDSTILL: Duration = Duration::from_secs(4);

async fn a_call_outlives_a_frozen_browser_and_a_restart_of_the_sfu(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let pages = PageServer::start().await;
    let all = [
        ("anna", Connections::One, 1, 440),
        ("bert", Connections::Two, 2, 880),
        ("carl", Connections::One, 4, 1320),
    ];
    let mut there = Vec::new();
    for (name, connections, code, hertz) in all {
        let page = page(&pages, connections).await;
        page.join(&sfu.ws, &token(&sfu, name), code, hertz).await;
        there.push(page);
    }
    let [anna, bert, carl] = &there[..] else {
        unreachable!()
    };
    carl.sees_and_hears("anna", 1, 440).await;
    bert.sees_and_hears("carl", 4, 1320).await;
    carl.freeze();
    if kind == Kind::Embedded {
        // What must arrive and cannot is not left out silently: who does not take it is put out, and comes back.
        let (messages, size) = FLOOD;
        let text = "x".repeat(size);
        for _ in 0..messages {
            anna.say(&text, true, Some("carl")).await;
        }
        let words = "`carl` is put out of `daily`: it does not take its data";
        until_ok(words, async || {
            let log = sfu.log();
            log.contains(words).then_some(()).ok_or(log)
        })
        .await;
    }
    goes_on(bert, "anna", 45, FREEZE).await;
    goes_on(anna, "bert", 15, FREEZE).await;
    carl.thaw();
    carl.sees_and_hears("anna", 1, 440).await;
    anna.sees_and_hears("carl", 4, 1320).await;

    sfu.kill();
    sfu.start_again().await;
    for (at, page) in there.iter().enumerate() {
        for (other, (name, _, code, hertz)) in all.into_iter().enumerate() {
            if other != at {
                page.sees_and_hears(name, code, hertz).await;
            }
        }
    }
    for page in there {
        page.close().await;
    }
}

/// It is sent faster than it is taken.
async fn a_file_reaches_everybody_also_who_stands_still_meanwhile(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let join = async |name, one_connection, code| {
        let language = Language::Python { one_connection };
        Native::join(language, &sfu.ws, &token(&sfu, name), code, 440).await
    };
    let anna = join("anna", true, 1).await;
    let bert = join("bert", true, 2).await;
    let carl = join("carl", false, 4).await;
    for receiver in [&bert, &carl] {
        until_seen_and_heard(async || receiver.report().await, "anna", 1, 440).await;
    }
    anna.send_file(FILE).await;
    carl.stand_still(STANDSTILL).await;
    for receiver in [&bert, &carl] {
        until_ok("the whole file", async || {
            let got = receiver.got().await;
            let is_whole = got.get("anna") == Some(&FILE);
            is_whole.then_some(()).ok_or(got)
        })
        .await;
    }
    let all = [anna, bert, carl];
    for participant in &all {
        assert_eq!(participant.report().await.events, [""; 0]);
    }
    for participant in all {
        participant.close().await;
    }
}

/// What LiveKit makes of such lines is its own: at times it shows a picture that stands for seconds, or lets nobody in.
#[tokio::test]
async fn poor_lines_carry_pictures_that_move() {
    let ports = Ports::take();
    let (media, _) = ports.udp_range();
    let rtc = format!(
        "udp_port: {media}, node_ip: 127.0.0.1, enable_loopback_candidate: true, use_ice_lite: true"
    );
    let sfu = TestSfu::with_rtc(Kind::Embedded, ports, None, &rtc, "").await;
    let lossy = PoorLine::to(media, Shape { lost: 5, down: 0 }).await;
    let narrow = Shape {
        lost: 0,
        down: 1_000_000,
    };
    let narrow = PoorLine::to(media, narrow).await;
    let pages = PageServer::start().await;
    let anna = page(&pages, Connections::One).await;
    let bert = page(&pages, Connections::Two).await;
    bert.detour(media, lossy.port).await;
    let carl = page(&pages, Connections::One).await;
    carl.detour(media, narrow.port).await;
    for (page, name) in [(&anna, "anna"), (&bert, "bert"), (&carl, "carl")] {
        page.connect(&sfu.ws, &token(&sfu, name)).await;
    }
    anna.publish_layers(1280, 720).await;
    bert.publish_layers(1280, 720).await;
    for (page, of) in [
        (&bert, "anna"),
        (&anna, "bert"),
        (&carl, "anna"),
        (&carl, "bert"),
    ] {
        goes_on(page, of, 30, 5 * FREEZE).await;
        goes_on(page, of, 30, 2 * FREEZE).await;
    }
    // What must arrive does.
    for number in 0..20 {
        bert.say(&format!("{number}"), true, None).await;
    }
    for page in [&anna, &carl] {
        until_ok("all messages in their order", async || {
            let heard = page.heard().await;
            let numbers = heard.iter().map(|(_, text)| text.parse().ok());
            if numbers.eq((0..20).map(Some)) {
                Ok(())
            } else {
                Err(heard)
            }
        })
        .await;
    }
    for page in [anna, bert, carl] {
        page.close().await;
    }
}

/// So many pictures of somebody are shown from now on, and none stands for longer than a time.
async fn goes_on(page: &Participant, of: &str, pictures: u64, longest: Duration) {
    let decoded = async || {
        let report = page.report().await;
        report.seen.get(of).map_or(0, |seen| seen.decoded)
    };
    let first = decoded().await;
    let (mut last, mut since) = (first, Instant::now());
    while last < first + pictures {
        let now = decoded().await;
        if now > last {
            (last, since) = (now, Instant::now());
        }
        let stands = since.elapsed();
        assert!(
            stands < longest,
            "the picture of `{of}` stands for {stands:?} after {} of {pictures}: {:#?}",
            last - first,
            page.report().await
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn thirty_who_come_and_go_leave_nothing_behind() {
    let sfu = TestSfu::of(Kind::Embedded, None).await;
    let pages = PageServer::start().await;
    // In what she is offered, sections stay for ever.
    let anna = page(&pages, Connections::Two).await;
    anna.join(&sfu.ws, &token(&sfu, "anna"), 1, 440).await;
    let guest = page(&pages, Connections::One).await;
    visits(&sfu, &guest, 5).await;
    let before = Held::by(&sfu).await;
    visits(&sfu, &guest, 30).await;
    let after = Held::by(&sfu).await;
    assert_eq!(after.files, before.files);
    let grown = after.memory.saturating_sub(before.memory);
    assert!(grown < before.memory / 10, "{before:?}, {after:?}");
    guest.join(&sfu.ws, &token(&sfu, "guest"), 2, 880).await;
    anna.sees_and_hears("guest", 2, 880).await;
    for page in [anna, guest] {
        page.close().await;
    }
}

/// Somebody comes, sends, gets what anna sends, and goes; in both ways by turns.
async fn visits(sfu: &TestSfu, guest: &Participant, times: usize) {
    for visit in 0..times {
        guest
            .choose(&serde_json::json!({"singlePeerConnection": visit % 2 == 0}))
            .await;
        guest.join(&sfu.ws, &token(sfu, "guest"), 2, 880).await;
        until_ok("both tracks", async || {
            let known = guest.known("anna").await;
            let tracks = known["tracks"].as_array().cloned().unwrap_or_default();
            let gets = tracks.iter().filter(|track| track["subscribed"] == true);
            if gets.count() == 2 {
                Ok(())
            } else {
                Err(known)
            }
        })
        .await;
        guest.leave().await;
    }
}

/// What a process holds.
#[derive(Debug)]
struct Held {
    /// In kilobytes.
    memory: u64,
    files: usize,
}

impl Held {
    /// Once only one participant is left.
    async fn by(sfu: &TestSfu) -> Self {
        until_ok("one is left", async || {
            let people = sfu.rooms().participants("daily").await.unwrap();
            if people.len() == 1 {
                Ok(())
            } else {
                Err(people)
            }
        })
        .await;
        let process = format!("/proc/{}", sfu.pid());
        let status = std::fs::read_to_string(format!("{process}/status")).unwrap();
        let memory = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.strip_suffix("kB"));
        Self {
            memory: memory.unwrap().trim().parse().unwrap(),
            files: std::fs::read_dir(format!("{process}/fd")).unwrap().count(),
        }
    }
}
