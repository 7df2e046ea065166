//! Tokens without a login, as LiveKit's sample apps and its cloud's sandbox give them out.
//!
//! Only with `api.dev: true`, which needs a loopback address; without it these paths are 404. Two
//! shapes: the older `{serverUrl, roomName, participantName, participantToken}` of
//! `/api/connection-details`, and that of the standard token endpoint where the client SDKs look for a
//! sandbox. Errors are `{"error": "…"}`.
//!
//! A request must call this server by a name of this machine: no page of the web can do that.
//!
//! Nobody proves here who they are, so nobody chooses it: the identity ends in something random, and
//! rooms with invitations, channels and clubs stay closed. The sandbox's id can be anything.

mod details;
mod guest;
pub(in crate::api) mod openapi;

pub use details::{by_body, by_query, sandbox};

use axum::response::Response;

use super::{Contract, token_source};
use crate::api::envelope::{self, Envelope};
use crate::api::refusal::Refusal;

/// The contract.
#[derive(Debug)]
pub struct ConnectionDetails;

impl Envelope for ConnectionDetails {
    const CONTRACT: Contract = Contract::ConnectionDetails;

    fn refuse(refusal: &Refusal) -> Response {
        token_source::say(refusal)
    }
}

type Rejection = envelope::Rejection<ConnectionDetails>;
