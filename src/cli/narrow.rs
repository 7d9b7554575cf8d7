//! Which items a run is narrowed to: those named, those sampled, those of a pilot. Never decides what becomes of the others.

use std::collections::{BTreeSet, HashSet};
use std::num::NonZeroUsize;

use serde_json::Value;

use super::args::NarrowArgs;
use super::exit::UsageError;
use crate::domain::{ItemId, Timestamp};
use crate::job::{Job, Sample, column_called};
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

/// The items of the job's pilot, as long as nobody approved it and the list has more.
pub(super) fn pilot(job: &Job, ledger: &dyn Ledger, now: Timestamp) -> Result<Option<Vec<ItemId>>, QueueError> {
    let Some(pilot) = job.pilot.map(NonZeroUsize::get) else { return Ok(None) };
    if ledger.status(now, std::slice::from_ref(&job.name))?.iter().any(|job| job.approved_at.is_some()) {
        return Ok(None);
    }
    let mut first = Vec::new();
    ledger.rows(&job.name, &mut |row| {
        first.extend(row.items.into_iter().filter(|item| !item.repeated).map(|item| item.item.id));
        first.len() <= pilot
    })?;
    let has_more = first.len() > pilot;
    first.truncate(pilot);
    Ok(has_more.then_some(first))
}

/// What both allow; none if neither forbids anything.
pub(super) fn both(chosen: Option<Vec<ItemId>>, pilot: Option<Vec<ItemId>>) -> Option<Vec<ItemId>> {
    match (chosen, pilot) {
        (Some(mut chosen), Some(pilot)) => {
            let pilot: HashSet<ItemId> = pilot.into_iter().collect();
            chosen.retain(|item| pilot.contains(item));
            Some(chosen)
        }
        (chosen, pilot) => chosen.or(pilot),
    }
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
                Some(sample) => sample.offer(&stratum, &id, id.clone()),
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
