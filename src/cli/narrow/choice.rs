//! The items that a person's words choose, as the rows of a list are told one after the other. Never knows where they come
//! from, nor what becomes of the others.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value;

use super::super::args::NarrowArgs;
use super::super::exit::UsageError;
use crate::domain::{ItemId, cell_text};
use crate::job::{Condition, Sample, column_called};

/// What narrows a list.
pub(super) struct Choice<'a> {
    args: &'a NarrowArgs,
    ids: BTreeSet<&'a str>,
    condition: Option<Condition>,
    columns: Arc<HashMap<String, usize>>,
    columns_known: usize,
    sample: Option<Sample>,
    /// Those that were chosen so far, where no sample is drawn.
    all: Vec<ItemId>,
}

impl<'a> Choice<'a> {
    /// What these words choose; none if they choose everything.
    pub fn of(args: &'a NarrowArgs) -> Result<Option<Self>, UsageError> {
        if args.is_empty() {
            return Ok(None);
        }
        let condition = args.condition.as_deref().map(Condition::parse).transpose();
        Ok(Some(Self {
            args,
            ids: args.ids.iter().map(String::as_str).collect(),
            condition: condition.map_err(|error| wrong_condition(&error.message))?,
            columns: Arc::default(),
            columns_known: 0,
            sample: args.sample.map(Sample::of),
            all: Vec::new(),
        }))
    }

    /// Whether the ids alone choose, so that nobody need look at the rows.
    pub fn is_by_id_only(&self) -> bool {
        self.condition.is_none() && self.sample.is_none()
    }

    /// The ids that were named.
    pub fn ids(&self) -> impl Iterator<Item = ItemId> {
        self.ids.iter().map(|id| ItemId::new(*id))
    }

    /// Tells the items of one row, with the list's columns as far as they are known.
    pub fn offer(
        &mut self,
        columns: &[String],
        cells: &[Value],
        items: impl Iterator<Item = ItemId>,
    ) -> Result<(), UsageError> {
        // The columns of JSON Lines become more from line to line.
        if self.columns_known < columns.len() {
            self.columns_known = columns.len();
            self.columns = Arc::new(columns.iter().cloned().zip(0..).collect());
        }
        let wanted = self.condition.as_ref().map(|condition| condition.takes(&self.columns, cells)).transpose();
        if !wanted.map_err(|error| wrong_condition(&error.message))?.unwrap_or(true) {
            return Ok(());
        }
        let stratum = self.args.sample_by.as_ref().and_then(|name| self.columns.get(name));
        let stratum = stratum.map(|column| cell_text(cells.get(*column))).unwrap_or_default();
        for id in items.filter(|id| self.ids.is_empty() || self.ids.contains(id.as_str())) {
            match &mut self.sample {
                Some(sample) => sample.offer(&stratum, &id),
                None => self.all.push(id),
            }
        }
        Ok(())
    }

    /// The chosen items, of a list that has these columns in all.
    pub fn chosen(self, columns: &[String]) -> Result<Vec<ItemId>, UsageError> {
        let mut names: BTreeSet<String> = self.args.sample_by.iter().cloned().collect();
        if let Some(condition) = &self.condition {
            names.extend(condition.take_unknown());
            names.extend(condition.names().iter().cloned());
        }
        let wrong = names.iter().filter_map(|name| column_called(name, columns).err());
        let wrong: Vec<String> = wrong.collect();
        match wrong.is_empty() {
            true => Ok(self.sample.map_or(self.all, Sample::chosen)),
            false => Err(UsageError(wrong.join("\n"))),
        }
    }
}

fn wrong_condition(message: &str) -> UsageError {
    UsageError(format!("--where: {message}"))
}
