//! Real browsers, one process and one fresh profile for each participant of a call.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chromiumoxide::Page;
use chromiumoxide::browser::{Browser, BrowserConfig};
use chromiumoxide::cdp::js_protocol::runtime::EvaluateParams;
use futures_util::StreamExt;
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sysinfo::{ProcessRefreshKind, RefreshKind, System};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::firefox::Firefox;
use super::page_server::{NEWEST, PageServer};
use super::until::until;

/// What one participant sees and hears, read back from pixels and samples.
#[derive(Debug, Deserialize)]
pub struct Report {
    /// The state of the connection in livekit-client's words.
    pub state: String,
    /// Reconnects and disconnects since the start.
    pub events: Vec<String>,
    /// Every other participant by identity.
    pub seen: BTreeMap<String, Seen>,
}

/// What one participant sees and hears of another.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Seen {
    /// The sender's number, read from the picture's colour.
    pub code: Option<u8>,
    /// Different pictures that were rendered.
    pub pictures: u64,
    /// Width of the picture as received.
    pub width: u32,
    /// Frames that the decoder made.
    pub decoded: u64,
    /// Audio samples that arrived.
    pub samples: f64,
    /// Energy of what was played.
    pub energy: f64,
    /// The frequency that stands out.
    pub hertz: f64,
}

impl Seen {
    /// Since then, picture number `code` has moved.
    fn sees(&self, then: &Self, code: u8) -> bool {
        self.code == Some(code)
            && self.pictures >= then.pictures + 10
            && self.decoded >= then.decoded + 10
    }

    /// Since then, a tone of `hertz` sounds.
    fn hears(&self, then: &Self, hertz: u32) -> bool {
        self.samples > then.samples
            && self.energy > then.energy
            && (self.hertz - f64::from(hertz)).abs() < 50.0
    }
}

/// Waits until who reports sees `identity`'s picture number `code` move and hears its tone of `hertz`, from now on.
pub async fn until_seen_and_heard(
    report: impl AsyncFn() -> Report,
    identity: &str,
    code: u8,
    hertz: u32,
) -> Seen {
    until_of(report, identity, |now, then| {
        now.sees(then, code) && now.hears(then, hertz)
    })
    .await
}

