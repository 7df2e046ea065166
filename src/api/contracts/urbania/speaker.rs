//! `/api/livekit/rooms/{room_name}/participants/{identity}/speaker`: who may speak in a webinar.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use livekit_protocol::{ParticipantPermission, TrackSource};

use super::Rejection;
use super::hand::HAND;
use super::host::{HostOf, InPath, OfHosts};
use crate::api::App;
use crate::api::admin::nobody;
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
    params(InPath),
    responses(
        (status = 204, description = "Done"),
        OfHosts
    )
)]
pub async fn let_speak(State(app): State<Arc<App>>, of: HostOf) -> Result<StatusCode, Rejection> {
    let sources = sources(of.room.call_type);
    change(&app, &of, sources, true).await
}

/// Makes somebody a listener again; what they publish ends.
#[utoipa::path(
    delete,
    path = "/api/livekit/rooms/{room_name}/participants/{identity}/speaker",
    operation_id = "letListen",
    tag = "Urbania",
    security(("bearer" = [])),
    params(InPath),
    responses(
        (status = 204, description = "Done"),
        OfHosts
    )
)]
pub async fn let_listen(State(app): State<Arc<App>>, of: HostOf) -> Result<StatusCode, Rejection> {
    change(&app, &of, Vec::new(), false).await
}

/// LiveKit replaces all permissions at once.
async fn change(
    app: &App,
    HostOf { room, who }: &HostOf,
    sources: Vec<i32>,
    can_publish: bool,
) -> Result<StatusCode, Rejection> {
    let there = app.sfu.participant(&room.name, who).await.map_err(nobody)?;
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
    let changed = app.sfu.update(&room.name, who, change).await;
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
