//! What a person said of an item, as the columns that stand behind the results when somebody wants them. Never says
//! what does not hold any more.

use serde::Serialize;

use super::harmless::{self, harmless};
use crate::domain::Decision;
use crate::queue::ItemRecord;

/// Their names, in their order. Scripts rely on them.
pub(super) const COLUMNS: [&str; 5] = ["verdict", "favourite", "note", "reviewed_by", "reviewed_at"];

/// What was said of an item, in the order of [`COLUMNS`]; all of it nothing where nothing was.
#[derive(Debug, Default, Serialize)]
pub(super) struct Said {
    verdict: Option<&'static str>,
    /// The file of the picture that stands for the product, where the item has it.
    favourite: Option<String>,
    note: Option<String>,
    reviewed_by: Option<String>,
    reviewed_at: Option<String>,
}

impl Said {
    /// What was said of an item whose favourite lies there.
    pub fn of(item: &ItemRecord, favourite: Option<String>) -> Self {
        let Some(record) = &item.verdict else { return Self::default() };
        let moment = jiff::Timestamp::from_millisecond(record.at.millis()).unwrap_or(jiff::Timestamp::MAX);
        Self {
            verdict: item.decision().map(Decision::as_str),
            favourite,
            note: record.verdict.note.clone(),
            reviewed_by: Some(record.person.clone()),
            reviewed_at: Some(format!("{moment:.3}")),
        }
    }

    /// It as cells of a table, in which nothing that a person wrote is a formula.
    pub fn cells(&self) -> [String; COLUMNS.len()] {
        let cell = |text: &Option<String>| text.as_deref().map(harmless).unwrap_or_default().into_owned();
        [
            self.verdict.unwrap_or_default().to_owned(),
            self.favourite.as_deref().map(harmless::path).unwrap_or_default().into_owned(),
            cell(&self.note),
            cell(&self.reviewed_by),
            self.reviewed_at.clone().unwrap_or_default(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_the_columns_in_their_order() {
        let keys = COLUMNS.map(|column| format!("\"{column}\":null")).join(",");
        assert_eq!(serde_json::to_string(&Said::default()).unwrap(), format!("{{{keys}}}"));
    }
}
