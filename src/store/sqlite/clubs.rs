//! Clubs in SQLite.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};

use super::super::{Club, Meeting};
use super::column::{count, from_count, from_json, json, optional_time};

/// The club with this id.
pub fn by_id(db: &Connection, id: &str) -> Result<Option<Club>> {
    db.prepare_cached("SELECT * FROM clubs WHERE id = ?1")?
        .query_row([id], club)
        .optional()
}

/// Stores a club's meeting.
pub fn set_meeting(db: &Connection, id: &str, meeting: &Meeting) -> Result<bool> {
    let changed = db
        .prepare_cached(
            "UPDATE clubs SET meeting_active = ?2, meeting_started_at = ?3, meeting_ended_at = ?4,
                 last_meeting_duration = ?5
             WHERE id = ?1",
        )?
        .execute(params![
            id,
            meeting.active,
            meeting.started_at.map(Timestamp::as_millisecond),
            meeting.ended_at.map(Timestamp::as_millisecond),
            meeting.last_duration.map(count),
        ])?;
    Ok(changed > 0)
}

/// Adds a club, or replaces all of one but its meeting.
pub fn put(db: &Connection, club: &Club) -> Result<()> {
    let meeting = &club.meeting;
    db.execute(
        "INSERT INTO clubs (id, name, moderator_id, members, meeting_active, meeting_started_at,
             meeting_ended_at, last_meeting_duration)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name,
             moderator_id = excluded.moderator_id, members = excluded.members",
        params![
            club.id,
            club.name,
            club.moderator_id,
            json(&club.members)?,
            meeting.active,
            meeting.started_at.map(Timestamp::as_millisecond),
            meeting.ended_at.map(Timestamp::as_millisecond),
            meeting.last_duration.map(count),
        ],
    )?;
    Ok(())
}

fn club(row: &Row<'_>) -> Result<Club> {
    Ok(Club {
        id: row.get("id")?,
        name: row.get("name")?,
        moderator_id: row.get("moderator_id")?,
        members: from_json(row, "members")?,
        meeting: Meeting {
            active: row.get("meeting_active")?,
            started_at: optional_time(row, "meeting_started_at")?,
            ended_at: optional_time(row, "meeting_ended_at")?,
            last_duration: from_count(row, "last_meeting_duration")?,
        },
    })
}
