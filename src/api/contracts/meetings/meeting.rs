//! A club's meeting as the SFU's room tells it.

use std::time::Duration;

use jiff::Timestamp;
use livekit_protocol as proto;
use proto::participant_info::{Kind, State};
use serde::{Deserialize, Serialize};

use crate::api::iso::iso;
use crate::api::refusal::Refusal;
use crate::livekit::token::LONGEST_NAME;
use crate::store::{CLUB_ROOM, Club};

/// Seconds that a room stays when nobody comes.
pub const EMPTY_TIMEOUT: u32 = 600;
/// Most participants.
pub const MAX_PARTICIPANTS: u32 = 50;
/// How long a token lets somebody in.
pub const TOKEN_TTL: Duration = Duration::from_hours(6);

/// The clocks of the SFU and of this machine may differ by so many seconds.
const LEEWAY: i64 = 60;

/// The room of a club.
pub fn room_name(club: &str) -> String {
    format!("{CLUB_ROOM}{club}")
}

/// Refuses an id whose room LiveKit would refuse.
pub fn check_id(field: &'static str, id: &str) -> Result<(), Refusal> {
    const MOST: usize = LONGEST_NAME - CLUB_ROOM.len();
    if id.len() > MOST {
        let detail = format!("{field} is longer than {MOST} bytes");
        return Err(Refusal::BadRequest(detail));
    }
    Ok(())
}

/// What a room tells its participants about the meeting.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    club_id: String,
    club_name: String,
    moderator_id: String,
    started_at: String,
}

/// The metadata of the room of a meeting that begins now.
pub fn metadata(club: &Club, started_at: Timestamp) -> serde_json::Result<String> {
    serde_json::to_string(&Metadata {
        club_id: club.id.clone(),
        club_name: club.name.clone(),
        moderator_id: club.moderator_id.clone(),
        started_at: iso(started_at),
    })
}

/// When the meeting in this room began; `None`: the room is there, but no meeting was started.
pub fn began(room: &proto::Room, club: &Club) -> Option<Timestamp> {
    let told = serde_json::from_str::<Metadata>(&room.metadata)
        .ok()
        .filter(|metadata| metadata.club_id == club.id)
        .and_then(|metadata| metadata.started_at.parse().ok());
    // What the club says may be of a meeting whose room is long gone.
    let stored = club
        .meeting
        .started_at
        .filter(|at| club.meeting.active && at.as_second() + LEEWAY >= room.creation_time);
    told.or(stored)
}

/// How many are in a room, as LiveKit counts: who is hidden, records or is a program is no participant.
pub fn count(participants: &[proto::ParticipantInfo]) -> usize {
    let counts = |p: &&proto::ParticipantInfo| {
        let hidden = p.permission.as_ref().is_some_and(|p| p.hidden);
        let aside = matches!(p.kind(), Kind::Egress | Kind::Agent);
        !hidden && !aside && p.state() != State::Disconnected
    };
    participants.iter().filter(counts).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Meeting;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn club(meeting: Meeting) -> Club {
        Club {
            id: "c1".into(),
            name: "Novels \"of\" 1900".into(),
            moderator_id: "ada".into(),
            members: Vec::new(),
            meeting,
        }
    }

    fn room(metadata: &str) -> proto::Room {
        proto::Room {
            metadata: metadata.into(),
            creation_time: at("2026-01-31T12:00:00Z").as_second(),
            ..proto::Room::default()
        }
    }

    #[test]
    fn a_meeting_began_when_its_rooms_metadata_says() {
        let club = club(Meeting::default());
        let start = at("2026-01-31T12:00:00.120Z");
        let text = metadata(&club, start).unwrap();
        assert_eq!(
            text,
            r#"{"clubId":"c1","clubName":"Novels \"of\" 1900","moderatorId":"ada","startedAt":"2026-01-31T12:00:00.120Z"}"#
        );
        assert_eq!(began(&room(&text), &club), Some(start));
        let other = text.replace("c1", "c2");
        for foreign in ["", "{}", "null", "no JSON", other.as_str()] {
            assert_eq!(began(&room(foreign), &club), None, "{foreign}");
        }
    }

    #[test]
    fn a_stored_beginning_counts_while_it_can_be_that_of_the_room() {
        let meeting = |active, start| Meeting {
            active,
            started_at: Some(at(start)),
            ..Meeting::default()
        };
        for (active, start, counts) in [
            (true, "2026-01-31T12:00:01Z", true),
            (true, "2026-01-31T11:59:30Z", true),
            (true, "2026-01-24T12:00:00Z", false),
            (false, "2026-01-31T12:00:01Z", false),
        ] {
            let began = began(&room("replaced"), &club(meeting(active, start)));
            assert_eq!(began, counts.then(|| at(start)), "{active} {start}");
        }
    }

    #[test]
    fn whoever_is_hidden_records_or_is_a_program_is_not_counted() {
        let somebody = |kind: Kind, state: State, hidden| proto::ParticipantInfo {
            kind: kind.into(),
            state: state.into(),
            permission: Some(proto::ParticipantPermission {
                hidden,
                ..Default::default()
            }),
            ..Default::default()
        };
        let all = [
            somebody(Kind::Standard, State::Active, false),
            somebody(Kind::Standard, State::Joining, false),
            somebody(Kind::Sip, State::Active, false),
            somebody(Kind::Standard, State::Active, true),
            somebody(Kind::Standard, State::Disconnected, false),
            somebody(Kind::Egress, State::Active, false),
            somebody(Kind::Agent, State::Active, false),
        ];
        assert_eq!(count(&all), 3);
        assert_eq!(count(&[]), 0);
    }

    #[test]
    fn an_id_is_refused_when_its_room_would_be() {
        let longest = "x".repeat(LONGEST_NAME - CLUB_ROOM.len());
        assert_eq!(room_name(&longest).len(), LONGEST_NAME);
        assert!(check_id("clubId", &longest).is_ok());
        assert!(check_id("clubId", &format!("{longest}x")).is_err());
    }
}
