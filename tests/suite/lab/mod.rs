//! The call lab: real browsers, a real SFU, and calls that fail for a reason that is told.

mod calls;
mod elsewhere;
mod ends;
mod faults;
mod headed;
mod picture;

use std::process::Command;

use serde_json::Value;
use urbania::lab::browser::find;

use crate::config::Folder;
use crate::support::api::LIVEKIT_SECRET;
use crate::support::project::Run;
use crate::support::sfu::TestSfu;

/// The browser of this machine.
fn browser() -> std::path::PathBuf {
    find(&urbania::context::Env::of_process()).expect("scripts/setup installs Chromium")
}

/// `urbania call` in an empty folder, with the pair of the tests' SFUs.
fn call(folder: &Folder, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_urbania"));
    command
        .arg("call")
        .args(args)
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin")
        .env("HOME", folder.path())
        .env("URBANIA_BROWSER", browser())
        .env("LIVEKIT_API_KEY", "APItest")
        .env("LIVEKIT_API_SECRET", LIVEKIT_SECRET);
    command
}

/// A call at this SFU, and its report.
async fn held(folder: &Folder, sfu: &TestSfu, args: &[&str]) -> (Run, Value) {
    let more = ["--url", sfu.ws.as_str(), "-o", "json"];
    let args = [args, &more].concat();
    finished(call(folder, &args)).await
}

/// Runs it to its end.
async fn finished(mut command: Command) -> (Run, Value) {
    let run = tokio::task::spawn_blocking(move || command.output());
    let run = Run::of(&["call"], &run.await.unwrap().unwrap());
    let report = serde_json::from_str(&run.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}{}", run.stdout, run.stderr));
    (run, report)
}

/// Why `to` does not see (`sees`) or hear (`hears`) `from`; nothing where all is well.
fn reason<'a>(report: &'a Value, to: &str, sense: &str, from: &str) -> Option<&'a str> {
    let pairs = report["pairs"].as_array().unwrap();
    let pair = pairs
        .iter()
        .find(|pair| pair["from"] == from && pair["to"] == to)
        .unwrap_or_else(|| panic!("{to} {sense} {from}: {report}"));
    assert_eq!(pair[sense]["passed"], pair[sense]["reason"].is_null());
    pair[sense]["reason"].as_str()
}
