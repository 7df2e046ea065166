//! Channels in SQLite.

use rusqlite::{Connection, OptionalExtension as _, Result, params};

use super::super::Channel;
use super::column::{from_json, json};

/// The channel with this id.
pub fn by_id(db: &Connection, id: &str) -> Result<Option<Channel>> {
    db.prepare_cached("SELECT * FROM channels WHERE id = ?1")?
        .query_row([id], |row| {
            Ok(Channel {
                id: row.get("id")?,
                name: row.get("name")?,
                roles: from_json(row, "roles")?,
            })
        })
        .optional()
}

/// Adds or replaces a channel.
pub fn put(db: &Connection, channel: &Channel) -> Result<()> {
    db.execute(
        "INSERT INTO channels (id, name, roles) VALUES (?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, roles = excluded.roles",
        params![channel.id, channel.name, json(&channel.roles)?],
    )?;
    Ok(())
}
