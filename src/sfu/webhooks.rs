//! Tells those who listen what happens in rooms, signed as LiveKit signs it: in order, some times if it must be.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use livekit_protocol as proto;
use rand::distr::{Alphanumeric, SampleString as _};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use super::config::WebhookConfig;
use crate::context::Clock;
use crate::http;
use crate::jwt::Hs256;

/// Events that wait for one listener; what comes then is lost to it.
const QUEUE: usize = 1_000;
/// Time for a listener's answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pauses before an event is told again.
const AGAIN: [Duration; 4] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(10),
];
/// For so long a signature is good, in seconds.
const VALID: u64 = 5 * 60;

/// Those who listen.
pub struct Webhooks {
    listeners: Vec<mpsc::Sender<Event>>,
    clock: Clock,
    signer: Signer,
}

/// What is told, and how it is signed.
#[derive(Clone)]
struct Event {
    body: Vec<u8>,
    authorization: String,
    name: String,
}

struct Signer {
    key: String,
    hs256: Hs256,
}

impl Webhooks {
    /// Begins to tell.
    pub fn start(config: &WebhookConfig, clock: Clock) -> Self {
        let signer = Signer {
            key: config.pair.key.clone(),
            hs256: Hs256::new(&config.pair.secret),
        };
        let listeners = config.urls.iter().map(|url| {
            let (to, events) = mpsc::channel(QUEUE);
            tokio::spawn(tell(url.clone(), events));
            to
        });
        Self {
            listeners: listeners.collect(),
            clock,
            signer,
        }
    }

    /// Tells everybody of an event.
    pub fn report(&self, mut event: proto::WebhookEvent) {
        event.id = format!("EV_{}", Alphanumeric.sample_string(&mut rand::rng(), 12));
        let now = self.clock.unix();
        event.created_at = i64::try_from(now).unwrap_or(i64::MAX);
        let Ok(body) = serde_json::to_vec(&event) else {
            return;
        };
        let Some(authorization) = self.signer.sign(&body, now) else {
            return;
        };
        let name = event.event;
        let event = Event {
            body,
            authorization,
            name,
        };
        for listener in &self.listeners {
            if listener.try_send(event.clone()).is_err() {
                tracing::warn!("a webhook is lost: its listener is too slow");
            }
        }
    }
}

impl Signer {
    fn sign(&self, body: &[u8], now: u64) -> Option<String> {
        #[derive(Serialize)]
        struct Claims<'a> {
            iss: &'a str,
            nbf: u64,
            exp: u64,
            sha256: String,
        }
        let claims = Claims {
            iss: &self.key,
            nbf: now,
            exp: now + VALID,
            sha256: STANDARD.encode(Sha256::digest(body)),
        };
        self.hs256.sign(&claims).ok()
    }
}

async fn tell(url: String, mut events: mpsc::Receiver<Event>) {
    let client = match http::for_url(&url, PATIENCE) {
        Ok(client) => client,
        Err(e) => {
            tracing::warn!("nobody can be told at `{url}`: {e}");
            return;
        }
    };
    while let Some(event) = events.recv().await {
        let mut pauses = AGAIN.into_iter();
        loop {
            let answer = client
                .post(&url)
                .header(CONTENT_TYPE, "application/webhook+json")
                .header(AUTHORIZATION, &event.authorization)
                .body(event.body.clone())
                .send()
                .await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                break;
            }
            let Some(pause) = pauses.next() else {
                tracing::warn!("`{url}` does not hear of `{}`", event.name);
                break;
            };
            tokio::time::sleep(pause).await;
        }
    }
}
