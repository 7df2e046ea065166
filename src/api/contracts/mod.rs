//! The apps' contracts: one folder each, with its own requests, answers and envelope.

pub mod calls;
pub mod connection_details;
pub mod kraken;
pub mod livekit_token;
pub mod meetings;
pub(in crate::api) mod openapi;
pub mod token_source;
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
    /// LiveKit's standard token endpoint.
    TokenSource,
    /// Tokens without a login, for development.
    ConnectionDetails,
    /// Voice channels: their health and what there is to know of the SFU. Their tokens share a path
    /// with Urbania's.
    Kraken,
    /// Meetings of reading clubs.
    Meetings,
    /// Everything that no other one serves.
    Urbania,
}

impl Contract {
    /// The one that a path belongs to, whether or not it serves it.
    pub fn of(path: &str) -> Self {
        let under = |prefix: &str| {
            path.strip_prefix(prefix)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if under("/api/calls") {
            Self::Calls
        } else if under("/api/livekit/token-source") {
            Self::TokenSource
        } else if under("/api/connection-details") || under("/api/v2/sandbox") {
            Self::ConnectionDetails
        } else if under("/api/livekit/connection-info") || under("/api/livekit/health") {
            Self::Kraken
        } else if under("/api/reading-clubs") {
            Self::Meetings
        } else {
            Self::Urbania
        }
    }

    /// In one word, for metrics and the audit.
    pub fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::TokenSource => "token_source",
            Self::ConnectionDetails => "connection_details",
            Self::Kraken => "kraken",
            Self::Meetings => "meetings",
            Self::Urbania => "urbania",
        }
    }

    /// Says no in the contract's words.
    pub fn refuse(self, refusal: &Refusal) -> Response {
        match self {
            Self::Calls => calls::Calls::refuse(refusal),
            Self::TokenSource => token_source::TokenSource::refuse(refusal),
            Self::ConnectionDetails => connection_details::ConnectionDetails::refuse(refusal),
            Self::Kraken => kraken::Kraken::refuse(refusal),
            Self::Meetings => meetings::Meetings::refuse(refusal),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_one_contract_whether_or_not_it_is_served() {
        for (path, contract) in [
            ("/", Contract::Urbania),
            ("/api/livekit/token", Contract::Urbania),
            ("/api/livekit/healthy", Contract::Urbania),
            ("/api/livekit/health", Contract::Kraken),
            ("/api/livekit/connection-info/x", Contract::Kraken),
            ("/api/livekit/token-source", Contract::TokenSource),
            ("/api/reading-clubs", Contract::Meetings),
            ("/api/reading-clubs/meeting/1/start", Contract::Meetings),
            ("/api/reading-clubsters", Contract::Urbania),
        ] {
            assert_eq!(Contract::of(path), contract, "{path}");
        }
    }
}
