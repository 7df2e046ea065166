//! Participants: list, remove, mute, what they are called and may do.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use livekit_protocol::{ParticipantPermission, TrackSource};

use super::body::Members;
use super::openapi::{Change, Mute, Refusals};
use super::rooms::found;
use super::{Admin, NOBODY, Names, Rejection, gone, refusal, room, who};
use crate::api::App;
use crate::api::contracts::urbania::openapi::{self as urbania, Error};
use crate::api::fields::Problem;
use crate::api::refusal::Refusal;
use crate::livekit::room_service::{ParticipantChange, SfuError};
use crate::livekit::shown::ParticipantShown;

/// Everybody in a room, in the order in which they came.
#[utoipa::path(
    get,
    path = "/api/admin/rooms/{room_name}/participants",
    operation_id = "adminListParticipants",
    tag = "Rooms of the SFU",
    security(("bearer" = [])),
    params(("room_name" = String, Path, max_length = 256)),
    responses(
        (status = 200, description = "Everybody in it", body = Vec<ParticipantShown>),
        (status = 404, description = "Not there", body = Error),
        Refusals,
        urbania::Refusals
    )
)]
pub async fn participants(
    _: Admin,
    State(app): State<Arc<App>>,
    path: Names<String>,
) -> Result<Json<Vec<ParticipantShown>>, Rejection> {
    let room = room(path)?;
    let there = app.sfu.participants(&room).await.map_err(nobody)?;
    if there.is_empty() {
        found(&app, &room).await?;
    }
    let mut shown: Vec<_> = there.into_iter().map(ParticipantShown::of).collect();
    shown.sort_by(|a, b| (&a.joined_at, &a.identity).cmp(&(&b.joined_at, &b.identity)));
    Ok(Json(shown))
}

/// A participant.
#[utoipa::path(
    get,
    path = "/api/admin/rooms/{room_name}/participants/{identity}",
    operation_id = "adminGetParticipant",
    tag = "Rooms of the SFU",
    security(("bearer" = [])),
    params(
        ("room_name" = String, Path, max_length = 256),
        ("identity" = String, Path, max_length = 256)
    ),
    responses(
        (status = 200, description = "The participant", body = ParticipantShown),
        (status = 404, description = "Not there", body = Error),
        Refusals,
        urbania::Refusals
    )
)]
pub async fn participant(
    _: Admin,
    State(app): State<Arc<App>>,
    path: Names<(String, String)>,
) -> Result<Json<ParticipantShown>, Rejection> {
    let (room, who) = who(path)?;
    let found = app.sfu.participant(&room, &who).await.map_err(nobody)?;
    Ok(Json(ParticipantShown::of(found)))
}

/// Sends a participant away.
///
/// A token that is still valid lets them in again.
#[utoipa::path(
    delete,
    path = "/api/admin/rooms/{room_name}/participants/{identity}",
    operation_id = "adminRemoveParticipant",
    tag = "Rooms of the SFU",
    security(("bearer" = [])),
    params(
        ("room_name" = String, Path, max_length = 256),
        ("identity" = String, Path, max_length = 256)
    ),
    responses(
        (status = 204, description = "Done"),
        (status = 404, description = "Not there", body = Error),
        Refusals,
        urbania::Refusals
    )
)]
pub async fn remove(
    _: Admin,
    State(app): State<Arc<App>>,
    path: Names<(String, String)>,
) -> Result<StatusCode, Rejection> {
    let (room, who) = who(path)?;
    Ok(put_out(&app, &room, &who).await?)
}

/// Sends somebody away, if they are there.
pub async fn put_out(app: &App, room: &str, who: &str) -> Result<StatusCode, Refusal> {
    gone(app.sfu.remove(room, who).await.map_err(nobody)?, NOBODY)
}

