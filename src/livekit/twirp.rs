//! LiveKit's server API: Protocol Buffers over HTTP, in the Twirp way.

use std::time::Duration;

use prost::Message;
use reqwest::{Client, StatusCode, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::sync::OnceCell;

use crate::http;

/// The SFU answers within this time or is unreachable.
const PATIENCE: Duration = Duration::from_secs(3);

/// Longer answers are refused: a full room of thousands is far below.
const LONGEST: usize = 16 * 1024 * 1024;

/// A server that speaks Twirp. Connects when it is first asked.
#[derive(Debug)]
pub struct Twirp {
    base: String,
    client: OnceCell<Client>,
}

/// Why the SFU did not do it.
#[derive(Debug, thiserror::Error)]
pub enum SfuError {
    /// It does not answer, or not in time; it may later.
    #[error("the SFU does not answer")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No such room, participant or track.
    #[error("the SFU does not know it: {0}")]
    NotFound(String),
    /// We have no keys to ask with.
    #[error("LiveKit server keys are not configured")]
    NoKeys,
    /// It does not know our keys.
    #[error("the SFU refuses our keys: {0}")]
    Denied(String),
    /// It finds the request wrong.
    #[error("the SFU refuses: {0}")]
    Refused(String),
}

/// How Twirp says no.
#[derive(Deserialize)]
struct Failure {
    code: String,
    #[serde(default)]
    msg: String,
}

impl Twirp {
    /// The server at `http://…` or `https://…`.
    pub fn new(base: &str) -> Self {
        Self {
            base: base.trim_end_matches('/').to_owned(),
            client: OnceCell::new(),
        }
    }

    /// Calls a method of a service, `livekit.RoomService/ListRooms`.
    pub async fn call<A: Message + Default>(
        &self,
        method: &str,
        token: &SecretString,
        request: &impl Message,
    ) -> Result<A, SfuError> {
        let client = self
            .client
            .get_or_try_init(async || http::for_url(&self.base, PATIENCE))
            .await?;
        let mut answer = client
            .post(format!("{}/twirp/{method}", self.base))
            .header(header::CONTENT_TYPE, "application/protobuf")
            .bearer_auth(token.expose_secret())
            .body(request.encode_to_vec())
            .send()
            .await?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > LONGEST {
                return Err(SfuError::Unreachable("its answer has no end".into()));
            }
            body.extend_from_slice(&chunk);
        }
        if answer.status().is_success() {
            return A::decode(body.as_slice()).map_err(|e| SfuError::Unreachable(e.into()));
        }
        Err(failure(answer.status(), &body))
    }
}

fn failure(status: StatusCode, body: &[u8]) -> SfuError {
    let Ok(Failure { code, msg }) = serde_json::from_slice(body) else {
        return match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                SfuError::Denied(status.to_string())
            }
            // Something else than LiveKit, or a proxy before it.
            _ => SfuError::Unreachable(format!("it answers {status}").into()),
        };
    };
    match code.as_str() {
        "not_found" => SfuError::NotFound(msg),
        "unauthenticated" | "permission_denied" => SfuError::Denied(msg),
        "invalid_argument"
        | "malformed"
        | "failed_precondition"
        | "out_of_range"
        | "already_exists"
        | "resource_exhausted" => SfuError::Refused(msg),
        _ => SfuError::Unreachable(format!("{code}: {msg}").into()),
    }
}

impl From<reqwest::Error> for SfuError {
    fn from(e: reqwest::Error) -> Self {
        Self::Unreachable(e.into())
    }
}
