//! `/api/livekit/rooms/{room_name}/participants/{identity}/speaker`: who may speak in a webinar.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use livekit_protocol::{ParticipantPermission, TrackSource};

use super::Rejection;
use super::hand::HAND;
use super::host::Host;
use super::openapi::{HostRefusals, NameRefusals, Refusals};
use crate::api::App;
use crate::api::admin::{Names, nobody, who};
use crate::api::policy;
use crate::livekit::room_service::ParticipantChange;
use crate::store::CallType;

/// Lets a listener speak, as long as they stay. Their hand is down again.
#[utoipa::path(
    put,
    path = "/api/livekit/rooms/{room_name}/participants/{identity}/speaker",
    operation_id = "letSpeak",
    tag = "Urbania",
    security(("bearer" = [])),
    params(
        ("room_name" = String, Path, max_length = 256),
        ("identity" = String, Path, max_length = 256)
    ),
    responses(
        (status = 204, description = "Done"),
        HostRefusals,
        NameRefusals,
        Refusals
    )
)]
pub async fn let_speak(
    State(app): State<Arc<App>>,
    Host(room): Host,
    path: Names<(String, String)>,
) -> Result<StatusCode, Rejection> {
    change(&app, path, sources(room.call_type), true).await
}

/// Makes somebody a listener again; what they publish ends.
#[utoipa::path(
    delete,
    path = "/api/livekit/rooms/{room_name}/participants/{identity}/speaker",
    operation_id = "letListen",
    tag = "Urbania",
    security(("bearer" = [])),
    params(
        ("room_name" = String, Path, max_length = 256),
        ("identity" = String, Path, max_length = 256)
    ),
    responses(
        (status = 204, description = "Done"),
        HostRefusals,
        NameRefusals,
        Refusals
    )
)]
pub async fn let_listen(
    State(app): State<Arc<App>>,
    _: Host,
    path: Names<(String, String)>,
) -> Result<StatusCode, Rejection> {
    change(&app, path, Vec::new(), false).await
}

/// LiveKit replaces all permissions at once.
async fn change(
    app: &App,
    path: Names<(String, String)>,
    sources: Vec<i32>,
    can_publish: bool,
) -> Result<StatusCode, Rejection> {
    let (room, who) = who(path)?;
    let there = app.sfu.participant(&room, &who).await.map_err(nobody)?;
    let permission = ParticipantPermission {
        can_publish,
        can_publish_sources: sources,
        ..there.permission.unwrap_or_default()
    };
    let change = ParticipantChange {
        attributes: HashMap::from([(HAND.into(), String::new())]),
        permission: Some(permission),
        ..ParticipantChange::default()
    };
    let changed = app.sfu.update(&room, &who, change).await;
    changed.map_err(nobody)?;
    Ok(StatusCode::NO_CONTENT)
}

/// What speakers publish, as LiveKit counts it.
fn sources(call_type: CallType) -> Vec<i32> {
    let sources = policy::sources(call_type).iter();
    let sources =
        sources.filter_map(|s| TrackSource::from_str_name(&s.name().to_ascii_uppercase()));
    sources.map(i32::from).collect()
}
