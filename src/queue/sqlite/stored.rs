//! How domain values lie in columns. Never runs a statement.

use std::str::FromStr;

use rusqlite::Row;
use rusqlite::types::{FromSqlError, Type, ValueRef};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::{AttemptState, ItemState};
use crate::domain::{Digest, FailureKind, Item, ItemId, Usd};

/// The columns [`item`] reads, in its order.
pub(super) const ITEM_COLUMNS: &str = "id, name, request, digest, sources";

/// The item in five columns from `first` on.
pub(super) fn item(row: &Row<'_>, first: usize) -> rusqlite::Result<Item> {
    Ok(Item {
        id: ItemId::new(row.get::<_, String>(first)?),
        name: row.get(first + 1)?,
        request: json(row, first + 2)?,
        digest: Digest(row.get(first + 3)?),
        sources: optional_json(row, first + 4)?.unwrap_or_default(),
    })
}

/// The record stored as JSON in this column.
pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str().map_err(|error| damaged(column, error))?;
    serde_json::from_str(text).map_err(|error| damaged(column, error))
}

/// The record stored as JSON in this column, if there is one.
pub(super) fn optional_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        _ => json(row, column).map(Some),
    }
}

/// A record as JSON for a column.
pub(super) fn to_json<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// The money in this column, if any.
pub(super) fn usd(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Usd>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Usd::from_nanos))
}

/// The kind of failure in this column.
pub(super) fn kind(row: &Row<'_>, column: usize) -> rusqlite::Result<FailureKind> {
    let word = row.get_ref(column)?.as_str().unwrap_or_default();
    FailureKind::parse(word).ok_or_else(|| unknown_word(column))
}

/// The kind of failure in this column, if there is one.
pub(super) fn optional_kind(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<FailureKind>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        _ => kind(row, column).map(Some),
    }
}

/// The word of a fixed list in this column, if there is one.
pub(super) fn optional_word<T: FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    let Some(word) = row.get::<_, Option<String>>(column)? else { return Ok(None) };
    word.parse().map(Some).map_err(|_| unknown_word(column))
}

/// The state of an item in this column.
pub(super) fn item_state(row: &Row<'_>, column: usize) -> rusqlite::Result<ItemState> {
    let word = row.get_ref(column)?.as_str().unwrap_or_default();
    ItemState::ALL.iter().copied().find(|state| state.as_str() == word).ok_or_else(|| unknown_word(column))
}

/// The state of an attempt in this column.
pub(super) fn attempt_state(row: &Row<'_>, column: usize) -> rusqlite::Result<AttemptState> {
    let word = row.get_ref(column)?.as_str().unwrap_or_default();
    AttemptState::ALL.iter().copied().find(|state| state.as_str() == word).ok_or_else(|| unknown_word(column))
}

/// A value in this column that its type does not allow.
pub(super) fn damaged(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

/// A word in this column that is none of those it may hold.
pub(super) fn unknown_word(column: usize) -> rusqlite::Error {
    damaged(column, FromSqlError::InvalidType)
}
