//! Plain text for callers who are not believed, `{"error"}` for the rest.

use std::borrow::Cow;

use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::language::Language;
use crate::api::contracts::Contract;
use crate::api::envelope::Envelope;
use crate::api::refusal::Refusal;
use crate::auth::{Accepts, Denied};

/// The contract.
#[derive(Debug)]
pub struct Calls;

impl Envelope for Calls {
    const CONTRACT: Contract = Contract::Calls;
    const ACCEPTS: Accepts = Accepts::Firebase;

    fn refuse(refusal: &Refusal) -> Response {
        refuse_in(Language::English, refusal)
    }
}

/// The refusal in the contract's words.
pub fn refuse_in(language: Language, refusal: &Refusal) -> Response {
    let status = match refusal {
        Refusal::Denied(Denied::Missing) => {
            let text = "Unauthorized: No token provided.";
            return refusal.answer(StatusCode::UNAUTHORIZED, text);
        }
        Refusal::Denied(_) => {
            let text = "Unauthorized: Invalid token.";
            return refusal.answer(StatusCode::FORBIDDEN, text);
        }
        Refusal::Invalid(_) => StatusCode::BAD_REQUEST,
        other => other.status(),
    };
    let error: Cow<'_, str> = match refusal {
        Refusal::Invalid(_) => language.fields_are_required().into(),
        Refusal::NotConfigured => language.keys_are_not_configured().into(),
        other => other.detail(),
    };
    refusal.answer(status, Json(json!({ "error": error })))
}
