//! The process of the browser, with a profile that nobody else has.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::fs::read_to_string;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use super::devtools::{DevTools, PATIENCE};
use super::tab::Tab;
use crate::error::{Context as _, Error, Result};

/// Between two looks whether it listens.
const PAUSE: Duration = Duration::from_millis(30);

/// How long it may take to end by itself.
const GRACE: Duration = Duration::from_secs(5);

/// So much of its last words is quoted.
const MOST_WORDS: usize = 600;

/// What a call needs, and nothing that a browser does of its own accord.
const ARGUMENTS: [&str; 16] = [
    "--remote-debugging-port=0",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--disable-extensions",
    "--password-store=basic",
    "--autoplay-policy=no-user-gesture-required",
    // Every participant counts as being looked at.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-features=WebRtcHideLocalIpsWithMdns,Translate,MediaRouter,CalculateNativeWinOcclusion",
    "about:blank",
];

/// How to start it.
#[derive(Debug)]
pub struct Launch<'a> {
    /// The program.
    pub program: &'a Path,
    /// Whether windows are shown.
    pub headed: bool,
}

/// A running browser; it ends with the value.
#[derive(Debug)]
pub struct Chromium {
    /// Its name and version.
    pub product: String,
    devtools: DevTools,
    process: Child,
    _profile: TempDir,
}

impl Launch<'_> {
    /// Starts it and waits until it can be driven.
    pub async fn start(&self) -> Result<Chromium> {
        let cannot = || format!("cannot start `{}`", self.program.display());
        let profile = tempfile::Builder::new()
            .prefix("urbania-call-")
            .tempdir()
            .or_fail(|| "cannot make a profile for the browser".into())?;
        let words = profile.path().join("stderr");
        let stderr = std::fs::File::create(&words).or_fail(cannot)?;
        let mut command = Command::new(self.program);
        command
            .args(ARGUMENTS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .kill_on_drop(true)
            // Ctrl-C is for us: what the pages told is written down before they end.
            .process_group(0);
        if !self.headed {
            command.args(["--headless=new", "--disable-gpu", "--mute-audio"]);
        }
        if is_root() {
            // Chromium has no sandbox for root.
            command.arg("--no-sandbox");
        }
        let mut process = command.spawn().or_fail(cannot)?;
        let port_file = profile.path().join("DevToolsActivePort");
        let Some((address, path)) = listening(&port_file, &mut process).await else {
            return Err(quoting(Error::failed(cannot()), &words).await);
        };
        let devtools = DevTools::connect(address, &path).await.or_fail(cannot)?;
        let version = devtools
            .ask(None, "Browser.getVersion", json!({}), PATIENCE)
            .await
            .or_fail(cannot)?;
        Ok(Chromium {
            product: product(&version),
            devtools,
            process,
            _profile: profile,
        })
    }
}

impl Chromium {
    /// Opens a page in a context of its own.
    pub async fn open(&self, url: &str, name: &str) -> Result<Tab> {
        Tab::open(self.devtools.clone(), url)
            .await
            .or_fail(|| format!("cannot open a page for `{name}`"))
    }

    /// Ends it and waits for its process.
    pub async fn close(mut self) {
        let asked = self.devtools.ask(None, "Browser.close", json!({}), GRACE);
        let asked = asked.await;
        let ended = timeout(GRACE, self.process.wait()).await;
        if asked.is_err() || ended.is_err() {
            // It goes with the value otherwise; here its profile must be left before it is deleted.
            let _ = self.process.kill().await;
        }
    }
}

/// Where it listens, once it does.
async fn listening(port_file: &PathBuf, process: &mut Child) -> Option<(SocketAddr, String)> {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if let Ok(text) = read_to_string(port_file).await
            && let Some((port, path)) = text.split_once('\n')
            && let Ok(port) = port.parse()
        {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            return Some((address, path.trim().to_owned()));
        }
        if process.try_wait().ok()?.is_some() {
            return None;
        }
        sleep(PAUSE).await;
    }
    None
}

/// With the browser's own last words.
async fn quoting(error: Error, words: &Path) -> Error {
    let words = read_to_string(words).await.unwrap_or_default();
    let words = words.trim();
    if words.contains("Missing X server or $DISPLAY") {
        return Error::failed("there is no display to show the browser's windows on").hint(
            "without `--headed` none is needed; `xvfb-run urbania call --headed` makes one up",
        );
    }
    if words.is_empty() {
        return error.hint("it said nothing; URBANIA_BROWSER=/path/to/chrome names another one");
    }
    let from = words.len().saturating_sub(MOST_WORDS);
    let from = (from..=words.len())
        .find(|at| words.is_char_boundary(*at))
        .unwrap_or_default();
    error.because(std::io::Error::other(words[from..].to_owned()))
}

fn product(version: &Value) -> String {
    let product = version["product"].as_str().unwrap_or("Chromium");
    product.replace("Headless", "").replace('/', " ")
}

/// Whether this process is root's.
#[cfg(unix)]
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether this process is root's.
#[cfg(not(unix))]
pub fn is_root() -> bool {
    false
}
