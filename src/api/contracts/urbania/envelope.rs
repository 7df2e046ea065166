//! FastAPI's shape of an error.

use axum::Json;
use axum::response::Response;
use serde_json::{Value, json};

use crate::api::contracts::Contract;
use crate::api::envelope::Envelope;
use crate::api::fields::{Invalid, Problem};
use crate::api::refusal::Refusal;

/// The contract.
#[derive(Debug)]
pub struct Urbania;

impl Envelope for Urbania {
    const CONTRACT: Contract = Contract::Urbania;

    fn refuse(refusal: &Refusal) -> Response {
        let detail = match refusal {
            Refusal::Invalid(fields) => fields.iter().map(item).collect(),
            other => Value::from(other.detail()),
        };
        refusal.answer(refusal.status(), Json(json!({ "detail": detail })))
    }
}

/// A problem as FastAPI lists it.
fn item(invalid: &Invalid) -> Value {
    let (msg, kind) = match invalid.problem {
        Problem::Missing => ("Field required".into(), "missing"),
        Problem::Empty => (
            "String should have at least 1 character".into(),
            "string_too_short",
        ),
        Problem::NotText => ("Input should be a valid string".into(), "string_type"),
        Problem::NotInteger => ("Input should be a valid integer".into(), "int_type"),
        Problem::TooSmall(least) => (
            format!("Input should be greater than or equal to {least}"),
            "greater_than_equal",
        ),
        Problem::TooLarge(most) => (
            format!("Input should be less than or equal to {most}"),
            "less_than_equal",
        ),
        Problem::NotList => ("Input should be a valid list".into(), "list_type"),
        Problem::NotOneOf(words) => (format!("Input should be {words}"), "literal_error"),
        Problem::NotObject => (
            "Input should be a valid dictionary or object to extract fields from".into(),
            "model_attributes_type",
        ),
    };
    let mut loc = vec![Value::from("body")];
    loc.extend(invalid.field.map(Value::from));
    loc.extend(invalid.index.map(Value::from));
    json!({ "loc": loc, "msg": msg, "type": kind })
}
