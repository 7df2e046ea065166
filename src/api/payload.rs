//! The body of a request, read within bounds.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;
use tokio::time::timeout;

use super::refusal::Refusal;

/// Longer bodies are refused.
const MOST: usize = 64 * 1024;

/// Of a longer body, this much is read and thrown away before the answer: a client that is still
/// sending when the connection closes would never see it.
const DRAINED: usize = 8 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(2);

/// The whole body.
pub async fn read(body: Body) -> Result<Bytes, Refusal> {
    read_up_to(MOST, body).await
}

/// The whole body, with another bound.
pub async fn read_up_to(most: usize, body: Body) -> Result<Bytes, Refusal> {
    let (read, whole) = begin_up_to(most, body).await;
    whole.map(|()| read)
}

/// What comes of the body, and whether that is all of it. The beginning of a body that is refused
/// tells whose it is.
pub async fn begin(body: Body) -> (Bytes, Result<(), Refusal>) {
    begin_up_to(MOST, body).await
}

async fn begin_up_to(most: usize, mut body: Body) -> (Bytes, Result<(), Refusal>) {
    let mut read = Bytes::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            let broken = Refusal::BadRequest("Request body broke off".into());
            return (read, Err(broken));
        };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        let is_too_large = read.len() + data.len() > most;
        // Nearly every body comes in one piece and is not copied.
        if read.is_empty() {
            read = data;
        } else if !is_too_large {
            read = [read, data].concat().into();
        }
        if is_too_large {
            let _ = timeout(DRAIN_TIME, drain(body)).await;
            return (read, Err(Refusal::TooLarge));
        }
    }
    (read, Ok(()))
}

async fn drain(mut body: Body) {
    let mut drained = 0;
    while drained < DRAINED {
        match body.frame().await {
            Some(Ok(frame)) => drained += frame.data_ref().map_or(0, Bytes::len),
            Some(Err(_)) | None => return,
        }
    }
}

/// What a body says that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// JSON, said or not: clients that say nothing mean it.
    Json,
    /// The fields of an HTML form.
    Form,
    /// Something else.
    Other,
}

/// Fails unless the body is JSON.
pub fn must_be_json(headers: &HeaderMap) -> Result<(), Refusal> {
    match MediaType::of(headers) {
        MediaType::Json => Ok(()),
        MediaType::Form | MediaType::Other => Err(not_json()),
    }
}

/// The body is neither JSON nor what else the route takes.
pub fn not_json() -> Refusal {
    Refusal::BadRequest("Content-Type must be application/json".into())
}

impl MediaType {
    /// Of the `Content-Type` header.
    pub fn of(headers: &HeaderMap) -> Self {
        let Some(value) = headers.get(header::CONTENT_TYPE) else {
            return Self::Json;
        };
        let essence = value.to_str().unwrap_or_default().split(';').next();
        let essence = essence.unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "application/json" => Self::Json,
            "application/x-www-form-urlencoded" => Self::Form,
            other if other.starts_with("application/") && other.ends_with("+json") => Self::Json,
            _ => Self::Other,
        }
    }
}
