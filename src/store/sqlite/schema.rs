//! What is in the file, version by version. A file of an older version is brought to the newest one in
//! one transaction.

use rusqlite::{Connection, TransactionBehavior};

use super::file::OpenError;

/// What makes each version of the one before it. What was released never changes.
const STEPS: [&str; 3] = [
    include_str!("schema/1-users.sql"),
    include_str!("schema/2-rooms.sql"),
    include_str!("schema/3-lobby.sql"),
];

/// Brings the file to the newest version.
pub fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    if missing(connection)?.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Asked again: another process may have been faster.
    for step in missing(&transaction)? {
        transaction.execute_batch(step)?;
    }
    transaction.execute_batch(&format!("PRAGMA user_version = {}", STEPS.len()))?;
    transaction.commit()?;
    Ok(())
}

/// The steps that the file has not had yet.
fn missing(connection: &Connection) -> Result<&'static [&'static str], OpenError> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    usize::try_from(version)
        .ok()
        .and_then(|done| STEPS.get(done..))
        .ok_or(OpenError::TooNew(version))
}
