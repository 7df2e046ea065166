//! `POST /api/reading-clubs/meeting/{clubId}/end`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use livekit_protocol as proto;
use serde::Serialize;

use super::path::ClubId;
use super::{Caller, Rejection, meeting};
use crate::api::App;
use crate::api::contracts::openapi::{CallerRefusals, Error, Refusals};
use crate::api::iso::{iso, to_millisecond};
use crate::api::refusal::Refusal;
use crate::livekit::room_service::{RoomService, SfuError};
use crate::store::{Club, Meeting};

/// What ended, if it did.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = BookyEnd)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    success: bool,
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    duration: Option<u64>,
}

/// The meeting ends for everybody.
#[utoipa::path(
    post,
    path = "/api/reading-clubs/meeting/{clubId}/end",
    operation_id = "meetingEnd",
    tag = "Booky",
    security(("bearer" = [])),
    params(("clubId" = String, Path, max_length = 243)),
    responses(
        (status = 200, description = "Whether it has ended", body = Answer),
        (status = 403, description = "Only for the moderator", body = Error),
        (status = 404, description = "No such club", body = Error),
        (status = 500, description = "The server has no key pair", body = Error),
        CallerRefusals,
        Refusals
    )
)]
pub async fn end(
    State(app): State<Arc<App>>,
    caller: Caller,
    ClubId(id): ClubId,
) -> Result<Json<Answer>, Rejection> {
    let _turn = app.meetings.of(&id).await;
    let club = super::club(&app, &id).await?;
    if !club.moderates(&caller.0.id) {
        let detail = "Only moderators can end meetings";
        return Err(Refusal::Forbidden(detail.into()).into());
    }
    let room = match close(&app.sfu, &club.id).await {
        Ok(room) => room,
        Err(SfuError::NoKeys) => return Err(Refusal::NotConfigured.into()),
        Err(e) => {
            tracing::warn!(club = club.id, "a meeting cannot be ended: {e}");
            return Ok(Json(Answer {
                success: false,
                ended_at: None,
                duration: None,
            }));
        }
    };
    let now = to_millisecond(app.config.clock.now());
    let ended = ended(&club, room.as_ref(), now);
    let known = ended == club.meeting || ended.started_at.is_none();
    if !known && !app.config.store.set_meeting(&club.id, &ended).await? {
        return Err(super::no_club().into());
    }
    Ok(Json(Answer {
        success: true,
        ended_at: ended.ended_at.map(iso),
        duration: ended.last_duration,
    }))
}

/// Ends the room; the room as it was, when there was one.
async fn close(sfu: &RoomService, club: &str) -> Result<Option<proto::Room>, SfuError> {
    let name = meeting::room_name(club);
    let Some(room) = sfu.get(&name).await? else {
        return Ok(None);
    };
    sfu.delete(&name).await?;
    Ok(Some(room))
}

/// The club's meeting after its room was closed.
fn ended(club: &Club, room: Option<&proto::Room>, now: Timestamp) -> Meeting {
    let began = room.and_then(|room| meeting::began(room, club));
    let last = &club.meeting;
    if began.is_none() && !last.active && last.ended_at.is_some() {
        return last.clone();
    }
    // The SFU has closed the room of an active meeting by itself, or its metadata was replaced.
    let began = began.or(last.started_at.filter(|_| last.active));
    let seconds = began.map_or(0, |began| now.as_second() - began.as_second());
    Meeting {
        active: false,
        started_at: began,
        ended_at: Some(now),
        last_duration: Some(u64::try_from(seconds).unwrap_or(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn club(meeting: Meeting) -> Club {
        Club {
            id: "c1".into(),
            name: "Novels".into(),
            moderator_id: "ada".into(),
            members: Vec::new(),
            meeting,
        }
    }

    fn room_of(club: &Club, began: i64) -> proto::Room {
        proto::Room {
            metadata: meeting::metadata(club, at(began)).unwrap(),
            ..proto::Room::default()
        }
    }

    fn over(began: i64, ended: i64) -> Meeting {
        Meeting {
            active: false,
            started_at: Some(at(began)),
            ended_at: Some(at(ended)),
            last_duration: Some((ended - began).cast_unsigned()),
        }
    }

    fn active(began: i64) -> Meeting {
        Meeting {
            active: true,
            started_at: Some(at(began)),
            ..over(1, 2)
        }
    }

    #[test]
    fn the_duration_is_counted_from_the_beginning_of_what_ran() {
        let stored = club(active(100));
        let room = room_of(&stored, 100);
        assert_eq!(ended(&stored, Some(&room), at(160)), over(100, 160));
        // The SFU lost the room, or the process ended after the room was closed.
        assert_eq!(ended(&stored, None, at(160)), over(100, 160));
        // The process ended before the start was written.
        let behind = club(over(1, 2));
        assert_eq!(ended(&behind, Some(&room), at(160)), over(100, 160));
    }

    #[test]
    fn what_has_ended_stays_as_it_ended() {
        let stored = club(over(1, 2));
        assert_eq!(ended(&stored, None, at(160)), over(1, 2));
        // Somebody was early for the next one and is sent away.
        let room = proto::Room::default();
        assert_eq!(ended(&stored, Some(&room), at(160)), over(1, 2));
    }

    #[test]
    fn a_club_without_any_meeting_ends_one_of_no_length() {
        let ended = ended(&club(Meeting::default()), None, at(160));
        assert_eq!((ended.started_at, ended.last_duration), (None, Some(0)));
    }

    #[test]
    fn a_clock_that_was_set_back_gives_no_negative_duration() {
        let ended = ended(&club(active(100)), None, at(90));
        assert_eq!(ended.last_duration, Some(0));
    }
}
