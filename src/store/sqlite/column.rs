//! Values that a column holds as text or as milliseconds.

use std::error::Error;

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Result, Row};
use serde::de::value::{Error as WordError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A list or a structure, as JSON.
pub fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))
}

/// One of some words, as the word.
pub fn word(value: &impl Serialize) -> Result<String> {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => Ok(word),
        Ok(_) => Err(rusqlite::Error::ToSqlConversionFailure("no word".into())),
        Err(e) => Err(rusqlite::Error::ToSqlConversionFailure(e.into())),
    }
}

/// What [`json`] wrote.
pub fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|e| nonsense(row, column, e))
}

/// The same, where there may be nothing.
pub fn from_json_or_null<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    let value = text.map(|text| serde_json::from_str(&text));
    value.transpose().map_err(|e| nonsense(row, column, e))
}

/// What [`word`] wrote.
pub fn from_word<T: for<'de> Deserialize<'de>>(row: &Row<'_>, column: &str) -> Result<T> {
    let text: String = row.get(column)?;
    let word: StrDeserializer<'_, WordError> = text.as_str().into_deserializer();
    T::deserialize(word).map_err(|e| nonsense(row, column, e))
}

/// A number that no column holds in full: what is too big becomes the biggest.
pub fn count(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// What [`count`] wrote; `None` for what is missing.
pub fn from_count(row: &Row<'_>, column: &str) -> Result<Option<u64>> {
    let count: Option<i64> = row.get(column)?;
    count
        .map(u64::try_from)
        .transpose()
        .map_err(|e| nonsense(row, column, e))
}

/// A point in time.
pub fn time(row: &Row<'_>, column: &str) -> Result<Timestamp> {
    let millis = row.get(column)?;
    Timestamp::from_millisecond(millis).map_err(|e| nonsense(row, column, e))
}

/// A point in time that may be missing.
pub fn optional_time(row: &Row<'_>, column: &str) -> Result<Option<Timestamp>> {
    let millis: Option<i64> = row.get(column)?;
    millis
        .map(Timestamp::from_millisecond)
        .transpose()
        .map_err(|e| nonsense(row, column, e))
}

fn nonsense(
    row: &Row<'_>,
    column: &str,
    e: impl Into<Box<dyn Error + Send + Sync>>,
) -> rusqlite::Error {
    let index = row.as_ref().column_index(column).unwrap_or_default();
    rusqlite::Error::FromSqlConversionFailure(index, Type::Text, e.into())
}
