//! The shape of an error: one text.

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
pub struct Meetings;

impl Envelope for Meetings {
    const CONTRACT: Contract = Contract::Meetings;

    fn refuse(refusal: &Refusal) -> Response {
        match refusal {
            Refusal::Invalid(fields) => {
                let problems: Vec<_> = fields.iter().map(text).collect();
                let body = json!({ "error": problems.join(", ") });
                refusal.answer(StatusCode::BAD_REQUEST, Json(body))
            }
            other => refusal.answer(other.status(), Json(json!({ "error": other.detail() }))),
        }
    }
}

fn text(invalid: &Invalid) -> String {
    let field = invalid.field.unwrap_or("body");
    match invalid.problem {
        Problem::Missing | Problem::Empty => format!("{field} is required"),
        Problem::NotText => format!("{field} must be a string"),
        Problem::NotInteger => format!("{field} must be an integer"),
        Problem::TooSmall(least) => format!("{field} must be at least {least}"),
        Problem::TooLarge(most) => format!("{field} must be at most {most}"),
        Problem::NotList => format!("{field} must be a list"),
        Problem::NotOneOf(words) => format!("{field} must be {words}"),
        Problem::NotObject => format!("{field} must be an object"),
    }
}
