//! What became of an item, as the columns that stand behind a manifest's own. Never changes what the manifest says.

use std::collections::HashSet;

use serde::Serialize;

use super::harmless::{self, harmless};
use super::said;
use crate::domain::Usd;
use crate::queue::ItemRecord;

/// Our columns, after the manifest's own. Scripts rely on the names and their order.
pub(super) const COLUMNS: [&str; 10] =
    ["status", "file", "caption", "attempts", "finish_reason", "failure", "cost_usd", "blake3", "width", "height"];

/// What became of an item, in the order of [`COLUMNS`]; all of it nothing where a row has no item. Of several images
/// the first is the item's picture.
#[derive(Debug, Default, Serialize)]
pub(super) struct Results<'a> {
    status: Option<&'static str>,
    file: Option<&'a str>,
    caption: Option<&'a str>,
    attempts: Option<u32>,
    finish_reason: Option<&'a str>,
    failure: Option<String>,
    cost_usd: Option<Usd>,
    blake3: Option<&'a str>,
    width: Option<u32>,
    height: Option<u32>,
}

impl<'a> From<&'a ItemRecord> for Results<'a> {
    fn from(item: &'a ItemRecord) -> Self {
        let artifact = item.artifact.as_ref();
        let picture = artifact.and_then(|artifact| artifact.images.first());
        let finish_reason = artifact.and_then(|artifact| artifact.finish_reason.as_deref());
        Self {
            status: Some(item.state.as_str()),
            file: picture.map(|image| image.file.as_str()),
            caption: item.caption().filter(|_| artifact.is_some()),
            attempts: Some(item.attempts),
            finish_reason: finish_reason.or(item.reply.finish_reason.as_deref()),
            failure: item.failure.as_ref().map(|(kind, message)| format!("{kind}: {message}")),
            cost_usd: item.cost,
            blake3: picture.map(|image| image.blake3.as_str()),
            width: picture.and_then(|image| image.width),
            height: picture.and_then(|image| image.height),
        }
    }
}

impl Results<'_> {
    /// They as cells of a table, in which nothing that a model or a server said is a formula.
    pub(super) fn cells(&self) -> [String; COLUMNS.len()] {
        [
            text(self.status),
            text(self.file.map(harmless::path)),
            text(self.caption.map(harmless)),
            text(self.attempts),
            text(self.finish_reason.map(harmless)),
            text(self.failure.as_deref().map(harmless)),
            text(self.cost_usd.map(Usd::dollars)),
            text(self.blake3),
            text(self.width),
            text(self.height),
        ]
    }
}

/// The names of the manifest's columns beside the results: one that bears a result's name, as in a table of results
/// that is used as a manifest again, is called `manifest_<name>`. So is one that bears the name of a verdict's column,
/// where `verdicts` are told.
pub(super) fn own_names(columns: &[String], verdicts: bool) -> Vec<String> {
    let said: &[&str] = if verdicts { &said::COLUMNS } else { &[] };
    let mut taken: HashSet<&str> = COLUMNS.iter().chain(said).copied().collect();
    let ours = taken.clone();
    taken.extend(columns.iter().map(String::as_str));
    let is_ours = |column: &String| ours.contains(column.as_str());
    columns.iter().map(|column| if is_ours(column) { renamed(column, &taken) } else { column.clone() }).collect()
}

/// Another name for a column, one that is not taken.
fn renamed(column: &str, taken: &HashSet<&str>) -> String {
    let mut name = format!("manifest_{column}");
    while taken.contains(name.as_str()) {
        name.insert_str(0, "manifest_");
    }
    name
}

fn text(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_the_columns_in_their_order() {
        let keys = COLUMNS.map(|column| format!("\"{column}\":null")).join(",");
        assert_eq!(serde_json::to_string(&Results::default()).unwrap(), format!("{{{keys}}}"));
    }
}