/// Waits until it is so of `identity`, in comparison with what was so at first.
async fn until_of(
    report: impl AsyncFn() -> Report,
    identity: &str,
    is_so: impl Fn(&Seen, &Seen) -> bool,
) -> Seen {
    let mut first: Option<Seen> = None;
    let mut last = None;
    let deadline = Instant::now() + Duration::from_secs(30);
    while Instant::now() < deadline {
        let report = report().await;
        if let Some(now) = report.seen.get(identity).copied() {
            // A track that begins anew counts from nothing.
            first = first.filter(|then| then.decoded <= now.decoded && then.samples <= now.samples);
            let then = *first.get_or_insert(now);
            if is_so(&now, &then) {
                return now;
            }
        }
        last = Some(report);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("`{identity}` is not seen and heard: {last:#?}");
}

/// The page of one participant in its own browser.
pub struct Participant(In);

/// The browser.
enum In {
    Chromium(Box<Chromium>),
    Firefox(Box<Firefox>),
}

struct Chromium {
    page: Page,
    browser: Browser,
    /// Its first process.
    process: u32,
    events: JoinHandle<()>,
    _profile: TempDir,
}

impl Participant {
    /// Starts a browser and opens the page; the browser ends with the value.
    pub async fn open(pages: &PageServer) -> Self {
        Self::open_with(pages, NEWEST).await
    }

    /// The same with another version of LiveKit's client.
    pub async fn open_with(pages: &PageServer, client: &str) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let config = BrowserConfig::builder()
            .new_headless_mode()
            // A page waits long itself, for example for an SFU that refuses a track.
            .request_timeout(Duration::from_secs(90))
            .no_sandbox()
            .user_data_dir(profile.path())
            .args([
                "disable-gpu",
                "disable-quic",
                "disable-component-update",
                "use-fake-ui-for-media-stream",
                "use-fake-device-for-media-stream",
            ])
            .arg(("disable-features", "WebRtcHideLocalIpsWithMdns"))
            .arg(("autoplay-policy", "no-user-gesture-required"))
            .build()
            .expect("Chromium is installed; scripts/setup installs it");
        let (mut browser, mut handler) = Browser::launch(config).await.expect("Chromium starts");
        let events = tokio::spawn(async move { while handler.next().await.is_some() {} });
        let page = browser
            .new_page(format!("{}/{client}/call.html", pages.origin))
            .await
            .unwrap();
        let process = browser.get_mut_child().and_then(|child| child.inner.id());
        let chromium = Chromium {
            page,
            browser,
            process: process.expect("a process of ours"),
            events,
            _profile: profile,
        };
        let participant = Self(In::Chromium(Box::new(chromium)));
        participant.until_loaded().await;
        participant
    }

    /// The same in Firefox.
    pub async fn open_in_firefox(pages: &PageServer) -> Self {
        let page = format!("{}/{NEWEST}/call.html", pages.origin);
        let participant = Self(In::Firefox(Box::new(Firefox::open(&page).await)));
        participant.until_loaded().await;
        participant
    }

    async fn until_loaded(&self) {
        until("the page is loaded", async || {
            self.evaluate::<bool>("!!window.call").await
        })
        .await;
    }

    /// Logs in at the API and asks for a token to `room`, as the app does: the API's whole answer.
    pub async fn token(&self, api: &str, user: &str, password: &str, room: &str) -> Value {
        let session: String = self.call("login", &json!([api, user, password])).await;
        self.call("token", &json!([api, session, room])).await
    }

    /// Joins a room, publishes picture `code` and a tone of `hertz`; the identity given by the SFU.
    pub async fn join(&self, url: &str, token: &str, code: u8, hertz: u32) -> String {
        self.call("join", &json!([url, token, code, hertz])).await
    }

    /// The same with tokens of its own, also when it is cut off for good.
    pub async fn stay(
        &self,
        api: &str,
        (user, password): (&str, &str),
        room: &str,
        code: u8,
        hertz: u32,
    ) -> String {
        let session: String = self.call("login", &json!([api, user, password])).await;
        self.call("stay", &json!([api, session, room, code, hertz]))
            .await
    }

    /// Joins a room and publishes nothing; the identity given by the SFU.
    pub async fn connect(&self, url: &str, token: &str) -> String {
        self.call("connect", &json!([url, token])).await
    }

    /// The same with a token that may be refused.
    pub async fn knock(&self, url: &str, token: &str) {
        let _: String = self.call("knock", &json!([url, token])).await;
    }

    /// Tries to publish `microphone`, `camera` or `screen_share` against all permissions:
    /// "published" or why not.
    pub async fn insist(&self, source: &str) -> String {
        self.call("insist", &json!([source])).await
    }

    /// What livekit-client makes of a standard token endpoint's answer.
    pub async fn token_source(&self, url: &str, session: &str, options: &Value) -> Value {
        self.call("tokenSource", &json!([url, session, options]))
            .await
    }

    /// What livekit-client makes of a sandbox's answer.
    pub async fn sandbox(&self, base: &str, id: &str, options: &Value) -> Value {
        self.call("sandbox", &json!([base, id, options])).await
    }

    /// Options of the room that is joined next.
    pub async fn choose(&self, options: &Value) {
        let _: bool = self.call("choose", &json!([options])).await;
    }

    /// Media of the room that is joined next goes to another port than the one that the SFU names, and no other way.
    pub async fn detour(&self, named: u16, port: u16) {
        let _: bool = self.call("detour", &json!([named, port])).await;
    }

    /// Leaves the room.
    pub async fn leave(&self) {
        let _: bool = self.call("leave", &json!([])).await;
    }

    /// Stops all processes of the browser where they are.
    pub fn freeze(&self) {
        signal_all(self.process(), Signal::STOP);
    }

    /// They go on.
    pub fn thaw(&self) {
        signal_all(self.process(), Signal::CONT);
    }

    /// Publishes a camera in three layers.
    pub async fn publish_layers(&self, width: u32, height: u32) {
        let arguments = json!([width, height]);
        let _: bool = self.call("publishLayers", &arguments).await;
    }

    /// Sends a message; `to` nobody in particular goes to all.
    pub async fn say(&self, text: &str, reliable: bool, to: Option<&str>) {
        let to = to.map(|to| [to]);
        let arguments = json!([text, reliable, "test", to]);
        let _: bool = self.call("say", &arguments).await;
    }

    /// Messages that have come: from whom, and what.
    pub async fn heard(&self) -> Vec<(String, String)> {
        let heard: Vec<(String, String, String)> = self.call("heard", &json!([])).await;
        heard
            .into_iter()
            .map(|(from, text, _)| (from, text))
            .collect()
    }

    /// What is known of a participant; nothing when they are not there.
    pub async fn known(&self, identity: &str) -> Value {
        self.call("known", &json!([identity])).await
    }

    /// Does something with what is published or subscribed to; call.js has the list.
    pub async fn act(&self, arguments: &Value) -> Value {
        self.call("act", arguments).await
    }

    /// What the participant sees and hears now.
    pub async fn report(&self) -> Report {
        self.call("report", &json!([])).await
    }

    /// Waits until `identity`'s picture number `code` moves and its tone of `hertz` sounds, from now on.
    pub async fn sees_and_hears(&self, identity: &str, code: u8, hertz: u32) -> Seen {
        until_seen_and_heard(async || self.report().await, identity, code, hertz).await
    }

    /// The same where there is no sound device.
    pub async fn sees(&self, identity: &str, code: u8) -> Seen {
        let report = async || self.report().await;
        until_of(report, identity, |now, then| now.sees(then, code)).await
    }

    /// Ends the browser and waits for its process.
    pub async fn close(self) {
        match self.0 {
            In::Chromium(chromium) => chromium.close().await,
            In::Firefox(firefox) => firefox.close().await,
        }
    }

    fn process(&self) -> u32 {
        match &self.0 {
            In::Chromium(chromium) => chromium.process,
            In::Firefox(firefox) => firefox.process(),
        }
    }

    async fn call<T: DeserializeOwned>(&self, function: &str, arguments: &Value) -> T {
        self.evaluate(&format!("window.call.{function}(...{arguments})"))
            .await
    }

    async fn evaluate<T: DeserializeOwned>(&self, expression: &str) -> T {
        let value = match &self.0 {
            In::Chromium(chromium) => chromium.evaluate(expression).await,
            In::Firefox(firefox) => firefox.evaluate(expression).await,
        };
        serde_json::from_value(value).unwrap_or_else(|e| panic!("{expression}: {e}"))
    }
}

