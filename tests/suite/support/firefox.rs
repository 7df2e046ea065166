//! Real Firefox, with a fresh profile, spoken to in WebDriver BiDi without a driver in between.

use std::process::Stdio;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// What a test needs otherwise than people do. Addresses for media are as everybody has them.
const PREFERENCES: &str = r#"
user_pref("media.navigator.permission.disabled", true);
user_pref("media.navigator.streams.fake", true);
user_pref("media.autoplay.default", 0);
user_pref("media.autoplay.blocking_policy", 0);
user_pref("media.gmp-manager.updateEnabled", false);
user_pref("app.update.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("toolkit.telemetry.enabled", false);
"#;

/// A page in a browser of its own, which ends with the value.
pub struct Firefox {
    child: Child,
    session: Mutex<Session>,
    context: String,
    _profile: TempDir,
}

struct Session {
    socket: WebSocketStream<TcpStream>,
    last: u64,
}

impl Firefox {
    /// Starts it and opens an address.
    pub async fn open(url: &str) -> Self {
        let profile = tempfile::tempdir().unwrap();
        std::fs::write(profile.path().join("user.js"), PREFERENCES).unwrap();
        let mut child = Command::new("firefox-esr")
            .args(["--headless", "--no-remote", "--remote-debugging-port", "0"])
            .arg("--profile")
            .arg(profile.path())
            .env("HOME", profile.path())
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("Firefox is installed; scripts/setup installs it");
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = loop {
            let line = said.next_line().await.unwrap().expect("it listens");
            if let Some((_, address)) = line.split_once("BiDi listening on ws://") {
                break address.to_owned();
            }
        };
        // It goes on to talk, and must not wait for a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
        let stream = TcpStream::connect(&address).await.unwrap();
        let (socket, _) = client_async(format!("ws://{address}/session"), stream)
            .await
            .unwrap();
        let mut session = Session { socket, last: 0 };
        session
            .command("session.new", &json!({"capabilities": {}}))
            .await;
        let tree = session.command("browsingContext.getTree", &json!({})).await;
        let context = tree["contexts"][0]["context"].as_str().unwrap().to_owned();
        let there = json!({"context": context, "url": url, "wait": "complete"});
        session.command("browsingContext.navigate", &there).await;
        Self {
            child,
            session: Mutex::new(session),
            context,
            _profile: profile,
        }
    }

    /// What an expression comes to, also later.
    pub async fn evaluate(&self, expression: &str) -> Value {
        let text =
            format!("Promise.resolve({expression}).then((it) => JSON.stringify(it ?? null))");
        let asked = json!({
            "expression": text, "target": {"context": self.context}, "awaitPromise": true,
            // As if somebody had clicked: sound may begin.
            "userActivation": true,
        });
        let mut session = self.session.lock().await;
        let answer = session.command("script.evaluate", &asked).await;
        let value = answer["result"]["value"].as_str();
        let value = value.unwrap_or_else(|| panic!("{expression}: {answer}"));
        serde_json::from_str(value).unwrap()
    }

    /// Its first process.
    pub fn process(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Ends it.
    pub async fn close(mut self) {
        self.child.kill().await.unwrap();
    }
}

impl Session {
    /// The result of a command; events in between are nobody's business.
    async fn command(&mut self, method: &str, params: &Value) -> Value {
        self.last += 1;
        let command = json!({"id": self.last, "method": method, "params": params});
        let message = Message::text(command.to_string());
        self.socket.send(message).await.unwrap();
        loop {
            let said = self.socket.next().await.expect("an answer").unwrap();
            let Message::Text(text) = said else { continue };
            let answer: Value = serde_json::from_str(&text).unwrap();
            if answer["id"] == self.last {
                assert_eq!(answer["type"], "success", "{command}: {answer}");
                return answer["result"].clone();
            }
        }
    }
}
