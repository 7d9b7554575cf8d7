//! Everything that a card shows of an item. Never writes.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::super::{Card, CardKey};
use super::super::ledger::{RECORD_COLUMNS, RECORD_FROM, item_record};
use super::super::reviewed::IS_SENT_BACK;
use super::super::stored::optional_json;
use super::super::versions::STANDING;
use super::{Listed, rows};

/// The columns that [`item_record`] reads.
const OF_RECORD: usize = 21;

/// What was found of an item's picture, as a column: none once it has another.
fn of_picture(column: &str) -> String {
    format!(
        "(SELECT {column} FROM findings
          WHERE findings.item_key = items.key AND findings.picture = artifact ->> '$.images[0].blake3')"
    )
}

/// The cards of these items, in their order.
pub(super) fn cards(connection: &Connection, listed: Listed, keys: &[CardKey]) -> rusqlite::Result<Vec<Card>> {
    let sql = format!(
        "SELECT {RECORD_COLUMNS}, line, {IS_SENT_BACK}, {STANDING},
                (SELECT count(*) FROM versions WHERE versions.item_key = items.key AND pruned_at IS NULL),
                {}, {}
         {RECORD_FROM} WHERE items.key = ?1 AND items.job_id = ?2 AND first_revision <= ?3",
        of_picture("found"),
        of_picture("twin_key"),
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut cards = Vec::with_capacity(keys.len());
    for key in keys {
        let card = statement.query_row(params![key.0, listed.job, listed.revision], card).optional()?;
        if let Some(card) = card {
            cards.push(with_row(connection, listed, card)?);
        }
    }
    Ok(cards)
}

fn card(row: &Row<'_>) -> rusqlite::Result<Card> {
    let (key, record) = item_record(row)?;
    Ok(Card {
        key: CardKey(key),
        record,
        line: row.get(OF_RECORD)?,
        is_sent_back: row.get(OF_RECORD + 1)?,
        earlier: optional_json(row, OF_RECORD + 2)?,
        versions: row.get(OF_RECORD + 3)?,
        found: optional_json(row, OF_RECORD + 4)?.unwrap_or_default(),
        twin: row.get::<_, Option<i64>>(OF_RECORD + 5)?.map(CardKey),
        cells: Vec::new(),
        siblings: vec![CardKey(key)],
    })
}

/// What its row says; one that is gone from the manifest has none.
fn with_row(connection: &Connection, listed: Listed, card: Card) -> rusqlite::Result<Card> {
    let row = rows::of_item(connection, listed, card.line, card.record.item.id.as_str())?;
    let Some(row) = row else { return Ok(card) };
    let siblings = rows::keys(connection, listed, &row.ids)?;
    Ok(Card { cells: row.cells, siblings: siblings.into_iter().map(CardKey).collect(), ..card })
}
