//! The words that narrow a run to some items, for whichever command knows them. Never acts on them.

use std::num::NonZeroUsize;

use clap::Args;

use crate::job::above_zero;

/// What narrows a run, on top of what its job says. Nothing of it counts as removed.
#[derive(Args, Debug, Default, Clone)]
pub(in crate::cli) struct NarrowArgs {
    /// Only the item with this id; may be given several times
    #[arg(long = "id", value_name = "ID", help_heading = "Which items")]
    pub ids: Vec<String>,
    /// Only items of rows for which this holds, such as "Vendor == 'Acme'"
    ///
    /// It sees the cells as they are written, all of them text; a column by its name, any header as row["Body (HTML)"]
    #[arg(long = "where", value_name = "EXPR", help_heading = "Which items")]
    pub condition: Option<String>,
    /// Only so many items, drawn from the whole list
    ///
    /// They are the same each time, finished ones among them, and a larger sample holds a smaller one
    #[arg(long, value_name = "N", help_heading = "Which items", value_parser = above_zero::<NonZeroUsize>)]
    pub sample: Option<NonZeroUsize>,
    /// Let the values of this column take turns in the sample
    #[arg(long, value_name = "COLUMN", help_heading = "Which items", requires = "sample")]
    pub sample_by: Option<String>,
}

impl NarrowArgs {
    /// Whether they narrow nothing.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.condition.is_none() && self.sample.is_none()
    }
}
