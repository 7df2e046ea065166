//! Participants that are no browsers: LiveKit's own clients for Python and for Node.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::browser::Report;
use super::until::PATIENCE;

/// Which client.
#[derive(Clone, Copy, Debug)]
pub enum Language {
    /// `livekit`, connected once for all or twice.
    Python {
        /// Once for all.
        one_connection: bool,
    },
    /// `@livekit/rtc-node`.
    Node,
}

/// A participant in a process of its own, which ends with the value.
pub struct Native {
    child: Child,
    pipes: Mutex<(ChildStdin, Lines<BufReader<ChildStdout>>)>,
}

/// The folder of the SDKs.
pub fn sdk() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk")
}

/// The Python that has LiveKit's packages.
pub fn python() -> PathBuf {
    sdk().join("venv/bin/python")
}

impl Native {
    /// Joins a room, publishes picture `code` and a tone of `hertz`.
    pub async fn join(language: Language, url: &str, token: &str, code: u8, hertz: u32) -> Self {
        let native = match language {
            Language::Python { .. } => Self::run(&python(), "participant.py"),
            Language::Node => Self::run(Path::new("node"), "participant.mjs"),
        };
        let one_connection = matches!(
            language,
            Language::Python {
                one_connection: true
            }
        );
        let given = json!({
            "url": url, "token": token, "code": code, "hertz": hertz, "one_connection": one_connection,
        });
        let _identity: String = native.ask(&given).await;
        native
    }

    /// A script of `tests/sdk` that answers lines with lines.
    pub fn run(program: &Path, script: &str) -> Self {
        let mut child = Command::new(program)
            .arg(sdk().join(script))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("scripts/setup installs the SDKs");
        let answers = BufReader::new(child.stdout.take().unwrap()).lines();
        let pipes = Mutex::new((child.stdin.take().unwrap(), answers));
        Self { child, pipes }
    }

    /// The answer to a line.
    pub async fn ask<T: DeserializeOwned>(&self, line: &Value) -> T {
        let mut pipes = self.pipes.lock().await;
        let (asked, answers) = &mut *pipes;
        asked
            .write_all(format!("{line}\n").as_bytes())
            .await
            .unwrap();
        loop {
            let said = answers.next_line().await.unwrap();
            let said = said.unwrap_or_else(|| panic!("no answer to {line}"));
            // What is no answer is the client's own log.
            if let Some(answer) = said.strip_prefix("> ") {
                return serde_json::from_str(answer).unwrap_or_else(|e| panic!("{answer}: {e}"));
            }
        }
    }

    /// What the participant sees and hears now.
    pub async fn report(&self) -> Report {
        self.ask(&json!(["report"])).await
    }

    /// Sends a message to all.
    pub async fn say(&self, text: &str) {
        let _: bool = self.ask(&json!(["say", text])).await;
    }

    /// Messages that have come: from whom, and what.
    pub async fn heard(&self) -> Vec<(String, String)> {
        self.ask(&json!(["heard"])).await
    }

    /// Waits until the SFU has told it that somebody has each of its tracks.
    pub async fn until_had(&self) {
        let line = json!(["had"]);
        let had = timeout(PATIENCE, self.ask(&line)).await;
        assert_eq!(had, Ok(true), "nobody has its tracks");
    }

    /// Begins to send a file of so many bytes to all.
    pub async fn send_file(&self, bytes: usize) {
        let _: bool = self.ask(&json!(["send", bytes])).await;
    }

    /// Bytes of files that have come, by sender.
    pub async fn got(&self) -> BTreeMap<String, usize> {
        self.ask(&json!(["got"])).await
    }

    /// Stops the process where it is, for a time.
    pub async fn stand_still(&self, time: Duration) {
        let id = self.child.id().unwrap();
        let process = Pid::from_raw(id.cast_signed()).unwrap();
        kill_process(process, Signal::STOP).unwrap();
        tokio::time::sleep(time).await;
        kill_process(process, Signal::CONT).unwrap();
    }

    /// Ends the process without a word to anybody.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Leaves the room and waits for the end of the process.
    pub async fn close(self) {
        let Self { mut child, pipes } = self;
        drop(pipes);
        let status = child.wait().await.unwrap();
        assert!(status.success(), "{status}");
    }
}
