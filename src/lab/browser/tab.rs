//! A page in a context of its own.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::devtools::{DevTools, DevToolsError, PATIENCE};

/// Between two looks whether the page is there.
const PAUSE: Duration = Duration::from_millis(30);

/// How much of an error in a page is told.
const MOST_WORDS: usize = 300;

/// The size of the window: four tiles fit.
const WINDOW: (u32, u32) = (980, 560);

/// A page.
#[derive(Clone, Debug)]
pub struct Tab {
    devtools: DevTools,
    session: String,
}

/// What the network of a page is like.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// Packets of a hundred that are lost.
    pub loss: u32,
    /// Milliseconds that packets take longer.
    pub latency: u32,
    /// Kilobits a second that get through each way.
    pub kbps: u32,
}

/// A network as good as any.
impl Default for Conditions {
    fn default() -> Self {
        Self {
            loss: 0,
            latency: 0,
            kbps: 1_000_000,
        }
    }
}

/// What came of evaluating something.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Evaluated {
    result: Remote,
    exception_details: Option<Exception>,
}

#[derive(Deserialize)]
struct Remote {
    #[serde(default)]
    value: Value,
}

#[derive(Deserialize)]
struct Exception {
    text: String,
    exception: Option<Thrown>,
}

#[derive(Deserialize)]
struct Thrown {
    description: Option<String>,
}

impl Tab {
    /// Opens it and waits until it can be called.
    pub(super) async fn open(devtools: DevTools, url: &str) -> Result<Self, DevToolsError> {
        let ask = |method, parameters| devtools.ask(None, method, parameters, PATIENCE);
        let context = ask("Target.createBrowserContext", json!({})).await?;
        let (width, height) = WINDOW;
        let wanted = json!({
            "url": url, "browserContextId": context["browserContextId"],
            "newWindow": true, "width": width, "height": height,
        });
        let target = ask("Target.createTarget", wanted).await?;
        let wanted = json!({"targetId": target["targetId"], "flatten": true});
        let attached = ask("Target.attachToTarget", wanted).await?;
        let session = attached["sessionId"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let tab = Self { devtools, session };
        tab.until_it_is_there(url).await?;
        Ok(tab)
    }

    async fn until_it_is_there(&self, url: &str) -> Result<(), DevToolsError> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if self.evaluate("!!window.lab", PATIENCE).await? {
                return Ok(());
            }
            sleep(PAUSE).await;
        }
        Err(DevToolsError::Late(url.to_owned()))
    }

    /// Calls a function of the page's `window.lab`.
    pub async fn call<T: DeserializeOwned>(
        &self,
        function: &str,
        arguments: &Value,
        patience: Duration,
    ) -> Result<T, DevToolsError> {
        self.evaluate(&format!("window.lab.{function}(...{arguments})"), patience)
            .await
    }

    /// Evaluates an expression, or the promise that it is.
    pub async fn evaluate<T: DeserializeOwned>(
        &self,
        expression: &str,
        patience: Duration,
    ) -> Result<T, DevToolsError> {
        let wanted = json!({
            "expression": expression, "awaitPromise": true, "returnByValue": true,
        });
        let answer = self.ask("Runtime.evaluate", wanted, patience).await?;
        let answer: Evaluated = serde_json::from_value(answer)?;
        match answer.exception_details {
            Some(exception) => Err(DevToolsError::Page(exception.words())),
            None => Ok(serde_json::from_value(answer.result.value)?),
        }
    }

    /// What the page looks like: a JPEG in base64.
    pub async fn screenshot(&self) -> Result<String, DevToolsError> {
        let wanted = json!({"format": "jpeg", "quality": 70, "optimizeForSpeed": true});
        let taken = self.ask("Page.captureScreenshot", wanted, PATIENCE).await?;
        Ok(taken["data"].as_str().unwrap_or_default().to_owned())
    }

    /// Gives the page's network other conditions.
    pub async fn degrade(&self, conditions: &Conditions) -> Result<(), DevToolsError> {
        let Conditions {
            loss,
            latency,
            kbps,
        } = conditions;
        let bytes = f64::from(*kbps) * 1000.0 / 8.0;
        self.ask("Network.enable", json!({}), PATIENCE).await?;
        let wanted = json!({
            "offline": false, "latency": latency, "packetLoss": loss,
            "downloadThroughput": bytes, "uploadThroughput": bytes,
        });
        self.ask("Network.emulateNetworkConditions", wanted, PATIENCE)
            .await?;
        Ok(())
    }

    async fn ask(
        &self,
        method: &str,
        parameters: Value,
        patience: Duration,
    ) -> Result<Value, DevToolsError> {
        self.devtools
            .ask(Some(&self.session), method, parameters, patience)
            .await
    }
}

impl Exception {
    /// The error's own first line.
    fn words(self) -> String {
        let told = self.exception.and_then(|thrown| thrown.description);
        let told = told.unwrap_or(self.text);
        told.lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(MOST_WORDS)
            .collect()
    }
}
