//! The group for the description of the API: what the handlers' own types do not say.

#![allow(dead_code, reason = "these shapes are described, never made")]

use std::collections::BTreeMap;

use utoipa::{IntoResponses, OpenApi, ToSchema};

use super::{participants, rooms};
use crate::api::contracts::urbania::openapi::Error;

/// The routes.
#[derive(OpenApi)]
#[openapi(paths(
    rooms::list,
    rooms::create,
    rooms::get,
    rooms::delete,
    rooms::set_metadata,
    rooms::send,
    participants::participants,
    participants::participant,
    participants::remove,
    participants::update,
    participants::mute
))]
pub struct Description;

/// A room that is to be.
#[derive(ToSchema)]
#[schema(as = AdminNewRoom)]
pub struct NewRoom {
    #[schema(min_length = 1, max_length = 256, example = "daily")]
    name: String,
    /// Seconds that it stays when nobody comes.
    #[schema(maximum = 604_800)]
    empty_timeout: Option<u32>,
    /// 0: no limit.
    #[schema(maximum = 1_000_000)]
    max_participants: Option<u32>,
    metadata: Option<String>,
}

/// New metadata.
#[derive(ToSchema)]
#[schema(as = AdminMetadata)]
pub struct Metadata {
    /// Empty: none.
    metadata: String,
}

/// A message for those in the room.
#[derive(ToSchema)]
#[schema(as = AdminData, example = json!({"data": "five minutes left", "topic": "time"}))]
pub struct Message {
    /// Text; otherwise `data_base64`.
    data: Option<String>,
    /// Anything, as Base64.
    data_base64: Option<String>,
    /// Sent again when it is lost; yes when left out.
    reliable: Option<bool>,
    /// Identities; nobody: all.
    #[schema(max_items = 1000)]
    to: Option<Vec<String>>,
    topic: Option<String>,
}

/// Which track.
#[derive(ToSchema)]
#[schema(as = AdminMute)]
pub struct Mute {
    #[schema(min_length = 1, max_length = 256, example = "TR_AMs7nRqkYhzXhC")]
    track_sid: String,
    /// Yes when left out.
    muted: Option<bool>,
}

/// What is to change; what is left out stays.
#[derive(ToSchema)]
#[schema(as = AdminChange, example = json!({"permission": {"can_publish": false}}))]
pub struct Change {
    name: Option<String>,
    metadata: Option<String>,
    /// Named values; an empty one removes the name.
    attributes: Option<BTreeMap<String, String>>,
    permission: Option<PermissionChange>,
}

/// What they may do; what is left out stays.
#[derive(ToSchema)]
#[schema(as = AdminPermission)]
struct PermissionChange {
    can_publish: Option<bool>,
    can_subscribe: Option<bool>,
    can_publish_data: Option<bool>,
    can_update_metadata: Option<bool>,
    hidden: Option<bool>,
    /// `camera`, `microphone`, `screen_share`, `screen_share_audio`; none: all.
    #[schema(max_items = 4)]
    can_publish_sources: Option<Vec<String>>,
}

/// What each of these routes may answer besides.
#[derive(IntoResponses)]
pub enum Refusals {
    /// The request cannot be read, a name in it is too long, or LiveKit refuses it.
    #[response(status = 400)]
    BadRequest(Error),
    /// Not for this caller: the role `admin` is missing.
    #[response(status = 403)]
    Forbidden(Error),
    /// The server has no key pair.
    #[response(status = 500)]
    NotConfigured(Error),
}
