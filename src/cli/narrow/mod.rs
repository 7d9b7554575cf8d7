//! Which items a run is narrowed to: those named, those sampled, those of a pilot. Never decides what becomes of the others.

mod choice;

use std::collections::{BTreeSet, HashSet};
use std::num::NonZeroUsize;

use self::choice::Choice;
use super::args::NarrowArgs;
use super::exit::UsageError;
use crate::domain::{ItemId, Timestamp};
use crate::job::{Job, Manifest};
use crate::queue::{Ledger, QueueError};

/// The chosen items of a job's list as the database knows it; none if nothing narrows the run.
pub(super) fn chosen(args: &NarrowArgs, ledger: &dyn Ledger, job: &str) -> anyhow::Result<Option<Vec<ItemId>>> {
    let Some(mut choice) = Choice::of(args)? else { return Ok(None) };
    are_listed(choice.ids(), ledger, job)?;
    // Looked for by their ids alone: the list may be long.
    if choice.is_by_id_only() {
        return Ok(Some(choice.ids().collect()));
    }
    let columns = ledger.columns(job)?;
    let mut told = Ok(());
    // What is finished is part of a sample too, so that repeating it sends nothing.
    ledger.rows(job, &mut |row| {
        let items = row.items.into_iter().filter(|item| !item.repeated).map(|item| item.item.id);
        told = choice.offer(&columns, &row.cells, items);
        told.is_ok()
    })?;
    told?;
    Ok(Some(choice.chosen(&columns)?))
}

/// The chosen items of a manifest that nobody took in yet; none if nothing narrows the run. What is wrong with its rows is
/// told by whoever reads them next.
pub(super) fn chosen_of(args: &NarrowArgs, manifest: &mut Manifest) -> anyhow::Result<Option<HashSet<ItemId>>> {
    let Some(mut choice) = Choice::of(args)? else { return Ok(None) };
    let mut missing: BTreeSet<ItemId> = choice.ids().collect();
    let mut seen = HashSet::new();
    while let Some(row) = manifest.next() {
        let Some((row, items)) = row.map_or_else(|bad| bad.row, Some) else { continue };
        for item in &items {
            missing.remove(&item.id);
        }
        let own = items.into_iter().map(|item| item.id).filter(|id| seen.insert(id.clone()));
        choice.offer(manifest.columns(), &row.cells, own)?;
    }
    if let Some(id) = missing.first() {
        return Err(UsageError(format!("the manifest has no row for item `{id}`; leave its --id out")).into());
    }
    Ok(Some(choice.chosen(manifest.columns())?.into_iter().collect()))
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
fn are_listed(ids: impl Iterator<Item = ItemId>, ledger: &dyn Ledger, job: &str) -> anyhow::Result<()> {
    let mut mistakes = Vec::new();
    for id in ids {
        match ledger.item(job, &id) {
            Ok(story) if story.is_listed => {}
            Ok(_) => mistakes.push(format!("the manifest has no row for item `{id}` any more; leave its --id out")),
            Err(error @ QueueError::NoSuchItem { .. }) => mistakes.push(error.to_string()),
            Err(error) => return Err(error.into()),
        }
    }
    if mistakes.is_empty() { Ok(()) } else { Err(UsageError(mistakes.join("\n")).into()) }
}
