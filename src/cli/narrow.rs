//! Which items a run is narrowed to: those named, those sampled. Never decides what becomes of the others.

use std::collections::BTreeSet;

use serde_json::Value;

use super::args::NarrowArgs;
use super::exit::UsageError;
use crate::domain::ItemId;
use crate::job::{Sample, column_called};
use crate::queue::{Ledger, QueueError, RowRecord};

/// Whether a row is wanted; what a person wrote as an expression.
pub(super) type Where<'a> = &'a dyn Fn(&RowRecord) -> bool;

/// The chosen items of a job's list; none if nothing narrows the run.
pub(super) fn chosen(
    args: &NarrowArgs,
    wanted: Option<Where<'_>>,
    ledger: &dyn Ledger,
    job: &str,
) -> anyhow::Result<Option<Vec<ItemId>>> {
    let ids: BTreeSet<&String> = args.ids.iter().collect();
    let ids: Vec<ItemId> = ids.into_iter().map(ItemId::new).collect();
    are_listed(&ids, ledger, job)?;
    match (ids.is_empty(), wanted, args.sample) {
        (true, None, None) => Ok(None),
        // Looked for by their ids alone: the list may be long.
        (false, None, None) => Ok(Some(ids)),
        _ => drawn(args, &ids, wanted, ledger, job).map(Some),
    }
}

/// The first items of the list, if it has more than so many.
pub(super) fn first(items: usize, ledger: &dyn Ledger, job: &str) -> Result<Option<Vec<ItemId>>, QueueError> {
    let mut first = Vec::new();
    ledger.rows(job, &mut |row| {
        first.extend(row.items.into_iter().filter(|item| !item.repeated).map(|item| item.item.id));
        first.len() <= items
    })?;
    let has_more = first.len() > items;
    first.truncate(items);
    Ok(has_more.then_some(first))
}

/// That the list has every item that was named.
fn are_listed(ids: &[ItemId], ledger: &dyn Ledger, job: &str) -> anyhow::Result<()> {
    let mut mistakes = Vec::new();
    for id in ids {
        match ledger.item(job, id) {
            Ok(story) if story.is_listed => {}
            Ok(_) => mistakes.push(format!("the manifest has no row for item `{id}` any more; leave its --id out")),
            Err(error @ QueueError::NoSuchItem { .. }) => mistakes.push(error.to_string()),
            Err(error) => return Err(error.into()),
        }
    }
    if mistakes.is_empty() { Ok(()) } else { Err(UsageError(mistakes.join("\n")).into()) }
}

/// Goes through the whole list: what is finished is part of a sample too, so that repeating it sends nothing.
fn drawn(
    args: &NarrowArgs,
    ids: &[ItemId],
    wanted: Option<Where<'_>>,
    ledger: &dyn Ledger,
    job: &str,
) -> anyhow::Result<Vec<ItemId>> {
    let column = match &args.sample_by {
        Some(name) => Some(column_called(name, &ledger.columns(job)?).map_err(UsageError)?),
        None => None,
    };
    let (mut sample, mut all) = (args.sample.map(Sample::of), Vec::new());
    ledger.rows(job, &mut |row| {
        if wanted.is_some_and(|wanted| !wanted(&row)) {
            return true;
        }
        let stratum = column.map(|column| text(row.cells.get(column))).unwrap_or_default();
        let items = row.items.into_iter().filter(|item| !item.repeated).map(|item| item.item.id);
        for id in items.filter(|id| ids.is_empty() || ids.contains(id)) {
            match &mut sample {
                Some(sample) => sample.offer(&stratum, &id),
                None => all.push(id),
            }
        }
        true
    })?;
    Ok(sample.map_or(all, Sample::chosen))
}

/// A cell as text; one that is not there is empty.
fn text(cell: Option<&Value>) -> String {
    match cell {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    }
}
