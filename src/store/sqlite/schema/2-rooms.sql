CREATE TABLE rooms (
    name TEXT PRIMARY KEY NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    call_type TEXT NOT NULL,
    mode TEXT NOT NULL,
    participants TEXT NOT NULL,
    max_participants INTEGER NOT NULL,
    status TEXT NOT NULL,
    sid TEXT,
    began INTEGER NOT NULL,
    present TEXT NOT NULL,
    gone TEXT NOT NULL,
    revision INTEGER NOT NULL
) STRICT;

CREATE INDEX active_rooms ON rooms (name) WHERE status = 'active';

-- Who has which rooms on their list, in the order of the list. The triggers keep it, so that every
-- change of a room is one statement.
CREATE TABLE room_users (
    user TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    room TEXT NOT NULL,
    PRIMARY KEY (user, created_at DESC, room)
) STRICT, WITHOUT ROWID;

CREATE INDEX room_users_by_room ON room_users (room);

CREATE TRIGGER room_added AFTER INSERT ON rooms BEGIN
    INSERT INTO room_users (user, created_at, room)
    SELECT new.created_by, new.created_at, new.name
    UNION SELECT value, new.created_at, new.name FROM json_each(new.participants);
END;

CREATE TRIGGER room_changed AFTER UPDATE OF created_by, created_at, participants ON rooms
WHEN (old.created_by, old.created_at, old.participants)
    IS NOT (new.created_by, new.created_at, new.participants)
BEGIN
    DELETE FROM room_users WHERE room = old.name;
    INSERT INTO room_users (user, created_at, room)
    SELECT new.created_by, new.created_at, new.name
    UNION SELECT value, new.created_at, new.name FROM json_each(new.participants);
END;

CREATE TRIGGER room_removed AFTER DELETE ON rooms BEGIN
    DELETE FROM room_users WHERE room = old.name;
END;

CREATE TABLE channels (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    roles TEXT NOT NULL
) STRICT;

CREATE TABLE clubs (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    moderator_id TEXT NOT NULL,
    members TEXT NOT NULL,
    meeting_active INTEGER NOT NULL,
    meeting_started_at INTEGER,
    meeting_ended_at INTEGER,
    last_meeting_duration INTEGER
) STRICT;
