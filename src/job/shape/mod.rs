//! How a job shapes the rows of its manifest: which it takes, what it fills in, what its templates make of them. Knows
//! nothing of files and formats, never decides what a column means.

mod condition;
mod depth;
mod engine;
mod filters;
mod keys;
mod matrix;
mod named;
mod paths;
mod pieces;
mod renderer;
mod row_view;
mod written;
mod wrong;

use std::io;
use std::path::Path;

pub use condition::{Condition, ConditionError};
pub(super) use keys::read;
pub use keys::{Known, SHAPING_KEYS};
pub use matrix::{Axis, AxisValue, Combination, MOST as MOST_COMBINATIONS, combinations};
pub use renderer::{Misnamed, Renderer, Rendering, RowCells, Unrendered};
pub use row_view::ROW;
pub use written::Written;

use super::fault::Place;
pub use engine::PARTIALS;
use engine::Partial;

/// What a job file says about the rows of its manifest.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shaping {
    /// The job file, as messages name it.
    pub file: String,
    /// Which rows are taken.
    pub condition: Option<Written>,
    /// Columns whose empty cells take the value above, and where each stands in the job file.
    pub fill_down: Vec<(String, Place)>,
    /// Columns that are kept unread, and where each stands in the job file.
    pub ignore: Vec<(String, Place)>,
    /// What stands in a column whatever the row says.
    pub templates: Vec<Template>,
    /// Each row gives an item for every combination of these.
    pub matrix: Vec<Axis>,
    /// The pieces that templates may include.
    pub(super) partials: Vec<Partial>,
}

/// The texts that a job puts into a column: one, or for `images` several.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// The column.
    pub column: &'static str,
    /// What stands there, with places for the row's cells.
    pub texts: Vec<Written>,
}

impl Shaping {
    /// The template of a column.
    pub fn template(&self, column: &str) -> Option<&Template> {
        self.templates.iter().find(|template| template.column == column)
    }

    /// Whether the job itself says what stands in a column, so that the manifest need not have it.
    pub fn gives(&self, column: &str) -> bool {
        self.template(column).is_some() || self.matrix.iter().any(|axis| axis.name == column)
    }

    /// The names of the pieces that templates may include.
    fn pieces(&self) -> Vec<&str> {
        self.partials.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Brings in the pieces that lie beside the job file.
    pub(super) fn bring_partials(&mut self, folder: &Path) -> io::Result<()> {
        self.partials = engine::partials_beside(folder)?;
        Ok(())
    }
}
