//! FastAPI's shape of an error.

use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::api::refusal::Refusal;

/// A refusal in the contract's words.
#[derive(Debug)]
pub struct Rejection(Refusal);

impl<R: Into<Refusal>> From<R> for Rejection {
    fn from(refusal: R) -> Self {
        Self(refusal.into())
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let body = match &self.0 {
            Refusal::Invalid(fields) => json!({ "detail": fields }),
            other => json!({ "detail": other.detail() }),
        };
        self.0.answer(body)
    }
}
