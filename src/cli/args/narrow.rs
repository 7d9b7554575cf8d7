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
    /// Only so many items, drawn from the whole list
    ///
    /// They are the same each time, finished ones among them, and a larger sample holds a smaller one
    #[arg(long, value_name = "N", help_heading = "Which items", value_parser = above_zero::<NonZeroUsize>)]
    pub sample: Option<NonZeroUsize>,
    /// Let the values of this column take turns in the sample
    #[arg(long, value_name = "COLUMN", help_heading = "Which items", requires = "sample")]
    pub sample_by: Option<String>,
}
