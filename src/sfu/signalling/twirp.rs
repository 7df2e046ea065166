//! Twirp: a message in, a message out, both as JSON or both as Protocol Buffers.

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;

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
    pub fn write(self, answer: &(impl Message + Serialize)) -> Response {
        let (content, body) = match self {
            // What has a message has its JSON.
            Self::Json => (
                "application/json",
                serde_json::to_vec(answer).unwrap_or_default(),
            ),
            Self::Protobuf => ("application/protobuf", answer.encode_to_vec()),
        };
        ([(CONTENT_TYPE, content)], body).into_response()
    }
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
    fn parts(self) -> (&'static str, StatusCode) {
        match self {
            Self::BadRoute => ("bad_route", StatusCode::NOT_FOUND),
            Self::Malformed => ("malformed", StatusCode::BAD_REQUEST),
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