impl Chromium {
    async fn close(mut self) {
        // Asked to, it ends its helper processes first; they would write to the profile.
        let asked = self.browser.close().await;
        let ended = timeout(Duration::from_secs(10), self.browser.wait()).await;
        if asked.is_err() || ended.is_err() {
            self.browser.kill().await.unwrap().unwrap();
        }
        self.events.abort();
    }

    async fn evaluate(&self, expression: &str) -> Value {
        let parameters = EvaluateParams::builder()
            .expression(expression)
            .await_promise(true)
            .return_by_value(true)
            .build()
            .unwrap();
        self.page
            .evaluate_expression(parameters)
            .await
            .unwrap_or_else(|e| panic!("{expression}: {e}"))
            .into_value()
            .unwrap_or_else(|e| panic!("{expression}: {e}"))
    }
}

/// Signals a process and all that it has started, and they.
fn signal_all(first: u32, signal: Signal) {
    let kind = RefreshKind::nothing().with_processes(ProcessRefreshKind::nothing());
    let system = System::new_with_specifics(kind).unwrap();
    let mut family = vec![first];
    for at in 0.. {
        let Some(parent) = family.get(at).copied() else {
            break;
        };
        let children = system
            .processes()
            .values()
            .filter(|process| process.parent().is_some_and(|of| of.as_u32() == parent));
        family.extend(children.map(|process| process.pid().as_u32()));
    }
    for process in family {
        // One that has just ended needs no signal.
        let _ = kill_process(Pid::from_raw(process.cast_signed()).unwrap(), signal);
    }
}
