//! `{"error": "…"}`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use crate::api::contracts::Contract;
use crate::api::envelope::Envelope;
use crate::api::fields::{Invalid, Problem};
use crate::api::refusal::Refusal;

/// The contract.
#[derive(Debug)]
pub struct TokenSource;

impl Envelope for TokenSource {
    const CONTRACT: Contract = Contract::TokenSource;

    fn refuse(refusal: &Refusal) -> Response {
        say(refusal)
    }
}

/// A refusal in the words of LiveKit's own endpoints.
pub fn say(refusal: &Refusal) -> Response {
    let (status, error) = match refusal {
        Refusal::Invalid(fields) => (StatusCode::BAD_REQUEST, sentence(fields)),
        other => (other.status(), other.detail().into_owned()),
    };
    refusal.answer(status, Json(json!({ "error": error })))
}

fn sentence(fields: &[Invalid]) -> String {
    let sentences: Vec<_> = fields.iter().map(complaint).collect();
    sentences.join("; ")
}

fn complaint(invalid: &Invalid) -> String {
    let what = invalid.field.unwrap_or("the body");
    match invalid.problem {
        Problem::Missing => format!("{what} is missing"),
        Problem::Empty => format!("{what} is empty"),
        Problem::NotText => format!("{what} must be a string"),
        Problem::NotInteger => format!("{what} must be an integer"),
        Problem::TooSmall(least) => format!("{what} must not be less than {least}"),
        Problem::TooLarge(most) => format!("{what} must not be more than {most}"),
        Problem::NotList => format!("{what} must be a list"),
        Problem::NotOneOf(words) => format!("{what} must be {words}"),
        Problem::NotObject => format!("{what} must be an object"),
    }
}
