//! The contract for the description of the API: what the handler's own types do not say.

#![allow(dead_code, reason = "these shapes are described, never made")]

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::token;
use crate::api::contracts::openapi::Error;

/// The route.
#[derive(OpenApi)]
#[openapi(paths(token::token), components(schemas(Error)))]
pub struct Description;

/// LiveKit's `TokenSourceRequest`: everything may be left out, and `roomName` and so on are
/// understood, too.
#[derive(Serialize, ToSchema)]
#[schema(as = TokenSourceRequest, example = json!({"room_name": "daily"}))]
pub struct Request {
    /// A name that nobody can guess when left out.
    #[schema(max_length = 256)]
    room_name: Option<String>,
    /// The caller's own id, which it is when left out.
    #[schema(max_length = 256)]
    participant_identity: Option<String>,
    /// How the others see the holder.
    #[schema(max_length = 256)]
    participant_name: Option<String>,
    /// Free text that travels with the participant.
    participant_metadata: Option<String>,
    /// Named values that travel with the participant.
    participant_attributes: Option<BTreeMap<String, String>>,
    /// LiveKit's `RoomConfiguration`: how the SFU makes the room when it is not there yet.
    #[schema(value_type = Option<Object>)]
    room_config: Option<()>,
}
