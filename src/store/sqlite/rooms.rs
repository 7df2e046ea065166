//! Rooms in SQLite.

use rusqlite::{Connection, OptionalExtension as _, Result, Row, named_params};

use super::super::{Call, MOST_ROOMS, Room};
use super::column::{count, from_count, from_json, from_json_or_null, from_word, json, time, word};

/// Adds a room at revision 0; fails on a name that is there.
pub fn add(db: &Connection, room: &Room) -> Result<()> {
    write(
        db,
        &Room {
            revision: 0,
            ..room.clone()
        },
        "INSERT INTO rooms (name, created_by, created_at, call_type, mode, participants,
             max_participants, lobby, status, sid, began, present, gone, revision)
         VALUES (:name, :created_by, :created_at, :call_type, :mode, :participants,
             :max_participants, :lobby, :status, :sid, :began, :present, :gone,
             :revision)",
    )?;
    Ok(())
}

/// Replaces a room that is still at this revision.
pub fn replace(db: &Connection, room: &Room) -> Result<bool> {
    let replaced = write(
        db,
        room,
        "UPDATE rooms SET created_by = :created_by, created_at = :created_at, call_type = :call_type,
             mode = :mode, participants = :participants, max_participants = :max_participants,
             lobby = :lobby, status = :status, sid = :sid, began = :began, present = :present, gone = :gone,
             revision = revision + 1
         WHERE name = :name AND revision = :revision",
    )?;
    Ok(replaced > 0)
}

fn write(db: &Connection, room: &Room, statement: &str) -> Result<usize> {
    db.prepare_cached(statement)?.execute(named_params! {
        ":name": room.name,
        ":created_by": room.created_by,
        ":created_at": room.created_at.as_millisecond(),
        ":call_type": word(&room.call_type)?,
        ":mode": word(&room.mode)?,
        ":participants": json(&room.participants)?,
        ":max_participants": room.max_participants,
        ":lobby": room.lobby.as_ref().map(json).transpose()?,
        ":status": word(&room.call.status)?,
        ":sid": room.call.sid,
        ":began": room.call.began,
        ":present": json(&room.call.present)?,
        ":gone": json(&room.call.gone)?,
        ":revision": count(room.revision),
    })
}

/// The room with this name.
pub fn by_name(db: &Connection, name: &str) -> Result<Option<Room>> {
    db.prepare_cached("SELECT * FROM rooms WHERE name = ?1")?
        .query_row([name], room)
        .optional()
}

/// The rooms on a user's list.
pub fn of_user(db: &Connection, user: &str) -> Result<Vec<Room>> {
    db.prepare_cached(&format!(
        "SELECT rooms.* FROM room_users JOIN rooms ON rooms.name = room_users.room
         WHERE room_users.user = ?1
         ORDER BY room_users.created_at DESC, room_users.room LIMIT {MOST_ROOMS}"
    ))?
    .query_map([user], room)?
    .collect()
}

/// The rooms whose call is active, by name.
pub fn active(db: &Connection) -> Result<Vec<Room>> {
    db.prepare_cached("SELECT * FROM rooms WHERE status = 'active' ORDER BY name")?
        .query_map([], room)?
        .collect()
}

/// Removes a room.
pub fn remove(db: &Connection, name: &str) -> Result<bool> {
    let removed = db.execute("DELETE FROM rooms WHERE name = ?1", [name])?;
    Ok(removed > 0)
}

fn room(row: &Row<'_>) -> Result<Room> {
    Ok(Room {
        name: row.get("name")?,
        created_by: row.get("created_by")?,
        created_at: time(row, "created_at")?,
        call_type: from_word(row, "call_type")?,
        mode: from_word(row, "mode")?,
        participants: from_json(row, "participants")?,
        max_participants: row.get("max_participants")?,
        lobby: from_json_or_null(row, "lobby")?,
        call: Call {
            status: from_word(row, "status")?,
            sid: row.get("sid")?,
            began: row.get("began")?,
            present: from_json(row, "present")?,
            gone: from_json(row, "gone")?,
        },
        revision: from_count(row, "revision")?.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::schema::migrate;
    use super::*;

    /// How SQLite would do it.
    fn plan(statement: &str) -> String {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db).unwrap();
        let mut explained = db
            .prepare(&format!("EXPLAIN QUERY PLAN {statement}"))
            .unwrap();
        let steps: Result<Vec<String>> = explained
            .query_map([], |row| row.get("detail"))
            .unwrap()
            .collect();
        steps.unwrap().join("\n")
    }

    #[test]
    fn no_list_of_rooms_reads_or_sorts_those_of_others() {
        let of_user = plan(
            "SELECT rooms.* FROM room_users JOIN rooms ON rooms.name = room_users.room
             WHERE room_users.user = 'ada'
             ORDER BY room_users.created_at DESC, room_users.room LIMIT 10",
        );
        assert!(
            of_user.contains("SEARCH room_users USING PRIMARY KEY (user=?)"),
            "{of_user}"
        );
        assert!(
            !of_user.contains("SCAN") && !of_user.contains("B-TREE"),
            "{of_user}"
        );
        let active = plan("SELECT * FROM rooms WHERE status = 'active' ORDER BY name");
        assert_eq!(active, "SCAN rooms USING INDEX active_rooms");
    }
}
