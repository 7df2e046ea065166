//! Twirp: a message in, a message out, both as JSON or both as Protocol Buffers.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use http_body_util::LengthLimitError;
use prost::Message;
use serde::de::DeserializeOwned;

use super::json::{self, Shaped};

/// Requests are not longer: data of LiveKit's own limits fits, as text.
const LONGEST: usize = 4 * 1024 * 1024;
/// Time for the whole of a request.
const PATIENCE: Duration = Duration::from_secs(10);

/// How a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Json,
    Protobuf,
}

/// Why something is not done: Twirp's code and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub code: Code,
    pub message: String,
}

/// Those of Twirp's codes that are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    BadRoute,
    Malformed,
    DeadlineExceeded,
    ResourceExhausted,
    InvalidArgument,
    NotFound,
    FailedPrecondition,
    Unauthenticated,
    Unimplemented,
    Unavailable,
}

impl Form {
    /// What a request says of itself.
    pub fn of(headers: &HeaderMap) -> Result<Self, Failure> {
        let content = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let content = content
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim();
        match content {
            "application/json" => Ok(Self::Json),
            "application/protobuf" => Ok(Self::Protobuf),
            other => {
                let message = format!("unexpected Content-Type: {other:?}");
                Err(Failure::new(Code::BadRoute, message))
            }
        }
    }

    /// Reads a request.
    pub fn read<T: Message + Default + DeserializeOwned>(self, body: &Bytes) -> Result<T, Failure> {
        let read = match self {
            Self::Json => serde_json::from_slice(body).ok(),
            Self::Protobuf => T::decode(body.clone()).ok(),
        };
        read.ok_or_else(|| Failure::new(Code::Malformed, "the request could not be decoded"))
    }

    /// Writes an answer.
    pub fn write(self, answer: &(impl Message + Shaped)) -> Response {
        let (content, body) = match self {
            Self::Json => ("application/json", json::written(answer)),
            Self::Protobuf => ("application/protobuf", answer.encode_to_vec()),
        };
        ([(CONTENT_TYPE, content)], body).into_response()
    }
}

/// A request that is neither too long nor too slow.
pub async fn whole(body: Body) -> Result<Bytes, Failure> {
    let too_long = || Failure::new(Code::ResourceExhausted, "request body too large");
    if body.size_hint().lower() > LONGEST as u64 {
        return Err(too_long());
    }
    let read = tokio::time::timeout(PATIENCE, to_bytes(body, LONGEST)).await;
    let read = read.map_err(|_| {
        Failure::new(
            Code::DeadlineExceeded,
            "the request does not come to its end",
        )
    })?;
    read.map_err(|e| {
        if is_too_long(&e) {
            too_long()
        } else {
            Failure::new(Code::Malformed, "the request breaks off")
        }
    })
}

fn is_too_long(e: &axum::Error) -> bool {
    let cause = std::error::Error::source(e);
    cause.is_some_and(<dyn std::error::Error>::is::<LengthLimitError>)
}

impl Failure {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

impl Code {
    /// What was refused, where that is to be counted.
    pub fn refused(self) -> Option<&'static str> {
        match self {
            Self::Unauthenticated => Some("a call of the room service"),
            Self::Malformed => Some("a call that is no request"),
            Self::DeadlineExceeded => Some("a call that does not come to its end"),
            Self::ResourceExhausted => Some("a call that is too long"),
            _ => None,
        }
    }

    fn parts(self) -> (&'static str, StatusCode) {
        match self {
            Self::BadRoute => ("bad_route", StatusCode::NOT_FOUND),
            Self::Malformed => ("malformed", StatusCode::BAD_REQUEST),
            Self::DeadlineExceeded => ("deadline_exceeded", StatusCode::REQUEST_TIMEOUT),
            Self::ResourceExhausted => ("resource_exhausted", StatusCode::PAYLOAD_TOO_LARGE),
            Self::InvalidArgument => ("invalid_argument", StatusCode::BAD_REQUEST),
            Self::NotFound => ("not_found", StatusCode::NOT_FOUND),
            Self::FailedPrecondition => ("failed_precondition", StatusCode::PRECONDITION_FAILED),
            Self::Unimplemented => ("unimplemented", StatusCode::NOT_IMPLEMENTED),
            Self::Unauthenticated => ("unauthenticated", StatusCode::UNAUTHORIZED),
            Self::Unavailable => ("unavailable", StatusCode::SERVICE_UNAVAILABLE),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (code, status) = self.code.parts();
        let body = serde_json::json!({"code": code, "msg": self.message});
        (status, axum::Json(body)).into_response()
    }
}
