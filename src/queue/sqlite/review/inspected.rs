//! What a look at pictures found, as it is kept. Never looks at one.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::super::super::{CardKey, Finding, Unseen};
use super::super::stored::{ITEM_COLUMNS, item, json, to_json};
use super::Listed;
use crate::domain::Impression;

/// Done items whose picture nobody looked at, in the order in which they were made.
pub(super) fn unseen(connection: &Connection, listed: Listed, most: usize) -> rusqlite::Result<Vec<Unseen>> {
    let unseen = format!(
        "SELECT {ITEM_COLUMNS}, artifact, items.key
         FROM items LEFT JOIN findings ON findings.item_key = items.key
         WHERE items.key IN (SELECT key FROM items WHERE job_id = ?1 AND state = 'done')
               AND first_revision <= ?2 AND last_revision >= ?2
               AND (picture IS NULL OR picture IS NOT artifact ->> '$.images[0].blake3')
         ORDER BY (SELECT ended_at FROM attempts WHERE attempts.item_key = items.key AND outcome = 'done'
                   ORDER BY number DESC LIMIT 1), items.key
         LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(&unseen)?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let unseen = statement.query_map(params![listed.job, listed.revision, most], |row| {
        Ok(Unseen { item: item(row, 0)?, artifact: json(row, 5)?, key: CardKey(row.get(6)?) })
    })?;
    unseen.collect()
}

/// How the picture with these bytes looks.
pub(super) fn impression(connection: &Connection, blake3: &str) -> rusqlite::Result<Option<Impression>> {
    let found = "SELECT width, height, is_blank, hash, grid FROM impressions WHERE blake3 = ?1";
    connection.prepare_cached(found)?.query_row([blake3], |row| read(row, 0)).optional()
}

/// How the first pictures of a job's done items look.
pub(super) fn impressions(connection: &Connection, listed: Listed) -> rusqlite::Result<Vec<(CardKey, Impression)>> {
    let known = "SELECT items.key, width, height, is_blank, hash, grid
                 FROM items CROSS JOIN impressions ON blake3 = artifact ->> '$.images[0].blake3'
                 WHERE items.key IN (SELECT key FROM items WHERE job_id = ?1 AND state = 'done')
                       AND first_revision <= ?2 AND last_revision >= ?2
                 ORDER BY items.key";
    let mut statement = connection.prepare_cached(known)?;
    let known =
        statement.query_map(params![listed.job, listed.revision], |row| Ok((CardKey(row.get(0)?), read(row, 1)?)))?;
    known.collect()
}

/// An impression, in five columns from `first` on.
fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Impression> {
    Ok(Impression {
        width: row.get(first)?,
        height: row.get(first + 1)?,
        is_blank: row.get(first + 2)?,
        hash: row.get::<_, i64>(first + 3)?.cast_unsigned(),
        grid: row.get(first + 4)?,
    })
}

/// Notes how pictures look, and what was found of those that their items still have.
pub(super) fn note(
    transaction: &Transaction<'_>,
    listed: Listed,
    impressions: &[(String, Impression)],
    findings: &[Finding],
) -> rusqlite::Result<()> {
    let look = "INSERT OR REPLACE INTO impressions (blake3, width, height, is_blank, hash, grid)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let mut look = transaction.prepare_cached(look)?;
    for (blake3, Impression { width, height, is_blank, hash, grid }) in impressions {
        look.execute(params![blake3, width, height, is_blank, hash.cast_signed(), grid])?;
    }
    // A twin may be gone, as may the picture.
    let find = "INSERT OR REPLACE INTO findings (item_key, picture, found, twin_key)
                SELECT key, ?3, ?4, (SELECT key FROM items WHERE key = ?5 AND job_id = ?1)
                FROM items WHERE key = ?2 AND job_id = ?1 AND artifact ->> '$.images[0].blake3' = ?3";
    let mut find = transaction.prepare_cached(find)?;
    for Finding { key, picture, found, twin } in findings {
        find.execute(params![listed.job, key.0, picture, to_json(found)?, twin.map(|twin| twin.0)])?;
    }
    Ok(())
}
