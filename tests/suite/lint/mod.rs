//! The linter against the LiveKit server itself: each judges every file, and they must agree.

mod every_key;
mod rows;
mod server;

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tempfile::TempDir;
use urbania::config::{Effect, Linted, lint_project};
use urbania::context::Env;

use self::server::{Server, Verdict};
use crate::config::Folder;
use crate::support::certificates;
use crate::support::ports::Ports;

/// Servers at once: most of a start is waiting.
const WORKERS: usize = 6;

/// A file for both.
struct Row {
    /// Where the linter must say something; empty: nowhere; `?`: somewhere.
    says: String,
    /// `livekit.yaml`, with `$PORT` and the like.
    yaml: String,
}

#[test]
fn the_linter_and_livekit_agree_on_every_file() {
    let mut rows = every_key::rows();
    rows.extend(rows::rows());
    assert!(rows.len() > 600, "{}", rows.len());
    let server = Server::take();
    let (next, started) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let (ports, dir) = (Ports::take(), folder());
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match judge(&server, row, &ports, dir.path()) {
                        Ok(Verdict::Starts) => _ = started.fetch_add(1, Ordering::Relaxed),
                        Ok(Verdict::Refuses(_)) => {}
                        Err(difference) => wrong.lock().unwrap().push(difference),
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    let (all, few) = (rows.len(), wrong.len());
    assert!(few == 0, "{few} of {all} differ:\n{}", wrong.join("\n"));
    // Both come often, so that neither judge says always the same.
    let started = started.into_inner();
    assert!(
        started > 100 && all - started > 300,
        "{started} of {all} start"
    );
}

/// With the files that rows name.
fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    certificates::authority(dir.path());
    certificates::signed(dir.path(), "turn");
    fs::write(dir.path().join("secret"), "of-a-turn-server\n").unwrap();
    server::close(&dir.path().join("secret"));
    dir
}

fn judge(server: &Server, row: &Row, ports: &Ports, dir: &Path) -> Result<Verdict, String> {
    let yaml = filled(&row.yaml, ports);
    fs::write(dir.join("livekit.yaml"), &yaml).unwrap();
    let linted = lint_project(dir, &Env::default(), None);
    let depends = linted.lints.iter().any(|l| l.effect == Effect::Depends);
    let verdict = server.verdict(dir, ports.livekit());
    let agree = match &verdict {
        Verdict::Starts => linted.starts(),
        Verdict::Refuses(_) => !linted.starts() || depends,
    };
    let says: Vec<_> = linted.lints.iter().map(|l| l.path.as_str()).collect();
    let is_told = match row.says.as_str() {
        "" => says.is_empty(),
        "?" => !says.is_empty(),
        path => says.contains(&path),
    };
    if agree && is_told {
        return Ok(verdict);
    }
    Err(format!(
        "{yaml}  server: {verdict}\n  linter: {}",
        told(&linted)
    ))
}

fn told(linted: &Linted) -> String {
    let found = linted.lints.iter();
    let lines: Vec<_> = found
        .map(|l| format!("{} {:?}: {}", l.path, l.effect, l.message))
        .collect();
    format!("starts: {}; {}", linted.starts(), lines.join("; "))
}

/// The file with its ports, and with what it leaves to others.
fn filled(yaml: &str, ports: &Ports) -> String {
    let has = |key: &str| yaml.lines().any(|line| line.starts_with(key));
    let mut text = String::new();
    if !has("port:") {
        text += "port: $PORT\n";
    }
    if !has("keys:") && !has("key_file:") {
        text += "keys: {APIone: aaaaaaaaaabbbbbbbbbbccccccccccdd}\n";
    }
    if !has("rtc:") {
        text += "rtc: {$RTC}\n";
    }
    text += yaml;
    text += "\n";
    let (first, last) = ports.udp_range();
    let numbers = [
        ("$RTC", "tcp_port: $TCP, node_ip: 127.0.0.1".to_owned()),
        ("$PORT", ports.livekit().to_string()),
        ("$TCP", ports.rtc_tcp().to_string()),
        ("$METRICS", ports.mongodb().to_string()),
        ("$DEBUG", ports.api().to_string()),
        ("$TURN", ports.turn().to_string()),
        ("$UDP", first.to_string()),
        ("$NEXT", (first + 1).to_string()),
        ("$LAST", last.to_string()),
    ];
    numbers
        .iter()
        .fold(text, |text, (name, number)| text.replace(name, number))
}

#[test]
fn a_release_can_be_asked_for_and_one_that_is_not_known_is_told() {
    let folder = Folder::with(&[(
        "livekit.yaml",
        "keys: {APIone: aaaaaaaaaabbbbbbbbbbccccccccccdd}\nnode_stats: {stats_max_delay: 30s}\n",
    )]);
    let of = |version: &str| folder.run(&["config", "validate", "--livekit-version", version]);
    assert_eq!(
        of("1.8").expect(2).stderr,
        "error: livekit.yaml:2:1: node_stats: came with LiveKit 1.9.0; this is 1.8.4\n\
         hint: if LiveKit knows better: urbania up --pass-unknown, or `pass_unknown: true` in urbania.yaml\n"
    );
    assert_eq!(of("1.9").expect(0).stdout, "ok livekit.yaml\n");
    assert_eq!(
        of("1.5").expect(2).stderr,
        "error: nothing is known of LiveKit 1.5.0; the releases from 1.6.0 to 1.13.6 are known\n\
         hint: without --livekit-version, the release of the image counts\n"
    );
    assert_eq!(
        of("9.0").expect(0).stderr,
        "note: livekit.yaml is judged as LiveKit 1.13.6 does, the newest release that is known; it is for 9.0.0\n"
    );
}

#[test]
fn what_livekit_would_do_is_shown_as_json_whether_the_file_is_good_or_not() {
    let folder = Folder::with(&[(
        "livekit.yaml",
        "keys: {APIone: aaaaaaaaaabbbbbbbbbbccccccccccdd}\nroom: {max_participants: 2.5, emty_timeout: 1}\n",
    )]);
    let run = folder.run(&["config", "validate", "-o", "json"]).expect(2);
    let shown: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(shown["valid"], false);
    assert_eq!(
        shown["livekit"],
        serde_json::json!({
            "version": "1.13.5",
            "judged_as": "1.13.5",
            "starts": false,
            "lints": [
                {
                    "line": 2, "column": 26, "path": "room.max_participants", "effect": "alters",
                    "message": "LiveKit takes `2.5` for 2",
                },
                {
                    "line": 2, "column": 31, "path": "room.emty_timeout", "effect": "refuses",
                    "message": "unknown key; did you mean `empty_timeout`?",
                },
            ],
        })
    );
}
