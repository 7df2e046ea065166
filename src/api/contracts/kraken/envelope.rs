//! NestJS's shape of an error.

use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use crate::api::contracts::Contract;
use crate::api::envelope::Envelope;
use crate::api::fields::{Invalid, Problem};
use crate::api::refusal::Refusal;

/// The contract.
#[derive(Debug)]
pub struct Kraken;

impl Envelope for Kraken {
    const CONTRACT: Contract = Contract::Kraken;

    fn refuse(refusal: &Refusal) -> Response {
        let (status, message) = match refusal {
            Refusal::Invalid(fields) => {
                let messages = fields.iter().flat_map(messages).collect();
                (StatusCode::BAD_REQUEST, messages)
            }
            Refusal::BadRequest(detail) => (StatusCode::BAD_REQUEST, json!([detail])),
            Refusal::Denied(_) => (StatusCode::UNAUTHORIZED, "Unauthorized".into()),
            Refusal::NotConfigured => {
                let detail = "LiveKit service not configured properly";
                (StatusCode::INTERNAL_SERVER_ERROR, detail.into())
            }
            other => (other.status(), Value::from(other.detail())),
        };
        let body = json!({
            "statusCode": status.as_u16(),
            "message": message,
            "error": status.canonical_reason(),
        });
        refusal.answer(status, Json(body))
    }
}

/// What class-validator says of a problem: one message for each rule that is broken.
fn messages(invalid: &Invalid) -> Vec<String> {
    let field = invalid.field.unwrap_or("body");
    let broken: &[&str] = match invalid.problem {
        Problem::Missing => &["should not be empty", "must be a string"],
        Problem::Empty => &["should not be empty"],
        Problem::NotText => &["must be a string"],
        Problem::NotInteger => &["must be an integer number"],
        Problem::TooSmall(least) => &[&format!("must not be less than {least}")],
        Problem::TooLarge(most) => &[&format!("must not be greater than {most}")],
        Problem::NotList => &["must be an array"],
        Problem::NotOneOf(words) => &[&format!("must be {words}")],
        Problem::NotObject => &["must be an object"],
    };
    broken
        .iter()
        .map(|rule| format!("{field} {rule}"))
        .collect()
}
