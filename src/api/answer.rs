//! Answers that only their caller may have.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::contracts::Contract;
use super::refusal::Refusal;

/// Room for a token and what is around it, so that the body is built in one piece.
const USUAL: usize = 1024;

/// A secret in JSON, which nobody on the way may keep.
#[derive(Clone, Copy, Debug)]
pub struct Secret<T>(pub T);

impl<T: Serialize> IntoResponse for Secret<T> {
    fn into_response(self) -> Response {
        let mut body = Vec::with_capacity(USUAL);
        if let Err(e) = serde_json::to_writer(&mut body, &self.0) {
            return Contract::Urbania.refuse(&Refusal::Internal(e.into()));
        }
        let headers = [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "no-store"),
        ];
        let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
        (headers, body).into_response()
    }
}
