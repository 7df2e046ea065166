//! The SFU works when it is ready and admits the holder of a token that the key pair in use signed.

use std::time::Duration;

use reqwest::StatusCode;

use super::Unhealthy;
use crate::error::Error;
use crate::http;
use crate::livekit::keys::KeyPair;
use crate::livekit::token::{JoinToken, Signer};

/// Why an SFU does not take our tokens.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Nobody answers.
    #[error("nobody answers at {0}")]
    Unreachable(String),
    /// It answers, but is not ready: LiveKit says so with 406.
    #[error("it is not ready yet (status {0})")]
    NotReady(u16),
    /// It knows another key, or the key with another secret.
    #[error("it refuses a token of this key pair: {0}")]
    KeyRefused(String),
    /// The token could not be made.
    #[error("{0}")]
    Token(#[from] Error),
}

/// How long the token of a probe is valid.
const TOKEN_TTL: Duration = Duration::from_mins(1);

/// A client for probes on this machine: no proxy is asked.
pub fn client() -> reqwest::Client {
    http::plain(super::PROBE_TIMEOUT).unwrap_or_default()
}

/// Proves that the SFU at `base_url` (`http://…`) is ready and accepts `pair`; `now` is in seconds
/// since 1970.
pub async fn sfu_accepts(base_url: &str, pair: &KeyPair, now: u64) -> Result<(), Refusal> {
    accepts(&client(), base_url, pair, now).await
}

async fn accepts(
    client: &reqwest::Client,
    base_url: &str,
    pair: &KeyPair,
    now: u64,
) -> Result<(), Refusal> {
    let unreachable = |_| Refusal::Unreachable(base_url.to_owned());
    let root = client.get(base_url).send().await.map_err(unreachable)?;
    if root.status() != StatusCode::OK {
        return Err(Refusal::NotReady(root.status().as_u16()));
    }
    let token = Signer::new(pair).mint(&JoinToken::new("urbania", "urbania", TOKEN_TTL), now)?;
    let answer = client
        .get(format!("{base_url}/rtc/validate"))
        .bearer_auth(&token.token)
        .send()
        .await
        .map_err(unreachable)?;
    match answer.status() {
        StatusCode::UNAUTHORIZED => {
            let words = answer.text().await.unwrap_or_default();
            // LiveKit quotes the token, which is nobody else's business.
            let words = words.replace(&token.token, "…");
            Err(Refusal::KeyRefused(words.trim().to_owned()))
        }
        // A room that nobody made yet is no objection to the key.
        _ => Ok(()),
    }
}

/// The same as one probe among many.
pub async fn probe(
    client: &reqwest::Client,
    base_url: &str,
    pair: &KeyPair,
    now: u64,
) -> Result<(), Unhealthy> {
    accepts(client, base_url, pair, now)
        .await
        .map_err(|e| {
            match e {
        Refusal::Unreachable(_) => Unhealthy::not_yet("nobody answers yet"),
        Refusal::NotReady(_) => Unhealthy::not_yet(e),
        Refusal::Token(e) => Unhealthy::Wrong(e),
        Refusal::KeyRefused(words) => Unhealthy::Wrong(
            Error::failed(format!(
                "the SFU at {base_url} refuses a token of the key `{}` in livekit.yaml: {words}",
                pair.key
            ))
            .hint("does another SFU hold this port? urbania ports   shows who does")
            .hint("is the clock of the engine right? tokens are valid from now on"),
        ),
    }
        })
}
