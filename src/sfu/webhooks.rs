//! Tells those who listen what happens in rooms, signed as LiveKit signs it: in order, some times if it must be.

use std::time::Duration;

use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use livekit_protocol as proto;
use rand::distr::{Alphanumeric, SampleString as _};
use reqwest::Client;
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
}

/// What is told.
#[derive(Clone)]
struct Event {
    body: Bytes,
    name: String,
}

/// Signs what is told, as it is told: some of it waits for longer than a signature is good.
#[derive(Clone)]
struct Signer {
    key: String,
    hs256: Hs256,
    clock: Clock,
}

impl Webhooks {
    /// Begins to tell.
    pub fn start(config: &WebhookConfig, clock: Clock) -> Self {
        let signer = Signer {
            key: config.pair.key.clone(),
            hs256: Hs256::new(&config.pair.secret),
            clock: clock.clone(),
        };
        let listeners = config.urls.iter().map(|url| {
            let (to, events) = mpsc::channel(QUEUE);
            tokio::spawn(tell(url.clone(), signer.clone(), events));
            to
        });
        Self {
            listeners: listeners.collect(),
            clock,
        }
    }

    /// Tells everybody of an event.
    pub fn report(&self, mut event: proto::WebhookEvent) {
        event.id = format!("EV_{}", Alphanumeric.sample_string(&mut rand::rng(), 12));
        event.created_at = i64::try_from(self.clock.unix()).unwrap_or(i64::MAX);
        let Ok(body) = serde_json::to_vec(&event) else {
            return;
        };
        let event = Event {
            body: body.into(),
            name: event.event,
        };
        for listener in &self.listeners {
            if listener.try_send(event.clone()).is_err() {
                tracing::warn!("a webhook is lost: its listener is too slow");
            }
        }
    }
}

impl Signer {
    fn sign(&self, body: &[u8]) -> Option<String> {
        #[derive(Serialize)]
        struct Claims<'a> {
            iss: &'a str,
            nbf: u64,
            exp: u64,
            sha256: String,
        }
        let now = self.clock.unix();
        let claims = Claims {
            iss: &self.key,
            nbf: now,
            exp: now + VALID,
            sha256: STANDARD.encode(Sha256::digest(body)),
        };
        self.hs256.sign(&claims).ok()
    }
}

async fn tell(url: String, signer: Signer, mut events: mpsc::Receiver<Event>) {
    let client = match http::for_url(&url, PATIENCE) {
        Ok(client) => client,
        Err(e) => {
            tracing::warn!("nobody can be told at `{url}`: {e}");
            return;
        }
    };
    while let Some(event) = events.recv().await {
        let mut pauses = AGAIN.into_iter();
        while !told(&client, &url, &signer, &event).await {
            let Some(pause) = pauses.next() else {
                tracing::warn!("`{url}` does not hear of `{}`", event.name);
                break;
            };
            tokio::time::sleep(pause).await;
        }
    }
}

/// Tells once; whether it was heard.
async fn told(client: &Client, url: &str, signer: &Signer, event: &Event) -> bool {
    let Some(authorization) = signer.sign(&event.body) else {
        return false;
    };
    let request = client
        .post(url)
        .header(CONTENT_TYPE, "application/webhook+json")
        .header(AUTHORIZATION, authorization)
        .body(event.body.clone());
    let answer = request.send().await;
    answer.is_ok_and(|answer| answer.status().is_success())
}

#[cfg(test)]
mod tests {
    use std::future::IntoFuture as _;

    use axum::Router;
    use axum::http::{HeaderMap, StatusCode};
    use serde::Deserialize;
    use tokio::net::TcpListener;

    use super::*;
    use crate::livekit::keys::KeyPair;

    #[derive(Deserialize)]
    struct Signed {
        nbf: u64,
        exp: u64,
    }

    #[tokio::test]
    async fn what_is_told_again_is_signed_again() {
        let (attempt, mut attempts) = mpsc::channel(9);
        let refuse = async move |headers: HeaderMap| {
            attempt.send(headers[AUTHORIZATION].clone()).await.unwrap();
            StatusCode::SERVICE_UNAVAILABLE
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = axum::serve(listener, Router::new().fallback(refuse));
        tokio::spawn(serving.into_future());

        let pair = KeyPair::documented();
        let hs256 = Hs256::new(&pair.secret);
        let config = WebhookConfig {
            pair,
            urls: vec![url],
        };
        let webhooks = Webhooks::start(&config, Clock::system());
        webhooks.report(proto::WebhookEvent::default());
        let mut next = async || {
            let token = attempts.recv().await.unwrap();
            let payload = hs256.verify(token.to_str().unwrap()).unwrap();
            serde_json::from_slice::<Signed>(&payload).unwrap()
        };
        let first = next().await;
        assert_eq!(first.exp, first.nbf + VALID);
        let _second = next().await;
        // A second and a half have passed.
        assert!(next().await.nbf > first.nbf);
    }
}
