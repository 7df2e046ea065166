//! Users in SQLite.

use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};
use secrecy::{ExposeSecret as _, SecretString};

use super::super::User;
use super::column::{from_json, json, time};

/// Adds a user; fails on a name that is there.
pub fn add(db: &Connection, user: &User) -> Result<()> {
    insert(db, user, "")
}

/// Adds a user, or gives the one of this name other roles and another password.
pub fn put(db: &Connection, user: &User) -> Result<()> {
    insert(
        db,
        user,
        "ON CONFLICT (username)
         DO UPDATE SET roles = excluded.roles, password_hash = excluded.password_hash",
    )
}

fn insert(db: &Connection, user: &User, otherwise: &str) -> Result<()> {
    db.prepare_cached(&format!(
        "INSERT INTO users (id, username, roles, password_hash, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5) {otherwise}"
    ))?
    .execute(params![
        user.id,
        user.username,
        json(&user.roles)?,
        user.password_hash.expose_secret(),
        user.created_at.as_millisecond()
    ])?;
    Ok(())
}

/// The user with this name.
pub fn by_name(db: &Connection, username: &str) -> Result<Option<User>> {
    db.prepare_cached("SELECT * FROM users WHERE username = ?1")?
        .query_row([username], user)
        .optional()
}

/// The user with this id.
pub fn by_id(db: &Connection, id: &str) -> Result<Option<User>> {
    db.prepare_cached("SELECT * FROM users WHERE id = ?1")?
        .query_row([id], user)
        .optional()
}

/// All users, by name.
pub fn all(db: &Connection) -> Result<Vec<User>> {
    db.prepare_cached("SELECT * FROM users ORDER BY username")?
        .query_map([], user)?
        .collect()
}

/// Replaces a password hash.
pub fn set_password(db: &Connection, username: &str, hash: &SecretString) -> Result<bool> {
    let changed = db.execute(
        "UPDATE users SET password_hash = ?2 WHERE username = ?1",
        [username, hash.expose_secret()],
    )?;
    Ok(changed > 0)
}

/// Removes a user.
pub fn remove(db: &Connection, username: &str) -> Result<bool> {
    let removed = db.execute("DELETE FROM users WHERE username = ?1", [username])?;
    Ok(removed > 0)
}

fn user(row: &Row<'_>) -> Result<User> {
    Ok(User {
        id: row.get("id")?,
        username: row.get("username")?,
        roles: from_json(row, "roles")?,
        password_hash: row.get::<_, String>("password_hash")?.into(),
        created_at: time(row, "created_at")?,
    })
}