/// Mutes a track, or asks for it to be heard again.
#[utoipa::path(
    post,
    path = "/api/admin/rooms/{room_name}/participants/{identity}/mute",
    operation_id = "adminMute",
    tag = "Rooms of the SFU",
    security(("bearer" = [])),
    params(
        ("room_name" = String, Path, max_length = 256),
        ("identity" = String, Path, max_length = 256)
    ),
    request_body = Mute,
    responses(
        (status = 204, description = "Done"),
        (status = 404, description = "Not there", body = Error),
        Refusals,
        urbania::BodyRefusals,
        urbania::Refusals
    )
)]
pub async fn mute(
    _: Admin,
    State(app): State<Arc<App>>,
    path: Names<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Rejection> {
    let (room, who) = who(path)?;
    Ok(mute_track(&app, &room, &who, &headers, body).await?)
}

/// Mutes the track that a body names, or asks for it to be heard again.
pub async fn mute_track(
    app: &App,
    room: &str,
    who: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<StatusCode, Refusal> {
    let mut members = Members::read(headers, body).await?;
    let track = members.name("track_sid");
    let muted = members.switch("muted").unwrap_or(true);
    members.check(None)?;
    // LiveKit says yes to a track that is not there.
    let there = app.sfu.participant(room, who).await.map_err(nobody)?;
    if !there.tracks.iter().any(|published| published.sid == track) {
        return Err(Refusal::NotFound(NO_TRACK.into()));
    }
    let muted = app.sfu.mute(room, who, &track, muted).await;
    muted.map_err(|e| refusal(e, NO_TRACK))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes a participant; what is left out stays.
#[utoipa::path(
    patch,
    path = "/api/admin/rooms/{room_name}/participants/{identity}",
    operation_id = "adminUpdateParticipant",
    tag = "Rooms of the SFU",
    security(("bearer" = [])),
    params(
        ("room_name" = String, Path, max_length = 256),
        ("identity" = String, Path, max_length = 256)
    ),
    request_body = Change,
    responses(
        (status = 200, description = "The participant", body = ParticipantShown),
        (status = 404, description = "Not there", body = Error),
        Refusals,
        urbania::BodyRefusals,
        urbania::Refusals
    )
)]
pub async fn update(
    _: Admin,
    State(app): State<Arc<App>>,
    path: Names<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ParticipantShown>, Rejection> {
    let (room, who) = who(path)?;
    let mut members = Members::read(&headers, body).await?;
    let mut change = ParticipantChange {
        name: members.text("name"),
        metadata: members.text("metadata"),
        attributes: members.texts("attributes"),
        permission: None,
    };
    let mut permission = members.object("permission");
    let wanted = permission.as_mut().map(Wanted::read);
    if permission.as_ref().is_some_and(|rest| !rest.is_empty()) {
        members.wrong("permission", Problem::NotOneOf(PERMISSIONS));
    }
    members.check(permission)?;
    if let Some(wanted) = wanted {
        let now = app.sfu.participant(&room, &who).await.map_err(nobody)?;
        change.permission = Some(wanted.over(&now.permission.unwrap_or_default()));
    }
    let changed = app.sfu.update(&room, &who, change).await;
    Ok(Json(ParticipantShown::of(changed.map_err(nobody)?)))
}

/// What a permission can be about.
const PERMISSIONS: &str = "'can_publish', 'can_subscribe', 'can_publish_data', \
    'can_publish_sources', 'can_update_metadata' or 'hidden'";

/// The permissions that a request names.
struct Wanted {
    publish: Option<bool>,
    subscribe: Option<bool>,
    data: Option<bool>,
    metadata: Option<bool>,
    hidden: Option<bool>,
    sources: Option<Vec<i32>>,
}

impl Wanted {
    fn read(members: &mut Members) -> Self {
        Self {
            publish: members.switch("can_publish"),
            subscribe: members.switch("can_subscribe"),
            data: members.switch("can_publish_data"),
            metadata: members.switch("can_update_metadata"),
            hidden: members.switch("hidden"),
            sources: sources(members),
        }
    }

    /// LiveKit replaces all of them at once.
    fn over(self, now: &ParticipantPermission) -> ParticipantPermission {
        ParticipantPermission {
            can_publish: self.publish.unwrap_or(now.can_publish),
            can_subscribe: self.subscribe.unwrap_or(now.can_subscribe),
            can_publish_data: self.data.unwrap_or(now.can_publish_data),
            can_update_metadata: self.metadata.unwrap_or(now.can_update_metadata),
            hidden: self.hidden.unwrap_or(now.hidden),
            can_publish_sources: (self.sources).unwrap_or_else(|| now.can_publish_sources.clone()),
            ..now.clone()
        }
    }
}

fn sources(members: &mut Members) -> Option<Vec<i32>> {
    const FIELD: &str = "can_publish_sources";
    if !members.has(FIELD) {
        return None;
    }
    let names = members.names(FIELD, 4);
    let number = |name: &String| TrackSource::from_str_name(&name.to_ascii_uppercase());
    let sources: Option<Vec<_>> = names.iter().map(|n| number(n).map(i32::from)).collect();
    if sources.is_none() {
        let known = "'camera', 'microphone', 'screen_share' or 'screen_share_audio'";
        members.wrong(FIELD, Problem::NotOneOf(known));
    }
    sources
}

const NO_TRACK: &str = "Track not found";

/// The SFU's answer about somebody.
pub fn nobody(e: SfuError) -> Refusal {
    refusal(e, NOBODY)
}
