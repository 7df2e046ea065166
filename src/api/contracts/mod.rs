//! The apps' contracts: one folder each, with its own requests, answers and envelope.

pub mod calls;
pub mod urbania;

use axum::extract::OriginalUri;
use axum::response::Response;

use super::envelope::Envelope;
use super::refusal::Refusal;

/// A contract, by the paths that it serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Contract {
    /// A phone app with Firebase: `/api/calls/…`.
    Calls,
    /// Everything that no other one serves.
    Urbania,
}

impl Contract {
    /// The one that a path belongs to, whether or not it serves it.
    pub fn of(path: &str) -> Self {
        match path
            .strip_prefix("/api/")
            .and_then(|rest| rest.split('/').next())
        {
            Some("calls") => Self::Calls,
            _ => Self::Urbania,
        }
    }

    /// In one word, for metrics and the audit.
    pub fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Urbania => "urbania",
        }
    }

    /// Says no in the contract's words.
    pub fn refuse(self, refusal: &Refusal) -> Response {
        match self {
            Self::Calls => calls::Calls::refuse(refusal),
            Self::Urbania => urbania::Urbania::refuse(refusal),
        }
    }
}

/// Every path that nobody serves.
pub async fn not_found(OriginalUri(uri): OriginalUri) -> Response {
    Contract::of(uri.path()).refuse(&Refusal::NotFound("Not Found".into()))
}

/// Every method that a path does not serve.
pub async fn method_not_allowed(OriginalUri(uri): OriginalUri) -> Response {
    Contract::of(uri.path()).refuse(&Refusal::MethodNotAllowed)
}
